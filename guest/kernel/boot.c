/* SPDX-License-Identifier: Apache-2.0 */
/* From the first instruction of portable code to main(). */
#include "guest/kernel/kernel.h"
#include "guest/kernel/file.h"
#include "guest/kernel/path.h"

/* The zero-initialised data, and the end of the image's portable data with
 * it: the linker script defines them. */
extern char __hexo_bss_start[], __hexo_image_end[];

/* musl; does not return. */
int __libc_start_main(int (*start)(int, char **, char **), int argc,
		      char **argv);
int main(int argc, char **argv, char **envp);

char *hexo_pstack;
char **kernel_argv;

static int argc;
static uint64_t random_seed[2]; /* AT_RANDOM */

KERNEL_NEVER_WAITS

enum { AUXV_WORDS = 20 };

static void put_auxv(uint64_t *to)
{
	const uint64_t auxv[AUXV_WORDS] = {
		AT_PAGESZ, HEXO_PAGE_SIZE,
		AT_UID,    KERNEL_UID,
		AT_EUID,   KERNEL_UID,
		AT_GID,    KERNEL_GID,
		AT_EGID,   KERNEL_GID,
		AT_CLKTCK, 100,
		AT_SECURE, 0,
		AT_RANDOM, kernel_address(random_seed),
		AT_EXECFN, kernel_address(kernel_argv[0]),
		AT_NULL,   0,
	};

	memcpy(to, auxv, sizeof(auxv));
}

/* Sets vector[0..count-1] to the strings from text on and vector[count] to
 * NULL; returns the text after them, NULL if they do not end before end. */
static char *split(char **vector, uint32_t count, char *text, const char *end)
{
	for (uint32_t k = 0; k < count; k++) {
		vector[k] = text;
		while (text < end && *text)
			text++;
		if (text++ >= end)
			return NULL;
	}
	vector[count] = NULL;
	return text;
}

/*
 * Arguments and environment go to the high end of the portable stack, as
 * Linux puts them on the stack: the strings, below them argv, envp, auxv.
 */
static void take_boot_block(uint64_t high)
{
	int64_t size = kernel_buffer(HEXO_HC_BOOT, NULL, 0);
	uint32_t envc;
	char *block, *text;

	if (size < 8 || size > HEXO_BOOT_MAX)
		kernel_panic("the boot block has a wrong size");
	block = (char *)((high - (uint64_t)size) & ~UINT64_C(15));
	kernel_buffer(HEXO_HC_BOOT, block, (uint64_t)size);
	argc = (int)((uint32_t *)block)[0];
	envc = ((uint32_t *)block)[1];
	if (argc < 1 || (uint64_t)argc + envc > (uint64_t)size)
		kernel_panic("the boot block has wrong counts");
	kernel_argv =
		(char **)(block - 8 * ((uint64_t)argc + envc + 2 + AUXV_WORDS));
	hexo_pstack = (char *)(kernel_address(kernel_argv) & ~UINT64_C(15));
	text = split(kernel_argv, (uint32_t)argc, block + 8, block + size);
	if (text)
		text = split(kernel_argv + argc + 1, envc, text, block + size);
	if (!text)
		kernel_panic("the boot block is cut");
	put_auxv((uint64_t *)(kernel_argv + argc + envc + 2));
}

/* PWD, if the environment has it, is the working directory. */
static void take_cwd(void)
{
	for (char **e = kernel_argv + argc + 1; *e; e++)
		if (strlen(*e) > 4 && memcmp(*e, "PWD=/", 5) == 0)
			kernel_path_set_cwd(*e + 4);
}

/* Not inlined: kernel_start() must not use the portable stack before this
 * has set it up. */
static __attribute__((noinline)) void boot(void)
{
	struct hexo_layout l = kernel_layout();
	uint64_t end = kernel_address(__hexo_image_end);

	if (end >= l.portable_high)
		kernel_panic("the program's static data does not fit: "
			     "run with a larger --memory");
	kernel_mem_init(end, l.portable_high);
	kernel_buffer(HEXO_HC_RANDOM, random_seed, sizeof(random_seed));
	take_boot_block(l.pstack_high);
	kernel_file_init();
	take_cwd();
}

KERNEL_NEVER_WAITS_END

void kernel_start(void)
{
	boot();
	kernel_mem_touch(kernel_address(__hexo_bss_start),
			 kernel_address(__hexo_image_end));
	__libc_start_main(main, argc, kernel_argv);
	__builtin_unreachable();
}
