/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capturing the native stack: a forced unwinding whose landing pads, made by
 * the compiler, save the frames. It ends at the frame of native_enter(). A
 * jump unwinds too, but stops in landing pads of functions with setjmp only.
 */
#include "guest/native/native.h"

#include <stdbool.h>
#include <unwind.h>

/* The one exception there is; its contents belong to libgcc. */
static struct _Unwind_Exception exception;

/* Functions without setjmp are passed over. */
static bool jumping;

/* Of libgcc: runs a function's landing pads. */
_Unwind_Reason_Code __gcc_personality_v0(int version, _Unwind_Action actions,
					 _Unwind_Exception_Class class,
					 struct _Unwind_Exception *e,
					 struct _Unwind_Context *context);
/* That of functions without setjmp. */
_Unwind_Reason_Code hexo_personality(int version, _Unwind_Action actions,
				     _Unwind_Exception_Class class,
				     struct _Unwind_Exception *e,
				     struct _Unwind_Context *context);

/* The frame address of native_enter(): frames above are not captured. */
static uintptr_t boundary;

__attribute__((noinline, disable_tail_calls)) void
native_enter(void (*function)(void))
{
	boundary = (uintptr_t)__builtin_frame_address(0);
	function();
}

/* On an empty stack: rebuilds the frames and goes on. */
static void rebuild(void)
{
	native_enter(hexo_frame_next());
	native_panic("the program's first function has returned");
}

static _Noreturn void all_captured(void)
{
	volatile struct hexo_control *c = (void *)HEXO_CONTROL_BASE;

	kernel_park();
	/* Not moved, or not for good: the frames are rebuilt here. */
	native_restart(hexo_layout_make(c->memory, c->stack).nstack_high,
		       rebuild);
}

static _Unwind_Reason_Code stop(int version, _Unwind_Action actions,
				_Unwind_Exception_Class class,
				struct _Unwind_Exception *e,
				struct _Unwind_Context *context, void *arg)
{
	if ((actions & _UA_END_OF_STACK) || _Unwind_GetCFA(context) >= boundary)
		all_captured();
	return _URC_NO_REASON;
}

static _Noreturn void begin(void)
{
	_Unwind_ForcedUnwind(&exception, stop, NULL);
	native_panic("the stack cannot be unwound");
}

_Noreturn void hexo_unwind_begin(void)
{
	jumping = false;
	begin();
}

_Noreturn void hexo_unwind_jump(void)
{
	jumping = true;
	begin();
}

_Unwind_Reason_Code hexo_personality(int version, _Unwind_Action actions,
				     _Unwind_Exception_Class class,
				     struct _Unwind_Exception *e,
				     struct _Unwind_Context *context)
{
	if (jumping)
		return _URC_CONTINUE_UNWIND;
	return __gcc_personality_v0(version, actions, class, e, context);
}

_Noreturn void hexo_unwind_continue(void)
{
	_Unwind_Resume(&exception);
	__builtin_unreachable();
}
