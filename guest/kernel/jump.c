/* SPDX-License-Identifier: Apache-2.0 */
/*
 * setjmp() and longjmp(). A jump unwinds as a capture does, but keeps no
 * record, and ends in the landing pad of the frame it seeks. No poll comes
 * between its begin and its end. See <hexo/frame.h>.
 */
#include "guest/kernel/kernel.h"

KERNEL_NEVER_WAITS

#define MAGIC UINT64_C(0x706d756a6f786568) /* "hexojump" */

static struct {
	struct hexo_frame *area; /* that is sought; NULL: no jump */
	char *pstack;            /* when it was set */
	int value;               /* what setjmp() returns */
	bool landed;             /* the frame goes on from the area */
} jump;

void hexo_jump_set(struct hexo_jump *buffer, void *area)
{
	*buffer = (struct hexo_jump){
		.magic = MAGIC,
		.area = kernel_address(area),
		.pstack = kernel_address(hexo_pstack),
	};
}

static _Noreturn void fail_returned(void)
{
	kernel_panic("longjmp() to a function that has returned");
}

_Noreturn void hexo_jump(const struct hexo_jump *buffer, int value)
{
	if (buffer->magic != MAGIC)
		kernel_panic("longjmp() with a buffer that setjmp() has not "
			     "set");
	/* The frames of functions that have not returned lie above. */
	if (buffer->area < kernel_address(hexo_pstack))
		fail_returned();
	jump.area = (struct hexo_frame *)buffer->area;
	jump.pstack = (char *)buffer->pstack;
	jump.value = value ? value : 1;
	jump.landed = false;
	hexo_unwind_jump();
}

bool hexo_jump_here(const void *areas, uint64_t size)
{
	if (!jump.area ||
	    kernel_address(jump.area) - kernel_address(areas) >= size)
		return false;
	jump.landed = true;
	hexo_pstack = jump.pstack;
	return true;
}

bool kernel_jump_seeks(void)
{
	return jump.area && !jump.landed;
}

struct hexo_frame *kernel_jump_area(void)
{
	return jump.landed ? jump.area : NULL;
}

int kernel_jump_end(void)
{
	jump.area = NULL;
	jump.landed = false;
	return jump.value;
}

void kernel_jump_check(void)
{
	if (jump.area)
		fail_returned();
}

KERNEL_NEVER_WAITS_END
