# SPDX-License-Identifier: Apache-2.0
# Parts of the language that need options or several files.
load ../lib

# prints EXPECTED SOURCE OPTION...: the program prints this on both ISAs
prints() {
	local expected=$1 source=$2 isa
	shift 2
	hexo-cc "$@" -o job "$source"
	for isa in x86-64 aarch64; do
		hexo_run --local --isa $isa ./job
		cat stderr
		[ "$(cat stdout)" = "$expected" ]
	done
}

@test "-finstrument-functions calls the hooks, also in what is inlined" {
	cat > hooks.c <<-E
		#include <stdio.h>
		#define PLAIN __attribute__((no_instrument_function))
		static int depth, deepest, entries, exits;
		static void *last;
		PLAIN void __cyg_profile_func_enter(void *f, void *site)
		{
			entries++;
			last = f;
			if (++depth > deepest)
				deepest = depth;
		}
		PLAIN void __cyg_profile_func_exit(void *f, void *site)
		{
			exits++;
			depth--;
		}
		static int square(int x) { return x * x; }
		static int fib(int n)
		{
			return n < 2 ? n : fib(n - 1) + fib(n - 2);
		}
		int main(void)
		{
			printf("%d %d ", square(7), last == (void *)square);
			printf("%d ", fib(15));
			printf("%d %d %d\n", entries, exits, deepest);
			return 0;
		}
	E
	prints "49 1 610 1975 1974 16" hooks.c -O2 -finstrument-functions
}

@test "a function that is nowhere may be called where nothing goes" {
	cat > never.c <<-E
		#include <stdio.h>
		extern void nowhere(void);
		static int sign(int x) { return x < 0 ? -1 : x > 0; }
		int main(void)
		{
			if (sign(-3) > 0)
				nowhere();
			puts("here");
			return 0;
		}
	E
	prints here never.c -O2
	prints here never.c
}

@test "a program may have functions and variables of libc's itself" {
	cat > own.c <<-E
		#include <stddef.h>
		#include <stdio.h>
		#include <string.h>
		#include <unistd.h>
		int optind; /* common, with libc's definition */
		static char pool[1 << 16];
		static size_t used, calls;
		void *malloc(size_t n)
		{
			char *p = pool + used;

			used += (n + 15) & ~(size_t)15;
			calls++;
			return p;
		}
		void free(void *p) {}
		int main(int argc, char **argv)
		{
			char *two = strdup("two");

			while (getopt(argc, argv, "ab") != -1)
				;
			printf("%s %d %d\n", two, calls >= 1, optind);
			return 0;
		}
	E
	prints "two 1 1" own.c -O2 -fcommon
}
