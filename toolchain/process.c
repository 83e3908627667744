/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/process.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"

/* What a program says beyond this is passed on, but not looked at. */
enum { SAID_MAX = 1 << 20 };

void tc_process_show(char *const *argv)
{
	for (; *argv; argv++) {
		bool plain = **argv && !strpbrk(*argv, " \t\n\"'\\$");

		fprintf(stderr, plain ? " %s" : " \"%s\"", *argv);
	}
	fputc('\n', stderr);
}

/* stderr_fd: what the program gets as its stderr; -1: ours. */
static int start(char *const *argv, int stderr_fd, pid_t *pid,
		 struct hexo_error *err)
{
	posix_spawn_file_actions_t actions;
	int r;

	posix_spawn_file_actions_init(&actions);
	if (stderr_fd >= 0)
		posix_spawn_file_actions_adddup2(&actions, stderr_fd,
						 STDERR_FILENO);
	r = posix_spawnp(pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (r)
		return hexo_fail(err, -r, "running %s: %s", argv[0],
				 strerror(r));
	return 0;
}

static int finish(char *const *argv, pid_t pid, struct hexo_error *err)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return hexo_fail_errno(err, "waiting for %s", argv[0]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int tc_process_run(char *const *argv, bool show, struct hexo_error *err)
{
	pid_t pid;
	int r;

	if (show)
		tc_process_show(argv);
	r = start(argv, -1, &pid, err);
	return r < 0 ? r : finish(argv, pid, err);
}

/* Passes on what comes from fd and keeps the beginning of it. */
static void pass_on(int fd, struct base_buffer *said)
{
	char part[4096];
	ssize_t n;

	for (;;) {
		n = read(fd, part, sizeof(part));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		fwrite(part, 1, (size_t)n, stderr);
		if (said->len < SAID_MAX)
			base_buffer_add(said, part, (size_t)n);
	}
}

static void each_line(struct base_buffer *said, void (*on_line)(char *line))
{
	char *rest;

	base_buffer_add(said, "", 1);
	for (char *line = strtok_r((char *)said->data, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		on_line(line);
}

int tc_process_watch(char *const *argv, bool show, void (*on_line)(char *line),
		     struct hexo_error *err)
{
	struct base_buffer said = { 0 };
	int ends[2], r;
	pid_t pid;

	if (show)
		tc_process_show(argv);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return hexo_fail_errno(err, "a pipe to %s", argv[0]);
	r = start(argv, ends[1], &pid, err);
	close(ends[1]);
	if (r == 0) {
		pass_on(ends[0], &said);
		r = finish(argv, pid, err);
		each_line(&said, on_line);
	}
	close(ends[0]);
	base_buffer_free(&said);
	return r;
}
