/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/process.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void print_command(char *const *argv)
{
	for (; *argv; argv++) {
		bool plain = **argv && !strpbrk(*argv, " \t\n\"'\\$");

		fprintf(stderr, plain ? " %s" : " \"%s\"", *argv);
	}
	fputc('\n', stderr);
}

int tc_process_run(char *const *argv, bool show, struct hexo_error *err)
{
	pid_t pid;
	int r, status;

	if (show)
		print_command(argv);
	r = posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ);
	if (r)
		return hexo_fail(err, -r, "running %s: %s", argv[0],
				 strerror(r));
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return hexo_fail_errno(err, "waiting for %s", argv[0]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
