/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/temp.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"

/* Read by a signal handler: grows by replacing, never moves entries. */
static struct {
	char *directory;
	bool keep;
	pid_t owner; /* forked children must not remove anything */
	char *files[4096];
	volatile sig_atomic_t n;
} temp;

static void remove_all(void)
{
	if (!temp.directory || temp.keep || getpid() != temp.owner)
		return;
	for (int k = 0; k < temp.n; k++)
		unlink(temp.files[k]);
	rmdir(temp.directory);
}

static void on_signal(int number)
{
	remove_all();
	/* The handler is reset: this time it ends the process. */
	raise(number);
}

static void watch_signals(void)
{
	static const int numbers[] = { SIGHUP,  SIGINT,  SIGTERM, SIGPIPE,
				       SIGQUIT, SIGABRT, SIGSEGV, SIGBUS };
	struct sigaction act = { .sa_handler = on_signal,
				 .sa_flags = (int)SA_RESETHAND };

	for (size_t k = 0; k < sizeof(numbers) / sizeof(numbers[0]); k++) {
		struct sigaction old;

		/* What the parent had us ignore stays ignored. */
		if (sigaction(numbers[k], NULL, &old) == 0 &&
		    old.sa_handler != SIG_IGN)
			sigaction(numbers[k], &act, NULL);
	}
}

int tc_temp_make(const char *keep, struct hexo_error *err)
{
	const char *base = getenv("TMPDIR");
	char *directory;

	if (temp.directory)
		return 0;
	temp.owner = getpid();
	if (keep) {
		if (mkdir(keep, 0777) < 0 && errno != EEXIST)
			return hexo_fail_errno(err, "cannot make %s", keep);
		temp.keep = true;
		temp.directory = base_strdup(keep);
		return 0;
	}
	directory =
		base_printf("%s/hexo-cc.XXXXXX", base && *base ? base : "/tmp");
	if (!mkdtemp(directory)) {
		int r = hexo_fail_errno(err, "cannot make the directory %s",
					directory);

		free(directory);
		return r;
	}
	temp.directory = directory;
	atexit(remove_all);
	watch_signals();
	return 0;
}

const char *tc_temp_path(const char *name)
{
	char *path = base_printf("%s/%s", temp.directory, name);

	if ((size_t)temp.n == sizeof(temp.files) / sizeof(temp.files[0]))
		abort();
	temp.files[temp.n] = path;
	temp.n = temp.n + 1;
	return path;
}
