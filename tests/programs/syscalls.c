/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a program asks of its kernel besides files: memory, pipes, signals to
 * itself, clocks. Each part many times over, so that moves fall into it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 200, BLOCKS = 64 };

static void check(int good, const char *what)
{
	if (good)
		return;
	printf("%s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static unsigned next(unsigned *state)
{
	*state = *state * 1103515245u + 12345u;
	return *state >> 16;
}

static unsigned char *map(size_t size)
{
	unsigned char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	check(p != MAP_FAILED, "mmap");
	check(!p[0] && !p[size - 1], "new memory is zero");
	return p;
}

/* Blocks that come, grow and go; each keeps its mark. */
static void test_memory(void)
{
	unsigned char *block[BLOCKS] = { NULL };
	size_t size[BLOCKS] = { 0 };
	unsigned state = 1, moves = 0;

	for (int round = 0; round < 20 * ROUNDS; round++) {
		unsigned k = next(&state) % BLOCKS;
		size_t grown = size[k] + 4096 * (1 + next(&state) % 40);

		if (block[k] &&
		    (block[k][0] != k || block[k][size[k] - 1] != (k ^ 0xff)))
			check(0, "a block has changed");
		if (!block[k]) {
			block[k] = map(size[k] = grown);
		} else if (next(&state) % 3) {
			check(!munmap(block[k], size[k]), "munmap");
			block[k] = NULL;
			size[k] = 0;
			continue;
		} else {
			block[k] = mremap(block[k], size[k], grown,
					  MREMAP_MAYMOVE);
			check(block[k] != MAP_FAILED, "mremap");
			check(!block[k][grown - 1], "grown memory is zero");
			size[k] = grown;
			moves++;
		}
		block[k][0] = (unsigned char)k;
		block[k][size[k] - 1] = (unsigned char)~k;
	}
	printf("memory: %u grown\n", moves);
}

static void test_discard(void)
{
	size_t size = 3 << 20;
	unsigned char *p = map(size);

	memset(p, 1, size);
	check(!madvise(p + 4096, size - 8192, MADV_DONTNEED), "madvise");
	printf("discard: %d %d %d\n", p[0], p[4096], p[size - 1]);
	check(!munmap(p, size), "munmap");
}

static void test_pipe(void)
{
	struct pollfd waiting;
	unsigned sum = 0;
	int fds[2];

	check(!pipe(fds), "pipe");
	waiting = (struct pollfd){ fds[0], POLLIN, 0 };
	check(poll(&waiting, 1, 0) == 0, "poll of an empty pipe");
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned words[300];

		for (unsigned k = 0; k < 300; k++)
			words[k] = round * k;
		check(write(fds[1], words, sizeof(words)) == sizeof(words),
		      "write to a pipe");
		check(poll(&waiting, 1, -1) == 1, "poll of a full pipe");
		memset(words, 0, sizeof(words));
		check(read(fds[0], words, sizeof(words)) == sizeof(words),
		      "read from a pipe");
		for (unsigned k = 0; k < 300; k++)
			sum += words[k];
	}
	close(fds[1]);
	check(read(fds[0], fds, 4) == 0, "end of a pipe");
	close(fds[0]);
	printf("pipe: %u\n", sum);
}

static volatile unsigned handled[3], work;

static void count(int signal)
{
	for (unsigned k = 0; k < 1000; k++)
		work += k;
	handled[signal == SIGUSR2]++;
}

static void describe(int signal, siginfo_t *info, void *context)
{
	handled[2] += info->si_signo == signal;
}

static void test_signals(void)
{
	struct sigaction with_info = { .sa_sigaction = describe,
				       .sa_flags = SA_SIGINFO };
	sigset_t two;

	sigemptyset(&two);
	sigaddset(&two, SIGUSR2);
	check(signal(SIGUSR1, count) == SIG_DFL, "signal");
	check(signal(SIGUSR2, count) == SIG_DFL, "signal");
	check(!sigaction(SIGALRM, &with_info, NULL), "sigaction");
	for (unsigned round = 0; round < ROUNDS; round++) {
		raise(SIGUSR1);
		sigprocmask(SIG_BLOCK, &two, NULL);
		raise(SIGUSR2);
		check(handled[1] == round, "a blocked signal waits");
		sigprocmask(SIG_UNBLOCK, &two, NULL);
		check(handled[1] == round + 1, "a signal is unblocked");
		kill(getpid(), SIGALRM);
	}
	signal(SIGUSR1, SIG_IGN);
	raise(SIGUSR1);
	printf("signals: %u %u %u\n", handled[0], handled[1], handled[2]);
}

static int64_t now(clockid_t clock)
{
	struct timespec t;

	check(!clock_gettime(clock, &t), "clock_gettime");
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void test_time(void)
{
	int64_t begin = now(CLOCK_MONOTONIC), last = begin;

	for (int round = 0; round < ROUNDS; round++) {
		int64_t t = now(CLOCK_MONOTONIC);

		check(t >= last, "time runs backwards");
		last = t;
	}
	check(!usleep(30000), "usleep");
	check(now(CLOCK_MONOTONIC) - begin >= 30000000, "slept too little");
	check(now(CLOCK_REALTIME) > INT64_C(1500000000) * 1000000000,
	      "the date");
	check(now(CLOCK_PROCESS_CPUTIME_ID) >= 0, "CPU time");
	printf("time: ok\n");
}

static void test_process(void)
{
	struct utsname name;

	check(!uname(&name), "uname");
	check(sysconf(_SC_PAGESIZE) == 4096, "page size");
	check(wait(NULL) < 0 && errno == ECHILD, "wait without children");
	check(kill(getpid(), 0) == 0, "kill 0");
	printf("process: %s\n", name.sysname);
}

int main(void)
{
	test_memory();
	test_discard();
	test_pipe();
	test_signals();
	test_time();
	test_process();
	return 0;
}
