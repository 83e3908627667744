/* SPDX-License-Identifier: Apache-2.0 */
/* Ends in the way its first argument names: return, exit, _exit, abort,
 * raise; the second argument is a number. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void first(void)
{
	puts("registered first");
}

static void second(void)
{
	puts("registered second");
}

int main(int argc, char **argv)
{
	const char *way = argc > 1 ? argv[1] : "return";
	int number = argc > 2 ? atoi(argv[2]) : 0;

	atexit(first);
	atexit(second);
	printf("%s %d\n", way, number);
	if (!strcmp(way, "exit"))
		exit(number);
	if (!strcmp(way, "abort")) {
		fflush(stdout);
		abort();
	}
	if (!strcmp(way, "raise")) {
		fflush(stdout);
		raise(number);
	}
	if (!strcmp(way, "_exit")) {
		fflush(stdout);
		_exit(number);
	}
	return number;
}
