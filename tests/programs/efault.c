/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks the host, past libc and kernel, to read and write where the guest has
 * no memory: each request must come back with EFAULT and harm nothing.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "hexo/hypercall.h"
#include "hexo/io.h"
#include "hexo/layout.h"

int64_t hexo_hypercall(uint32_t number, void *request);

static struct hexo_hc_io io;
static struct hexo_hc_buffer buffer;
static char inside[64];

static const struct range {
	const char *what;
	uint64_t addr, len;
} ranges[] = {
	{ "null page", 0, 16 },
	{ "monitor's tables", HEXO_TABLES_BASE, 64 },
	{ "runs off the end",
	  HEXO_PORTABLE_BASE + HEXO_MEMORY_DEFAULT - HEXO_PAGE_SIZE,
	  2 * HEXO_PAGE_SIZE },
	{ "beyond the end", HEXO_MEMORY_MAX, 16 },
	{ "as much as one may ask for",
	  HEXO_PORTABLE_BASE + HEXO_MEMORY_DEFAULT - 16, HEXO_IO_MAX },
	{ "end wraps", UINT64_MAX - 8, 16 },
	{ "kernel half", UINT64_C(0xffff800000000000), 16 },
};

static void ask(const struct range *r)
{
	int64_t wrote, got, random;

	io = (struct hexo_hc_io){ .op = HEXO_IO_WRITE,
				  .arg = { 1, HEXO_IO_STREAM },
				  .in_addr = r->addr,
				  .in_len = r->len };
	wrote = hexo_hypercall(HEXO_HC_IO, &io);
	io = (struct hexo_hc_io){ .op = HEXO_IO_FSTAT,
				  .arg = { 1 },
				  .out_addr = r->addr,
				  .out_len = r->len };
	got = hexo_hypercall(HEXO_HC_IO, &io);
	buffer = (struct hexo_hc_buffer){ .addr = r->addr, .len = r->len };
	random = hexo_hypercall(HEXO_HC_RANDOM, &buffer);
	printf("%s: %d %d %d\n", r->what, wrote == -EFAULT, got == -EFAULT,
	       random == -EFAULT);
}

/* What can be read but not written is no place for an answer. */
static void ask_read_only(void)
{
	int64_t got, random;

	io = (struct hexo_hc_io){ .op = HEXO_IO_FSTAT,
				  .arg = { 1 },
				  .out_addr = HEXO_FUNCTABLE_BASE,
				  .out_len = 16 };
	got = hexo_hypercall(HEXO_HC_IO, &io);
	buffer = (struct hexo_hc_buffer){ .addr = HEXO_FUNCTABLE_BASE,
					  .len = 16 };
	random = hexo_hypercall(HEXO_HC_RANDOM, &buffer);
	printf("read-only: %d %d\n", got == -EFAULT, random == -EFAULT);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
		ask(&ranges[i]);
	ask_read_only();
	buffer = (struct hexo_hc_buffer){ .addr = (uintptr_t)inside,
					  .len = sizeof(inside) };
	printf("inside: %lld\n",
	       (long long)hexo_hypercall(HEXO_HC_RANDOM, &buffer));
	printf("unknown number: %d\n",
	       hexo_hypercall(HEXO_HC_COUNT + 5, &buffer) == -ENOSYS);
	errno = 0;
	printf("write(): %d", (int)write(1, (void *)8, 16));
	printf(" %d\n", errno == EFAULT);
	return 0;
}
