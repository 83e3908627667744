/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The records of captured frames, a stack that grows up from frames_low.
 * See <hexo/frame.h>.
 */
#include "guest/kernel/kernel.h"

KERNEL_NEVER_WAITS

/* The entries of the resume table, from the linker script. */
extern char __hexo_resume_start[], __hexo_resume_end[];

static struct {
	uint64_t bytes; /* used from frames_low on */
	uint64_t count;
	uint32_t last; /* size of the last record, 0 if there is none */
} frames;

static struct hexo_frame *last_frame(void)
{
	return (struct hexo_frame *)(kernel_layout().frames_low + frames.bytes -
				     frames.last);
}

int64_t kernel_frames_park(void)
{
	return kernel_hypercall_park(frames.count, frames.bytes);
}

void *hexo_frame_save(uint32_t function, uint32_t site, uint32_t size)
{
	struct hexo_layout l = kernel_layout();
	struct hexo_frame *f;

	if (size + HEXO_FRAME_SLACK >
	    l.frames_high - l.frames_low - frames.bytes)
		kernel_panic("the stack is too deep to be moved: "
			     "run with a larger --stack");
	f = (struct hexo_frame *)(l.frames_low + frames.bytes);
	f->site = site;
	f->function = function;
	f->size = size;
	f->previous = frames.last;
	if (kernel_jump_seeks())
		return f; /* to be written, not to be kept */
	frames.bytes += size;
	frames.last = size;
	frames.count++;
	return f;
}

struct hexo_frame *hexo_frame_pop(void)
{
	struct hexo_frame *f = kernel_jump_area();

	if (f)
		return f;
	f = last_frame();
	frames.bytes -= f->size;
	frames.last = f->previous;
	frames.count--;
	return f;
}

/* Stands for the poll that was left: returning from it goes on after it. */
static void resumed(void)
{
	kernel_event(HEXO_HC_RESUMED);
}

void *hexo_frame_next(void)
{
	uint32_t function;

	if (kernel_jump_area())
		return (void *)kernel_jump_end;
	if (!frames.count)
		return (void *)resumed;
	function = last_frame()->function;
	if (function < (uintptr_t)__hexo_resume_start ||
	    function >= (uintptr_t)__hexo_resume_end ||
	    function % HEXO_FUNCTABLE_STEP)
		kernel_panic("a frame record is damaged");
	return (void *)(uintptr_t)function;
}

KERNEL_NEVER_WAITS_END
