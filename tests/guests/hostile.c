/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest without the toolchain, libc or kernel of Hexo, as whoever writes his
 * own machine code can make it. Its arguments are an attack and a number in
 * hexadecimal; "list-KIND" tells the attacks of a kind, "go" does nothing. It
 * ends with status 42 if it can go on.
 */
#include <stddef.h>

#include "guest/native/native.h"
#include "hexo/image.h"
#include "tests/guests/attack.h"

/* It got through. */
enum { EXIT_THROUGH = 42, EXIT_UNKNOWN = 43 };

static const struct __attribute__((packed)) {
	uint32_t name_len, len, type;
	char name[8];
	struct hexo_note note;
} note __attribute__((section(".note.hexo"), used)) = {
	sizeof(HEXO_NOTE_NAME),
	sizeof(struct hexo_note),
	HEXO_NOTE_BUILD,
	HEXO_NOTE_NAME,
	{ HEXO_IMAGE_FORMAT,
	  HEXO_LAYOUT_VERSION,
	  HEXO_ABI_VERSION,
	  HEXO_FRAME_VERSION,
	  { 1, 2 },
	  3 },
};

static char boot[4096], line[128];
static const uint32_t constant = 7;
static uint32_t code_in_data[4];

static void finish(uint64_t status)
{
	static struct hexo_hc_exit q;

	q.status = status;
	hexo_hypercall(HEXO_HC_EXIT, &q);
}

static unsigned add_hex(unsigned at, uint32_t n)
{
	for (int shift = 28; shift >= 0; shift -= 4)
		line[at++] = "0123456789abcdef"[n >> shift & 15];
	return at;
}

void tell(const char *name, const uint32_t *numbers, unsigned n)
{
	static struct hexo_hc_buffer q;
	unsigned at = 0;

	while (*name && at < 32)
		line[at++] = *name++;
	for (unsigned i = 0; i < n; i++) {
		line[at++] = ' ';
		at = add_hex(at, numbers[i]);
	}
	q.addr = (uintptr_t)line;
	q.len = at;
	hexo_hypercall(HEXO_HC_LOG, &q);
}

static void write_at(uint64_t addr)
{
	*(volatile uint32_t *)addr = 0;
}

static void read_at(uint64_t addr)
{
	(void)*(volatile uint32_t *)addr;
}

static void write_text(uint64_t arg)
{
	write_at((uintptr_t)write_at);
}

static void write_constant(uint64_t arg)
{
	write_at((uintptr_t)&constant);
}

static void run_at(uint64_t addr)
{
	((void (*)(void))addr)();
}

static void run_data(uint64_t arg)
{
	/* The same bytes do run where they were written by the linker. */
	for (unsigned i = 0; i < 4; i++)
		code_in_data[i] = ((const uint32_t *)(uintptr_t)read_at)[i];
	run_at((uintptr_t)code_in_data);
}

static void run_stack(uint64_t arg)
{
	volatile uint32_t on_stack[4];

	for (unsigned i = 0; i < 4; i++)
		on_stack[i] = ((const uint32_t *)(uintptr_t)read_at)[i];
	run_at((uintptr_t)on_stack);
}

static void read_tables(uint64_t arg)
{
	read_at(HEXO_TABLES_BASE);
}

static void read_beyond(uint64_t arg)
{
	volatile struct hexo_control *c = (void *)HEXO_CONTROL_BASE;

	read_at(hexo_layout_make(c->memory, c->stack).end);
}

static void hypercall_at(uint64_t request)
{
	hexo_hypercall(HEXO_HC_CLOCK, (void *)request);
}

/* Requests where no request can lie; the last reaches into a hole. */
static void request_null(uint64_t arg)
{
	hypercall_at(0);
}

static void request_control(uint64_t arg)
{
	hypercall_at(HEXO_CONTROL_BASE);
}

static void request_text(uint64_t arg)
{
	hypercall_at(HEXO_TEXT_BASE);
}

static void request_wraps(uint64_t arg)
{
	hypercall_at(UINT32_MAX - 7);
}

static void request_beyond(uint64_t arg)
{
	volatile struct hexo_control *c = (void *)HEXO_CONTROL_BASE;

	hypercall_at(hexo_layout_make(c->memory, c->stack).portable_high - 8);
}

static void go(uint64_t arg)
{
}

static const struct attack attacks[] = {
	{ "go", ATTACK_TELLS, go },
	{ "null-read", ATTACK_MEMORY, read_at },
	{ "null-write", ATTACK_MEMORY, write_at },
	{ "null-run", ATTACK_MEMORY, run_at },
	{ "text-write", ATTACK_MEMORY, write_text },
	{ "constant-write", ATTACK_MEMORY, write_constant },
	{ "data-run", ATTACK_MEMORY, run_data },
	{ "stack-run", ATTACK_MEMORY, run_stack },
	{ "tables-read", ATTACK_MEMORY, read_tables },
	{ "beyond-read", ATTACK_MEMORY, read_beyond },
	{ "request-null", ATTACK_MEMORY, request_null },
	{ "request-control", ATTACK_MEMORY, request_control },
	{ "request-text", ATTACK_MEMORY, request_text },
	{ "request-wraps", ATTACK_MEMORY, request_wraps },
	{ "request-beyond", ATTACK_MEMORY, request_beyond },
	{ 0 },
};

static int equal(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/* Runs the attack of that name, or tells the names of a kind. Whether there
 * was one. */
static int try(const struct attack *a, const char *name, uint64_t arg)
{
	static const char *const lists[] = {
		[ATTACK_MEMORY] = "list-memory",
		[ATTACK_PRIVILEGED] = "list-privileged",
		[ATTACK_CPU] = "list-cpu",
		[ATTACK_TELLS] = "list-tells",
	};
	int done = 0;

	for (; a->name; a++) {
		if (equal(name, lists[a->kind])) {
			tell(a->name, NULL, 0);
			done = 1;
		} else if (equal(name, a->name)) {
			a->run(arg);
			done = 1;
		}
	}
	return done;
}

static uint64_t number(const char *text)
{
	uint64_t n = 0;

	for (; *text; text++)
		n = 16 * n + (*text <= '9' ? *text - '0' : *text - 'a' + 10u);
	return n;
}

_Noreturn void native_start(void)
{
	static struct hexo_hc_buffer q;
	const char *name, *arg;
	int done;

	q.addr = (uintptr_t)boot;
	q.len = sizeof(boot) - 2;
	hexo_hypercall(HEXO_HC_BOOT, &q);
	name = boot +
	       8; /* behind argc and envc: the image, then its arguments */
	while (*name++)
		;
	arg = name;
	while (*arg++)
		;
	if (((const uint32_t *)(uintptr_t)boot)[0] < 3)
		arg = "";
	done = try(attacks, name, number(arg));
	done |= try(arch_attacks, name, number(arg));
	finish(done ? EXIT_THROUGH : EXIT_UNKNOWN);
	__builtin_trap();
}
