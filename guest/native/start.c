/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/native/native.h"

_Noreturn void native_panic(const char *text)
{
	/* Not on the stack: requests lie below 4 GiB. */
	static struct hexo_hc_buffer request;
	size_t len = 0;

	while (text[len])
		len++;
	request.addr = (uintptr_t)text;
	request.len = len;
	hexo_hypercall(HEXO_HC_PANIC, &request);
	__builtin_trap();
}

/* Called by _start on the native stack, wherever the VM starts. */
_Noreturn void native_start(void)
{
	volatile struct hexo_control *c = (void *)HEXO_CONTROL_BASE;

	if (c->abi_version != HEXO_ABI_VERSION)
		native_panic("the image and hexo-vm have different versions");
	if (c->mode == HEXO_MODE_RESUME)
		native_enter(hexo_frame_next());
	else
		native_enter(kernel_start);
	native_panic("the program's first function has returned");
}
