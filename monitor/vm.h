/* SPDX-License-Identifier: Apache-2.0 */
/* One VM: what the parts of hexo-vm share, and the states it goes through. */
#ifndef HEXO_MONITOR_VM_H
#define HEXO_MONITOR_VM_H

#include <stdbool.h>
#include <stdint.h>

#include "hexo/channel.h"
#include "hexo/error.h"
#include "hexo/hypercall.h"
#include "monitor/copy.h"
#include "monitor/dirty.h"
#include "monitor/elf.h"
#include "monitor/fetch.h"
#include "monitor/known.h"
#include "monitor/link.h"
#include "monitor/memory.h"
#include "monitor/push.h"

struct vm_backend;

enum vm_state {
	VM_NEW,       /* HELLO is out */
	VM_RECEIVING, /* a stream comes in */
	VM_COMMITTED, /* it is complete and checked; not yet the owner */
	VM_RUNNING,
	VM_PARKED,   /* all frames captured */
	VM_SHIPPED,  /* the stream is out; in doubt until told */
	VM_RESUMING, /* the guest rebuilds its frames */
	VM_RELEASED, /* another node owns the VM */
	VM_ENDED,    /* exit, fault or failure */
	VM_STATES
};

enum vm_event {
	VM_START,
	VM_RECEIVE,
	VM_COMMIT,
	VM_RUN,
	VM_PARK,
	VM_SHIP,
	VM_RESUME,
	VM_RESUMED,
	VM_RELEASE,
	VM_END,
	VM_EVENTS
};

/* The guest's registers by DWARF's numbers. */
struct vm_registers {
	uint32_t n; /* how many of at; 0: they are not known */
	uint64_t pc;
	uint64_t at[HEXO_FAULT_REGISTERS];
};

struct vm {
	struct vm_memory memory;
	struct vm_dirty dirty;
	struct vm_copy copy;
	struct vm_known known;
	struct vm_push push;
	struct vm_fetch fetch;
	struct vm_elf elf;
	const struct vm_backend *backend;
	/* What a thread other than the guest's does first (sandbox.h); NULL:
	 * nothing. */
	void (*confine)(const struct vm *vm);
	struct vm_link link;
	enum vm_state state;
	struct hexo_control *control;  /* shared with the guest: untrusted */
	struct vm_registers registers; /* at a fault, or the last exit */
	struct hexo_error failure;     /* code != 0: hexo-vm itself failed */

	char *boot; /* the boot block; NULL after a move */
	uint32_t boot_len;

	uint64_t process_ns; /* when this process began, base_now_ns() */
	uint64_t main_ns;    /* from there to the program's main; 0: not yet */
	uint64_t clock_ns; /* guest's monotonic clock + this = base_now_ns() */
	uint64_t cpu_base; /* CPU time on the nodes before */
	uint32_t hops;     /* moves so far */
	uint64_t frames, frame_bytes; /* captured */
	uint64_t step_begin; /* of the step that is being timed; 0: none */
};

/* The one place where the state changes. -EPROTO, state unchanged, for an
 * event that does not belong. */
int vm_step(struct vm *vm, enum vm_event event, struct hexo_error *err);

/* hexo-vm itself failed with vm->failure filled in: ends the run. Returns
 * -EIO for the hypercall at hand. */
int vm_give_up(struct vm *vm);

static inline void vm_confine(const struct vm *vm)
{
	if (vm->confine)
		vm->confine(vm);
}

/* Whether the backend's run is over. */
static inline bool vm_is_over(const struct vm *vm)
{
	return vm->state == VM_ENDED || vm->state == VM_RELEASED;
}

/* The guest's clocks. */
uint64_t vm_monotonic_ns(const struct vm *vm);
uint64_t vm_cpu_ns(void); /* of this thread, which runs the guest */

/* Fills in figures; own_memory and peak_memory only if memory is set, for
 * they take a while. The steps' own fields stay as they are. */
void vm_usage(const struct vm *vm, bool memory, struct hexo_msg_usage *usage);

/*
 * One hypercall: number and request come from the guest. When it returns the
 * guest goes on, unless vm_is_over().
 */
void vm_hypercall(struct vm *vm, uint32_t number, uint64_t request);

/* Sets the polls up as a START, RESUME or RUN message says. */
void vm_poll_set(struct vm *vm, uint64_t target, uint32_t flag);

/* ---- moves (move.c) ---- */

/* The guest is parked: serves the home until it goes on (0) or is over. */
void vm_parked(struct vm *vm);

/* The VM section of a RECEIVE came in: takes the whole stream in, commits,
 * waits until the home gives the VM to us. */
int vm_receive(struct vm *vm, struct hexo_error *err);

/* ---- faults (fault.c) ---- */

enum vm_cause {
	VM_CAUSE_ACCESS,   /* data or instruction at an address */
	VM_CAUSE_GENERAL,  /* refused without an address */
	VM_CAUSE_DIVISION, /* integer division by zero or overflow */
	VM_CAUSE_ILLEGAL,  /* not an instruction */
	VM_CAUSE_TRAP,     /* a trap instruction, put there on purpose */
	VM_CAUSE_REQUEST,  /* a hypercall's request outside of memory */
	VM_CAUSE_UNKNOWN,
};

enum vm_access {
	VM_ACCESS_ANY,
	VM_ACCESS_READ,
	VM_ACCESS_WRITE,
	VM_ACCESS_RUN
};

struct vm_fault {
	enum vm_cause cause;
	enum vm_access access;
	uint64_t pc, addr;
	uint64_t caller; /* what looks like a return address; 0: none */
};

/* Says in one line what happened; returns the status it ends with. */
uint64_t vm_fault_text(const struct vm_memory *m, const struct vm_elf *elf,
		       const struct vm_fault *fault, char *text, size_t room);

/* Whether a program that ends with this status says by it that it has gone
 * wrong: SIGABRT and its like. */
bool vm_fault_is_signal(uint64_t status);

/* Reports a fault and ends the VM. */
void vm_fault(struct vm *vm, const struct vm_fault *fault);

/* Sends FAULT with this text and status and ends the VM. caller is what
 * looks like a return address, should vm->registers stand at no code. */
void vm_end_fault(struct vm *vm, uint64_t status, uint64_t caller,
		  const char *text);

#endif
