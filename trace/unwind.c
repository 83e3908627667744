/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "trace/trace.h"

enum { FRAMES_MAX = 20000, THREAD = 1 };

/* libdwfl asks for words of the stack only. */
static bool read_memory(Dwfl *dwfl, Dwarf_Addr addr, Dwarf_Word *result,
			void *arg)
{
	const struct trace *t = arg;
	uint64_t at = addr - t->fault.stack;

	if (addr < t->fault.stack || at > t->fault.stack_len ||
	    t->fault.stack_len - at < sizeof(*result))
		return false;
	memcpy(result, t->stack + at, sizeof(*result));
	return true;
}

static pid_t next_thread(Dwfl *dwfl, void *arg, void **thread)
{
	if (*thread)
		return 0;
	*thread = arg;
	return THREAD;
}

static bool get_thread(Dwfl *dwfl, pid_t tid, void *arg, void **thread)
{
	*thread = arg;
	return tid == THREAD;
}

/* An address to which a call returns may be beyond the caller's end: one
 * byte before it, all that is said of the code is still true. */
static uint64_t start_pc(const struct trace *t)
{
	const struct hexo_msg_fault *f = &t->fault;

	return f->start == f->pc ? f->pc : f->start - 1;
}

static bool set_registers(Dwfl_Thread *thread, void *arg)
{
	const struct trace *t = arg;
	Dwarf_Word reg[HEXO_FAULT_REGISTERS];

	for (unsigned k = 0; k < t->fault.registers; k++)
		reg[k] = t->fault.reg[k];
	if (!dwfl_thread_state_registers(thread, 0, t->fault.registers, reg))
		return false;
	dwfl_thread_state_register_pc(thread, start_pc(t));
	return true;
}

static const Dwfl_Thread_Callbacks callbacks = {
	.next_thread = next_thread,
	.get_thread = get_thread,
	.memory_read = read_memory,
	.set_initial_registers = set_registers,
};

static int add_frame(Dwfl_Frame *frame, void *arg)
{
	struct trace *t = arg;
	bool exact;
	Dwarf_Addr pc;

	if (!dwfl_frame_pc(frame, &pc, &exact))
		return DWARF_CB_ABORT;
	if (t->n >= FRAMES_MAX) {
		t->more = true;
		return DWARF_CB_ABORT;
	}
	if (!exact || t->fault.start == t->fault.pc)
		trace_add(t, pc, exact);
	else
		trace_add(t, t->fault.start, false);
	return DWARF_CB_OK;
}

void trace_unwind(struct trace *t)
{
	if (t->fault.start != t->fault.pc)
		trace_add(t, t->fault.pc, true);
	if (!dwfl_attach_state(t->dwfl, NULL, THREAD, &callbacks, t))
		return;
	/* That it ends with an error is usual: see libdwfl.h. */
	dwfl_getthread_frames(t->dwfl, THREAD, add_frame, t);
}
