/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/kernel/kernel.h"

KERNEL_NEVER_WAITS

void kernel_line_text(struct kernel_line *l, const char *text)
{
	size_t len = strlen(text), room = sizeof(l->text) - l->len;

	if (len > room)
		len = room;
	memcpy(l->text + l->len, text, len);
	l->len += len;
}

void kernel_line_number(struct kernel_line *l, uint64_t n)
{
	char digits[21], *p = digits + sizeof(digits);

	*--p = 0;
	do {
		*--p = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	kernel_line_text(l, p);
}

void kernel_line_log(struct kernel_line *l)
{
	kernel_buffer(HEXO_HC_LOG, l->text, l->len);
}

void kernel_log(const char *text)
{
	kernel_buffer(HEXO_HC_LOG, (void *)(uintptr_t)text, strlen(text));
}

_Noreturn void kernel_panic(const char *text)
{
	kernel_buffer(HEXO_HC_PANIC, (void *)(uintptr_t)text, strlen(text));
	__builtin_trap();
}

KERNEL_NEVER_WAITS_END
