/* SPDX-License-Identifier: Apache-2.0 */
/* What a fault of the guest was, in one line for people. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "monitor/arch.h"
#include "monitor/vm.h"

enum { NULL_ZONE = 1 << 20 };

/* What an address that is not mapped says about the program. */
static const char *place_name(const struct hexo_layout *l, uint64_t addr)
{
	if (addr < NULL_ZONE)
		return "null pointer";
	if (addr >= l->frames_high && addr < l->nstack_low)
		return "stack overflow";
	if (addr >= l->portable_high && addr < l->pstack_low)
		return "stack overflow (local variables)";
	if (addr >= l->pstack_high && addr < l->frames_low)
		return "stack underflow (local variables)";
	if (addr >= l->nstack_high && addr < l->end)
		return "stack underflow";
	return "unmapped memory";
}

/* "null pointer read at address 0x8", "jump to data at address 0x10001000". */
static void access_text(const struct vm_memory *m, const struct vm_fault *f,
			char *text, size_t room)
{
	static const char *const names[] = {
		[VM_ACCESS_ANY] = "access",
		[VM_ACCESS_READ] = "read",
		[VM_ACCESS_WRITE] = "write",
	};
	const struct vm_range *g = vm_memory_find(m, f->addr);
	enum vm_access access = f->access;
	const char *place;

	/* Where the host does not say what was tried, the permissions tell:
	 * what is allowed was not what failed. */
	if (access == VM_ACCESS_ANY && f->addr == f->pc &&
	    !(g && (g->perm & VM_EXEC)))
		access = VM_ACCESS_RUN;
	else if (access == VM_ACCESS_ANY && g && !(g->perm & VM_WRITE))
		access = VM_ACCESS_WRITE;
	if (!g)
		place = place_name(&m->layout, f->addr);
	else if (access == VM_ACCESS_RUN && !(g->perm & VM_EXEC))
		place = "data";
	else if (access == VM_ACCESS_WRITE && !(g->perm & VM_WRITE))
		place = "read-only memory";
	else
		place = "mapped memory (is the host out of memory?)";
	if (access == VM_ACCESS_RUN)
		snprintf(text, room, "jump to %s at address 0x%" PRIx64, place,
			 f->addr);
	else
		snprintf(text, room, "%s %s at address 0x%" PRIx64, place,
			 names[access], f->addr);
}

/* Where it happened; after a jump to nowhere, where that came from. */
static void pc_text(const struct vm_elf *elf, const struct vm_fault *f,
		    char *text, size_t room)
{
	char symbol[160];

	text[0] = '\0';
	if (f->cause == VM_CAUSE_REQUEST || f->cause == VM_CAUSE_UNKNOWN)
		return; /* not known */
	vm_elf_symbol(elf, f->pc, symbol, sizeof(symbol));
	if (symbol[0]) {
		snprintf(text, room, ", pc 0x%" PRIx64 " in %s", f->pc, symbol);
		return;
	}
	vm_elf_symbol(elf, f->caller, symbol, sizeof(symbol));
	snprintf(text, room, ", pc 0x%" PRIx64 "%s%s", f->pc,
		 symbol[0] ? ", called from " : "", symbol);
}

uint64_t vm_fault_text(const struct vm_memory *m, const struct vm_elf *elf,
		       const struct vm_fault *f, char *text, size_t room)
{
	char what[160], where[224];
	int status = SIGSEGV;

	switch (f->cause) {
	case VM_CAUSE_ACCESS:
		access_text(m, f, what, sizeof(what));
		break;
	case VM_CAUSE_GENERAL:
		strcpy(what, "address beyond the address space, or privileged "
			     "instruction");
		break;
	case VM_CAUSE_DIVISION:
		strcpy(what, "integer division by zero");
		status = SIGFPE;
		break;
	case VM_CAUSE_ILLEGAL:
		strcpy(what, "illegal instruction");
		status = SIGILL;
		break;
	case VM_CAUSE_TRAP:
		strcpy(what, "trap instruction (the program gave up)");
		status = SIGILL;
		break;
	case VM_CAUSE_REQUEST:
		snprintf(what, sizeof(what),
			 "hypercall request outside of memory at address "
			 "0x%" PRIx64,
			 f->addr);
		break;
	default:
		strcpy(what, "processor exception, this host does not say "
			     "which");
		break;
	}
	pc_text(elf, f, where, sizeof(where));
	snprintf(text, room, "guest fault: %s%s", what, where);
	return HEXO_EXIT_SIGNAL + (uint64_t)status;
}

static bool is_code(const struct vm_memory *m, uint64_t pc)
{
	const struct vm_range *g = vm_memory_find(m, pc);

	return g && (g->perm & VM_EXEC);
}

/* Registers, and the top of the native stack, whose bytes are returned. A
 * stack that has overflowed begins where the pointer cannot be. */
static const void *fault_state(const struct vm *vm, uint64_t caller,
			       struct hexo_msg_fault *f)
{
	const struct vm_registers *r = &vm->registers;
	const struct hexo_layout *l = &vm->memory.layout;
	uint64_t sp = r->at[vm_isa.sp], room;

	f->pc = f->start = r->pc;
	f->registers = r->n;
	memcpy(f->reg, r->at, sizeof(f->reg));
	if (!is_code(&vm->memory, r->pc) && is_code(&vm->memory, caller)) {
		f->start = caller;
		f->reg[vm_isa.sp] += vm_isa.pushed;
	}
	f->stack = sp > l->nstack_low ? sp : l->nstack_low;
	room = f->stack < l->nstack_high ? l->nstack_high - f->stack : 0;
	f->stack_len =
		(uint32_t)(room < HEXO_FAULT_STACK ? room : HEXO_FAULT_STACK);
	return vm_memory_at(&vm->memory, vm_gva(f->stack), f->stack_len, false);
}

void vm_end_fault(struct vm *vm, uint64_t status, uint64_t caller,
		  const char *text)
{
	struct hexo_msg_fault f = { .usage.status = status };
	struct iovec parts[3] = {
		{ &f, sizeof(f) },
		{ NULL, 0 },
		{ (void *)text, strlen(text) },
	};

	if (vm->registers.n)
		parts[1].iov_base = (void *)fault_state(vm, caller, &f);
	if (!parts[1].iov_base)
		f.stack_len = 0;
	parts[1].iov_len = f.stack_len;
	vm_usage(vm, true, &f.usage);
	if (vm_step(vm, VM_END, &vm->failure) < 0 ||
	    vm_link_sendv(&vm->link, HEXO_MSG_FAULT, parts, 3, &vm->failure) <
		    0)
		vm_give_up(vm);
}

void vm_fault(struct vm *vm, const struct vm_fault *fault)
{
	char text[HEXO_ERROR_MAX];
	uint64_t status =
		vm_fault_text(&vm->memory, &vm->elf, fault, text, sizeof(text));

	vm_end_fault(vm, status, fault->caller, text);
}

/* Signals that say that a program has gone wrong, not that it was told to
 * end: those that dump core elsewhere. */
bool vm_fault_is_signal(uint64_t status)
{
	static const int wrong[] = { SIGQUIT, SIGILL, SIGTRAP, SIGABRT,
				     SIGBUS,  SIGFPE, SIGSEGV, SIGSYS };

	for (size_t k = 0; k < sizeof(wrong) / sizeof(wrong[0]); k++)
		if (status == HEXO_EXIT_SIGNAL + (uint64_t)wrong[k])
			return true;
	return false;
}
