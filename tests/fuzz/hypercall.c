/* SPDX-License-Identifier: Apache-2.0 */
// LINK: monitor/hypercall.c monitor/fault.c monitor/usage.c monitor/state.c
// LINK: monitor/move.c monitor/ship.c monitor/copy.c monitor/dirty.c
// LINK: monitor/known.c monitor/push.c monitor/fetch.c
// LINK: monitor/fetch_guest.c monitor/link.c monitor/probe.c monitor/elf.c
// LINK: monitor/memory.c monitor/arch/x86-64/isa.c migrate/channel.c
// LINK: migrate/stream.c migrate/stream_write.c migrate/pack.c
// LINK: migrate/hash.c base/base.c base/error.c base/thread.c
// LINK: tests/fuzz/shared/vm.c; -llz4 -lpthread
// OPTIONS: -max_len=4096
/*
 * Hypercalls and faults of a hostile guest, and a home that answers what it
 * likes. Messages that end hexo-vm (KILL, a second COPY) are not sent.
 */
#include <string.h>

#include "monitor/arch.h"
#include "tests/fuzz/shared/vm.h"

enum { CALLS_MAX = 16, REQUEST_MAX = 88 };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	fuzz_vm_create();
	return 0;
}

static void send_message(struct fuzz_input *in)
{
	static const uint16_t types[] = {
		HEXO_MSG_IO_REPLY, HEXO_MSG_RESUME,    HEXO_MSG_SHIP,
		HEXO_MSG_RELEASE,  HEXO_MSG_PARK,      HEXO_MSG_RUN,
		HEXO_MSG_PROBE,    HEXO_MSG_COPY_STOP, HEXO_MSG_STREAM,
		HEXO_MSG_RECEIVE,  HEXO_MSG_NEED,      HEXO_MSG_GOT,
	};
	unsigned type = types[fuzz_byte(in) % (sizeof(types) / sizeof(*types))];
	_Alignas(struct hexo_msg_ship) char
		data[sizeof(struct hexo_msg_io_reply) + 255];
	size_t len = fuzz_byte(in);

	/* Most answers are as long as they must be. */
	if (type == HEXO_MSG_IO_REPLY)
		len += sizeof(struct hexo_msg_io_reply);
	else if (type == HEXO_MSG_RESUME && len < 240)
		len = sizeof(struct hexo_msg_poll);
	else if (type == HEXO_MSG_SHIP && len < 240)
		len = sizeof(struct hexo_msg_ship);
	else if ((type == HEXO_MSG_NEED || type == HEXO_MSG_GOT) && len < 240)
		len = sizeof(struct hexo_msg_need);
	fuzz_take(in, data, len);
	/* So is compression one that there is. */
	if (type == HEXO_MSG_SHIP && len == sizeof(struct hexo_msg_ship))
		((struct hexo_msg_ship *)data)->compress &= 0x80000003;
	fuzz_vm_send(type, data, len);
}

/* Has a range of the request lie in memory, if the input wants that. */
static void place(uint8_t *request, size_t at, uint8_t how)
{
	uint64_t range[2];

	memcpy(range, request + at, sizeof(range));
	if (how & 1)
		range[0] = FUZZ_VM_DATA + (range[0] & 0x1ffff);
	if (how & 2)
		range[0] = fuzz_vm.memory.layout.portable_high -
			   (range[0] & 0xffff);
	if (how & 4)
		range[1] &= 0x3ffff;
	memcpy(request + at, range, sizeof(range));
}

static void make_request(struct fuzz_input *in, uint32_t number,
			 uint8_t request[REQUEST_MAX])
{
	uint8_t how = fuzz_byte(in);
	uint64_t ns;

	fuzz_take(in, request, REQUEST_MAX);
	switch (number) {
	case HEXO_HC_IO:
		place(request, offsetof(struct hexo_hc_io, in_addr), how);
		place(request, offsetof(struct hexo_hc_io, out_addr), how >> 3);
		break;
	case HEXO_HC_SLEEP:
		/* As long as the input likes would be too long for us. */
		memcpy(&ns, request + offsetof(struct hexo_hc_sleep, ns), 8);
		ns %= 100000;
		memcpy(request + offsetof(struct hexo_hc_sleep, ns), &ns, 8);
		break;
	default:
		place(request, offsetof(struct hexo_hc_buffer, addr), how);
		break;
	}
}

/* The guest's registers, or a fault of it: near what there is, mostly. */
static void set_registers(struct fuzz_input *in)
{
	const struct hexo_layout *l = &fuzz_vm.memory.layout;
	struct vm_registers *r = &fuzz_vm.registers;
	uint8_t how = fuzz_byte(in);

	r->n = HEXO_FAULT_REGISTERS;
	fuzz_take(in, &r->pc, sizeof(r->pc));
	fuzz_take(in, &r->at[vm_isa.sp], sizeof(r->at[0]));
	if (how & 1)
		r->pc = HEXO_TEXT_BASE + (r->pc & 0xffff);
	if (how & 2)
		r->at[vm_isa.sp] =
			l->nstack_high - (r->at[vm_isa.sp] & 0x1ffff);
}

static void fault(struct fuzz_input *in)
{
	struct vm_fault f = {
		.cause = fuzz_byte(in) % (VM_CAUSE_UNKNOWN + 1),
		.access = fuzz_byte(in) % (VM_ACCESS_RUN + 1),
		.pc = fuzz_vm.registers.pc,
	};
	uint8_t how = fuzz_byte(in);

	fuzz_take(in, &f.addr, sizeof(f.addr));
	fuzz_take(in, &f.caller, sizeof(f.caller));
	if (how & 1)
		f.addr &= 0x1ffff000;
	if (how & 2)
		f.caller = HEXO_TEXT_BASE + (f.caller & 0xffff);
	vm_fault(&fuzz_vm, &f);
	fuzz_check(vm_is_over(&fuzz_vm));
}

static void call(struct fuzz_input *in)
{
	uint8_t what = fuzz_byte(in), where = fuzz_byte(in);
	uint32_t number = fuzz_byte(in);
	uint64_t addr = FUZZ_VM_DATA + where * UINT64_C(8);
	uint8_t request[REQUEST_MAX];
	bool talks;
	void *to;

	if (what & 4)
		set_registers(in);
	if ((what & 0x18) == 0x18) {
		fault(in);
		return;
	}
	if (number < 240)
		number %= HEXO_HC_COUNT;
	talks = (what & 3) || number == HEXO_HC_IO || number == HEXO_HC_PARK;
	for (unsigned i = 0; i < (what & 3); i++)
		send_message(in);
	/* Whoever waits for more gets what belongs nowhere. */
	if (talks)
		fuzz_vm_send(HEXO_MSG_LOG, NULL, 0);
	if (where > 250)
		fuzz_take(in, &addr, sizeof(addr));
	make_request(in, number, request);
	to = vm_memory_at(&fuzz_vm.memory, vm_gva(addr), sizeof(request), true);
	if (to)
		memcpy(to, request, sizeof(request));
	vm_hypercall(&fuzz_vm, number, addr);
	fuzz_check(!fuzz_vm.dirty.pendings);
	fuzz_check(fuzz_vm.state == VM_RUNNING ||
		   fuzz_vm.state == VM_RESUMING || vm_is_over(&fuzz_vm));
	if (talks)
		fuzz_vm_take_rest();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };

	fuzz_vm_reset(VM_RUNNING);
	for (int i = 0; i < CALLS_MAX && in.left && !vm_is_over(&fuzz_vm); i++)
		call(&in);
	return 0;
}
