/* SPDX-License-Identifier: Apache-2.0 */
/* longjmp(), and the family of setjmp(), which itself is the compiler's. */
#include <setjmp.h>
#include <signal.h>
#include "libc.h"

/* Of the kernel. */
_Noreturn void hexo_jump(const void *buffer, int value);

_Noreturn void longjmp(jmp_buf buffer, int value)
{
	hexo_jump(buffer->__jb, value);
}

weak_alias(longjmp, _longjmp);

static int keep_mask(struct __jmp_buf_tag *buffer, int save, int value)
{
	sigset_t *mask = (sigset_t *)buffer->__ss;

	if (!value) {
		buffer->__fl = save != 0;
		if (save)
			sigprocmask(SIG_SETMASK, 0, mask);
	} else if (buffer->__fl) {
		sigprocmask(SIG_SETMASK, mask, 0);
	}
	return value;
}

/* The frame that setjmp() marks must be the caller's: the compiler makes
 * what returns twice a part of its callers. */
int sigsetjmp(sigjmp_buf buffer, int save)
{
	return keep_mask(buffer, save, setjmp(buffer));
}
