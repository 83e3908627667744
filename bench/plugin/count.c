/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plugin for QEMU's user mode: counts the instructions that a program
 * executes, a whole translated block at a time. Arguments:
 *
 *   out=FILE            at exit a line with the count is added to FILE
 *   low=ADDR,high=ADDR  count only blocks that begin in [low, high)
 *   top=N               then a line for each of the N busiest blocks: its
 *                       address, its size and its share, in instructions
 *   poll=ADDR           behind the count: how often counted code read this
 *                       address, and the most instructions between two such
 *                       reads, or before the first or after the last one
 *
 * A count differs from run to run only as the program itself does. Debian's
 * packages have no qemu-plugin.h; what is used of version 1 of the interface
 * is declared here.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info;

/* Both kinds of access: QEMU 7.2 takes the one for the other. */
enum { INLINE_ADD = 0, NO_REGISTERS = 0, ACCESSES = 3 };

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *
qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn,
				      void (*call)(unsigned cpu, uint32_t info,
						   uint64_t addr, void *data),
				      int registers, int access, void *data);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, int op,
					      void *to, uint64_t add);
void qemu_plugin_register_vcpu_tb_trans_cb(
	uint64_t id, void (*call)(uint64_t id, struct qemu_plugin_tb *tb));
void qemu_plugin_register_atexit_cb(uint64_t id,
				    void (*call)(uint64_t id, void *data),
				    void *data);

extern EXPORT int qemu_plugin_version;
EXPORT int qemu_plugin_install(uint64_t id, const struct qemu_info *info,
			       int argc, char **argv);

int qemu_plugin_version = 1;

/* What was translated at an address once; a block that is translated again
 * goes on with its count. */
struct block {
	uint64_t addr, size, executed; /* instructions */
};

enum { BLOCKS = 1 << 18, TOP_MAX = 1000 };

static struct {
	const char *out;
	uint64_t low, high, top, poll;
	uint64_t total;
	uint64_t polls, polled, longest; /* polled: total at the last one */
	struct block *blocks; /* a hash table; NULL: top was not asked for */
} count = { .high = UINT64_MAX };

static uint64_t *block_counter(uint64_t addr, uint64_t size)
{
	uint64_t at = (addr ^ addr >> 16) * 31 + size;

	for (unsigned i = 0; i < BLOCKS; i++, at++) {
		struct block *b = &count.blocks[at % BLOCKS];

		if (!b->size)
			*b = (struct block){ .addr = addr, .size = size };
		if (b->addr == addr && b->size == size)
			return &b->executed;
	}
	return NULL;
}

static void poll_reached(void)
{
	if (count.total - count.polled > count.longest)
		count.longest = count.total - count.polled;
	count.polled = count.total;
}

static void memory_accessed(unsigned cpu, uint32_t info, uint64_t addr,
			    void *data)
{
	if (addr != count.poll)
		return;
	count.polls++;
	poll_reached();
}

static void block_translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	uint64_t addr = qemu_plugin_tb_vaddr(tb);
	uint64_t size = qemu_plugin_tb_n_insns(tb);
	uint64_t *own;

	if (addr < count.low || addr >= count.high)
		return;
	qemu_plugin_register_vcpu_tb_exec_inline(tb, INLINE_ADD, &count.total,
						 size);
	for (size_t i = 0; count.poll && i < size; i++)
		qemu_plugin_register_vcpu_mem_cb(qemu_plugin_tb_get_insn(tb, i),
						 memory_accessed, NO_REGISTERS,
						 ACCESSES, NULL);
	own = count.blocks ? block_counter(addr, size) : NULL;
	if (own)
		qemu_plugin_register_vcpu_tb_exec_inline(tb, INLINE_ADD, own,
							 size);
}

static int block_compare(const void *a, const void *b)
{
	const struct block *x = a, *y = b;

	return (x->executed < y->executed) - (x->executed > y->executed);
}

static void print_blocks(FILE *to)
{
	qsort(count.blocks, BLOCKS, sizeof(*count.blocks), block_compare);
	for (uint64_t i = 0; i < count.top; i++) {
		const struct block *b = &count.blocks[i];

		if (b->executed)
			fprintf(to, "0x%" PRIx64 " %" PRIu64 " %" PRIu64 "\n",
				b->addr, b->size, b->executed);
	}
}

/* Called twice where two threads exit at the same time. */
static void program_ended(uint64_t id, void *data)
{
	static int told;
	FILE *to;

	if (__atomic_exchange_n(&told, 1, __ATOMIC_SEQ_CST))
		return;
	to = fopen(count.out, "a");
	if (!to) {
		perror(count.out);
		return;
	}
	poll_reached();
	fprintf(to, "%" PRIu64, count.total);
	if (count.poll)
		fprintf(to, " %" PRIu64 " %" PRIu64, count.polls,
			count.longest);
	fprintf(to, "\n");
	if (count.blocks)
		print_blocks(to);
	fclose(to);
}

static const char *argument(const char *text, const char *name)
{
	size_t len = strlen(name);

	return strncmp(text, name, len) ? NULL : text + len;
}

static int arguments_parse(int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		const char *value;

		if ((value = argument(argv[i], "out=")))
			count.out = strdup(value);
		else if ((value = argument(argv[i], "low=")))
			count.low = strtoull(value, NULL, 0);
		else if ((value = argument(argv[i], "high=")))
			count.high = strtoull(value, NULL, 0);
		else if ((value = argument(argv[i], "top=")))
			count.top = strtoull(value, NULL, 0);
		else if ((value = argument(argv[i], "poll=")))
			count.poll = strtoull(value, NULL, 0);
		else
			return -1;
	}
	if (count.top > TOP_MAX)
		count.top = TOP_MAX;
	return count.out ? 0 : -1;
}

int qemu_plugin_install(uint64_t id, const struct qemu_info *info, int argc,
			char **argv)
{
	if (arguments_parse(argc, argv) < 0) {
		fprintf(stderr, "count: out=FILE[,low=ADDR,high=ADDR,top=N,"
				"poll=ADDR]\n");
		return -1;
	}
	if (count.top)
		count.blocks = calloc(BLOCKS, sizeof(*count.blocks));
	qemu_plugin_register_vcpu_tb_trans_cb(id, block_translated);
	qemu_plugin_register_atexit_cb(id, program_ended, NULL);
	return 0;
}
