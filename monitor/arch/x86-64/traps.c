/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/arch/x86-64/traps.h"

#include <errno.h>
#include <string.h>

#include "monitor/arch/x86-64/decode.h"

/* Flat 64-bit code and data segments of level 3. */
#define GDT_CODE UINT64_C(0x00affb000000ffff)
#define GDT_DATA UINT64_C(0x00cff3000000ffff)

/* A present interrupt gate that level 3 may use itself, for int3. */
#define IDT_GATE (UINT64_C(0xee) << 40)

enum {
	TASK_BITMAP_AT = 102, /* where a TSS says where its port bitmap is */
	TASK_BITMAP = 104,
	TASK_PORTS = 256, /* of HEXO_HC_PORT on: as many as numbers exist */
	HANDLER_SIZE = 16,
	/* The vectors with which the CPU pushes an error code. */
	ERROR_VECTORS = 1 << 8 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13 |
			1 << 14 | 1 << 17 | 1 << 21,
};

_Static_assert(TASK_BITMAP + (HEXO_HC_PORT + TASK_PORTS) / 8 < TRAPS_TASK_SIZE,
	       "the ports' bits lie in the page");

static int new_page(struct vm_tables *t, uint32_t perm, uint64_t *page,
		    struct hexo_error *err)
{
	*page = vm_tables_page(t);
	if (!*page)
		return hexo_fail(err, -ENOMEM, "no room for CPU tables");
	return vm_tables_map(t, *page, *page + HEXO_PAGE_SIZE, perm, err);
}

/* A bit of 0 allows a port. */
static void setup_task(uint8_t *task)
{
	const uint16_t at = TASK_BITMAP;

	memcpy(task + TASK_BITMAP_AT, &at, sizeof(at));
	memset(task + TASK_BITMAP, 0xff, TRAPS_TASK_SIZE - TASK_BITMAP);
	memset(task + TASK_BITMAP + HEXO_HC_PORT / 8, 0, TASK_PORTS / 8);
}

static void setup_handler(uint8_t *code, uint32_t vector)
{
	const uint32_t port = HEXO_HC_PORT + HEXO_HC_FAULT;

	code[0] = 0xb8; /* mov $vector, %eax */
	memcpy(code + 1, &vector, sizeof(vector));
	code[5] = 0xba; /* mov $port, %edx */
	memcpy(code + 6, &port, sizeof(port));
	code[10] = 0xef; /* out %eax, (%dx) */
}

static void setup_gate(uint64_t gate[2], uint64_t handler)
{
	gate[0] = (handler & 0xffff) | (uint64_t)TRAPS_CODE << 16 | IDT_GATE |
		  (handler >> 16 & 0xffff) << 48;
	gate[1] = handler >> 32;
}

int vm_traps_setup(struct vm_traps *traps, struct vm_tables *t,
		   struct hexo_error *err)
{
	const uint32_t table = VM_READ | VM_WRITE | VM_SUPERVISOR;
	uint64_t handlers = 0;
	uint64_t *gdt, *idt;
	uint8_t *code;
	unsigned i;
	int r;

	r = new_page(t, table, &traps->gdt, err);
	if (r == 0)
		r = new_page(t, table, &traps->idt, err);
	if (r == 0)
		r = new_page(t, table, &traps->task, err);
	if (r == 0)
		r = new_page(t, VM_READ | VM_EXEC, &handlers, err);
	if (r < 0)
		return r;
	gdt = vm_memory_own(t->memory, traps->gdt);
	gdt[TRAPS_CODE / 8] = GDT_CODE;
	gdt[TRAPS_DATA / 8] = GDT_DATA;
	setup_task(vm_memory_own(t->memory, traps->task));
	idt = vm_memory_own(t->memory, traps->idt);
	code = vm_memory_own(t->memory, handlers);
	for (i = 0; i < TRAPS_VECTORS; i++) {
		setup_handler(code + i * HANDLER_SIZE, i);
		setup_gate(idt + 2 * i, handlers + i * HANDLER_SIZE);
	}
	return 0;
}

void vm_traps_read(const struct vm_memory *m, uint64_t cr2,
		   struct vm_registers *r, struct vm_fault *f)
{
	uint64_t vector = r->at[DECODE_RAX], sp = r->at[DECODE_RSP];
	struct {
		uint64_t pc, cs, flags, sp, ss;
	} frame = { 0 };
	uint64_t error = 0;
	const void *p;

	if (vector < TRAPS_VECTORS && (ERROR_VECTORS >> vector & 1)) {
		p = vm_memory_at(m, vm_gva(sp), sizeof(error), false);
		if (p)
			memcpy(&error, p, sizeof(error));
		sp += sizeof(error);
	}
	p = vm_memory_at(m, vm_gva(sp), sizeof(frame), false);
	if (p)
		memcpy(&frame, p, sizeof(frame));
	f->pc = r->pc = r->at[DECODE_RIP] = frame.pc;
	r->at[DECODE_RSP] = frame.sp;
	f->caller = vm_decode_caller(m, frame.sp);
	vm_decode_vector(m, vector, error, cr2, f);
}
