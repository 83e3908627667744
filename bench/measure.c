/* SPDX-License-Identifier: Apache-2.0 */
/*
 * measure COUNT COMMAND [ARG...]: runs a command COUNT times, its output
 * thrown away, and prints a line of JSON: CPU time of it and its children and
 * wall time, for one run, in microseconds. A shell would add its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double us_of(struct timeval t)
{
	return (double)t.tv_sec * 1e6 + (double)t.tv_usec;
}

static void run(char **command)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null >= 0 && dup2(null, STDOUT_FILENO) >= 0 &&
	    dup2(null, STDERR_FILENO) >= 0)
		execvp(command[0], command);
	_exit(127);
}

int main(int argc, char **argv)
{
	int count = argc > 2 ? atoi(argv[1]) : 0;
	struct rusage usage;
	double begin;

	if (count < 1) {
		fprintf(stderr, "usage: measure COUNT COMMAND [ARG...]\n");
		return 2;
	}
	begin = now_us();
	for (int i = 0; i < count; i++) {
		pid_t pid = fork();
		int status;

		if (pid == 0)
			run(argv + 2);
		if (pid < 0 || waitpid(pid, &status, 0) != pid) {
			fprintf(stderr, "measure: %s\n", strerror(errno));
			return 1;
		}
		if (!WIFEXITED(status) || WEXITSTATUS(status)) {
			fprintf(stderr, "measure: %s failed\n", argv[2]);
			return 1;
		}
	}
	getrusage(RUSAGE_CHILDREN, &usage);
	printf("{\"user_us\": %.0f, \"system_us\": %.0f, \"wall_us\": %.0f}\n",
	       us_of(usage.ru_utime) / count, us_of(usage.ru_stime) / count,
	       (now_us() - begin) / count);
	return 0;
}
