/* SPDX-License-Identifier: Apache-2.0 */
/* What a fault of the guest was, in one line for people. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "monitor/vm.h"

enum { NULL_ZONE = 1 << 20 };

/* Which unmapped place an address lies in. */
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
	return NULL;
}

static void access_text(const struct vm_memory *m, const struct vm_fault *f,
			char *text, size_t room)
{
	static const char *const names[] = {
		[VM_ACCESS_ANY] = "access to",
		[VM_ACCESS_READ] = "read at",
		[VM_ACCESS_WRITE] = "write at",
		[VM_ACCESS_RUN] = "jump to",
	};
	const struct vm_range *g = vm_memory_find(m, f->addr);
	const char *place = place_name(&m->layout, f->addr);
	enum vm_access access = f->access;

	if (f->addr == f->pc)
		access = VM_ACCESS_RUN;
	if (g && access == VM_ACCESS_RUN && !(g->perm & VM_EXEC))
		place = "data is no code";
	else if (g && access == VM_ACCESS_RUN)
		place = "code cannot be run";
	/* Where the host does not say what was tried: reading was allowed. */
	else if (g && !(g->perm & VM_WRITE)) {
		place = "read-only memory";
		access = VM_ACCESS_WRITE;
	} else if (g)
		place = "out of memory on the host";
	else if (!place)
		place = "memory that is not mapped";
	snprintf(text, room, "%s: %s address 0x%" PRIx64, place, names[access],
		 f->addr);
}

uint64_t vm_fault_text(const struct vm_memory *m, const struct vm_elf *elf,
		       const struct vm_fault *f, char *text, size_t room)
{
	char what[128], symbol[160];
	int status = SIGSEGV;

	switch (f->cause) {
	case VM_CAUSE_ACCESS:
		access_text(m, f, what, sizeof(what));
		break;
	case VM_CAUSE_GENERAL:
		strcpy(what, "an address beyond the address space or a "
			     "privileged instruction");
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
			 "a hypercall's request outside of memory: address "
			 "0x%" PRIx64,
			 f->addr);
		break;
	default:
		strcpy(what, "processor exception, this host does not say "
			     "which");
		break;
	}
	vm_elf_symbol(elf, f->pc, symbol, sizeof(symbol));
	if (f->pc)
		snprintf(text, room, "guest fault: %s, pc 0x%" PRIx64 "%s%s",
			 what, f->pc, symbol[0] ? " in " : "", symbol);
	else
		snprintf(text, room, "guest fault: %s", what);
	return HEXO_EXIT_SIGNAL + (uint64_t)status;
}

void vm_end_fault(struct vm *vm, uint64_t status, const char *text)
{
	struct hexo_msg_usage u = { .status = status };
	struct iovec parts[2] = {
		{ &u, sizeof(u) },
		{ (void *)text, strlen(text) },
	};

	vm_usage(vm, true, &u);
	if (vm_step(vm, VM_END, &vm->failure) < 0 ||
	    vm_link_sendv(&vm->link, HEXO_MSG_FAULT, parts, 2, &vm->failure) <
		    0)
		vm_give_up(vm);
}

void vm_fault(struct vm *vm, const struct vm_fault *fault)
{
	char text[HEXO_ERROR_MAX];
	uint64_t status =
		vm_fault_text(&vm->memory, &vm->elf, fault, text, sizeof(text));

	vm_end_fault(vm, status, text);
}
