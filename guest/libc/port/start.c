/* SPDX-License-Identifier: Apache-2.0 */
/* Start-up and the end of a program, in place of musl's which expects what
 * an ELF loader leaves in memory. */
#include <stdlib.h>
#include <unistd.h>
#include "libc.h"

/* Emitted by the compiler: call what the program's attributes ask for. */
void hexo_constructors(void);
void hexo_destructors(void);

typedef int main_fn(int argc, char **argv, char **envp);

static void set_program_name(char *name)
{
	__progname = __progname_full = name;
	for (char *p = name; *p; p++)
		if (*p == '/')
			__progname = p + 1;
}

/*
 * Called by the kernel; does not return. As Linux has it, the environment
 * follows the NULL of argv, and the auxiliary vector the NULL of the
 * environment. The vector must not tell an ISA's features.
 */
int __libc_start_main(main_fn *main, int argc, char **argv)
{
	char **envp = argv + argc + 1, **end = envp;

	while (*end)
		end++;
	__environ = envp;
	libc.auxv = (size_t *)(end + 1);
	libc.page_size = PAGESIZE;
	set_program_name(argc > 0 ? argv[0] : "");
	__init_tls(libc.auxv);
	hexo_constructors();
	exit(main(argc, argv, envp));
}

/* Called by exit(), after the atexit() handlers. */
void __libc_exit_fini(void)
{
	hexo_destructors();
}
