# SPDX-License-Identifier: Apache-2.0
# The options of a C compiler that hexo-cc takes, answers or refuses, and what
# its messages say.
load ../lib

setup() {
	cd "$BATS_TEST_TMPDIR"
	cat > a.c <<-E
		#include <stdio.h>
		int main(void) { printf("%d\n", NUMBER); return 0; }
	E
	echo '#define NUMBER 42' > number.h
	: > input
	export HEXO_TEST_CASE=$BATS_TEST_TMPDIR
}

# says TEXT OPTION...: hexo-cc refuses the options with this text
says() {
	local text=$1
	shift
	run hexo-cc "$@"
	echo "$output"
	[ "$status" = 1 ]
	[[ "$output" == *"$text"* ]]
}

# compiles OPTION...: to a.o, without a word
compiles() {
	rm -f a.o
	run hexo-cc -include number.h -c a.c "$@"
	echo "$*: $output"
	[ "$status" = 0 ]
	[ -z "$output" ]
	[ -s a.o ]
}

@test "levels of optimisation and of debugging" {
	local option
	for option in -O -O0 -O1 -O2 -O3 -Os -Oz -Og -g -g0 -g1 -g2 -g3 \
		-ggdb -gdwarf-4 -gz; do
		compiles "$option"
	done
}

@test "options that mean nothing here are taken" {
	compiles -pipe -m64 -fPIC -fno-plt -flto -flto=auto -fno-lto \
		-ffat-lto-objects -fstack-protector-strong -fcf-protection \
		-fvisibility=hidden -ffunction-sections -fdata-sections \
		-fno-common -mtune=native -Wa,--noexecstack -time \
		-fno-strict-aliasing -fwrapv -pthread -fsplit-stack
	hexo-cc -include number.h a.c -o job -rdynamic -s -static -no-pie \
		-fuse-ld=gold -Wl,-O1,--as-needed,-rpath,/lib,-z,now \
		-Wl,-Map=map -Wl,--gc-sections -Xlinker --no-undefined
	hexo_run ./job
	[ "$(cat stdout)" = 42 ]
}

@test "includes and macros before the source" {
	hexo-cc -E -P -include number.h a.c | grep -q '"%d\\n", 42'
	hexo-cc -E -P -imacros number.h a.c | grep -q '"%d\\n", 42'
	hexo-cc -E -P -DNUMBER=7 a.c | grep -q '"%d\\n", 7'
	hexo-cc -E -dM -include number.h a.c | grep -qx '#define NUMBER 42'
	hexo-cc -E -dM -x c /dev/null | grep -qx '#define __hexo__ 1'
}

@test "dependencies in every form" {
	hexo-cc -M -include number.h a.c | grep -q stdio.h
	hexo-cc -MM -MT other -include number.h a.c > out
	grep -q '^other: a.c.*number.h' out
	hexo-cc -MD -MP -MF x.d -MQ 'b$o' -include number.h -c a.c
	grep -q '^b$$o: ' x.d
	grep -q '^number.h:' x.d
	hexo-cc -MMD -include number.h a.c -o job
	grep -q '^job: a.c' a.d
}

@test "languages by -x, and sources from stdin" {
	cp a.c a.txt
	hexo-cc -x c -include number.h -c a.txt -o a.o
	[ -s a.o ]
	hexo-cc -c -x c - -include number.h -o b.o < a.c
	[ -s b.o ]
	says "-x c++" -x c++ a.c
	says "-x assembler" -x assembler a.c
}

@test "IR as text, as -S" {
	hexo-cc -S -include number.h a.c
	grep -q '^define .*@main' a.s
	hexo-cc -S -include number.h a.c -o - | grep -q '^define .*@main'
}

@test "options from a file" {
	printf -- '-include\nnumber.h -DOTHER="a b"\n-c a.c' > options
	hexo-cc @options -o c.o
	[ -s c.o ]
	: > none
	says "no input files" @none
}

@test "what build systems ask" {
	[ "$(hexo-cc -dumpmachine)" = hexo-unknown-linux-musl ]
	hexo-cc --version | grep -q hexo-cc
	hexo-cc -v 2>&1 | grep -q hexo-cc
	[ -f "$(hexo-cc -print-file-name=libc.a)" ]
	[ "$(hexo-cc -print-file-name=libnone.a)" = libnone.a ]
	hexo-cc -print-search-dirs | grep -q '^libraries: =/'
	command -v "$(hexo-cc -print-prog-name=ar)"
	command -v "$(hexo-cc -print-prog-name=ranlib)"
	[ -z "$(hexo-cc -print-multiarch)" ]
	hexo-cc -dumpversion | grep -q '^19'
}

@test "-v shows what runs and -### runs nothing" {
	hexo-cc -v -include number.h -c a.c 2> out
	grep -q '^ clang-19 .*a.c' out
	rm a.o
	hexo-cc '-###' -include number.h a.c 2> out
	grep -q '^ clang-19 .*a.c' out
	[ ! -e a.out ]
	hexo-cc -v -include number.h a.c 2> out
	grep -q '^ ld.lld-19 .*x86-64' out
	grep -q '^ ld.lld-19 .*aarch64' out
}

@test "options that cannot be honoured are refused with a way out" {
	says "make a static library" -shared a.c
	says "make a static library" -r a.c
	says "make a static library" -Wl,-shared a.c
	says "leave it out" -march=native a.c
	says "leave it out" -mavx2 a.c
	says "leave it out" -m32 a.c
	says "leave it out" -mfrobnicate a.c
	says "leave it out" -fopenmp a.c
	says "leave it out" -T script a.c
	says "leave it out" -Wl,-Ttext=0x1000 a.c
	says "rename the function" -Wl,--wrap=malloc a.c
	says "starts with main" -Wl,-e,begin a.c
	says "profile with another" -pg a.c
	says "profile with another" --coverage a.c
	says "use one with clang" -fsanitize=address a.c
	says "-frobnicate" -frobnicate a.c
	says "C variant" fast.S
	says "static library (.a)" libx.so
	says "C only" a.cc
	[ ! -e a.out ]
}

@test "a symbol that only the linker's options want" {
	cat > lib.c <<-E
		#include <stdio.h>
		void extra(void) {}
		__attribute__((constructor)) static void hello(void) {
			puts("hello"); }
	E
	hexo-cc -c lib.c
	llvm-ar-19 rcs libextra.a lib.o
	hexo-cc -include number.h a.c -o without -L. -lextra
	hexo-cc -include number.h a.c -o with -Wl,-u,extra -L. -lextra
	hexo_run ./without
	[ "$(cat stdout)" = 42 ]
	hexo_run ./with
	[ "$(tr '\n' ' ' < stdout)" = "hello 42 " ]
}

@test "calls that always fail are warned of by file and line" {
	cat > b.c <<-E
		#include <pthread.h>
		#include <sys/socket.h>
		#include <unistd.h>
		static void *work(void *p) { return p; }
		int main(int argc, char **argv) {
			pthread_t t;
			if (argc < 2)
				return 7;
			if (fork() == 0)
				execvp(argv[1], argv + 1);
			pthread_create(&t, NULL, work, NULL);
			return socket(AF_INET, SOCK_STREAM, 0);
		}
	E
	hexo-cc -O2 b.c -o job 2> out
	cat out
	grep -q 'b.c:9: warning: fork() .*one process' out
	grep -q 'b.c:10: warning: execvp() .*one process' out
	grep -q 'b.c:11: warning: pthread_create() .*one thread' out
	grep -q 'b.c:12: warning: socket() .*no network' out
	[ "$(wc -l < out)" = 4 ]
	hexo_run ./job
	[ "$status" = 7 ]
	hexo-cc -w b.c -o job 2> out
	[ ! -s out ]
}

@test "a function of the program's own is not warned of" {
	cat > c.c <<-E
		int fork(void) { return 3; }
		int main(void) { return fork(); }
	E
	hexo-cc c.c -o job 2> out
	[ ! -s out ]
	hexo_run ./job
	[ "$status" = 3 ]
}

@test "-fhexo-report says of each function whether it can move" {
	cat > d.c <<-E
		#include <stdio.h>
		__attribute__((noinline)) static int twice(int x) {
			return 2 * x;
		}
		__attribute__((noinline)) static long walk(int n) {
			return n < 2 ? n : walk(n - 1) + walk(n - 2);
		}
		int main(int argc, char **argv) {
			printf("%d %ld\n", twice(argc), walk(10 + argc));
			return 0;
		}
	E
	hexo-cc -O2 -fhexo-report d.c -o job 2> out
	cat out
	grep -q 'twice: cannot move' out
	grep -q 'walk: can move: [1-9][0-9]* polls.*, [1-9][0-9]* sites' out
	grep -q 'main: can move: .*, [1-9][0-9]* live values' out
	hexo_run ./job
	[ "$(cat stdout)" = "2 89" ]
}

# way FUNCTION: the line about its longest way without a poll, from the figure
way() {
	sed -n "s/^hexo-cc: $1: longest way without a poll: //p" out
}

@test "-fhexo-report tells the longest way without a poll, and what costs" {
	local fixed strips
	cat > d.c <<-E
		#include <string.h>
		long data[100000];
		volatile int v;
		__attribute__((noinline)) static void fixed(void) {
			for (int i = 0; i < 1000; i++)
				v = i;
		}
		__attribute__((noinline)) static void strips(int n, int x) {
			for (int i = 0; i < n; i++)
				data[i] = data[i] * x + i;
		}
		__attribute__((noinline, annotate("hexo.nopoll")))
		static void endless(void) {
			while (v)
				;
		}
		__attribute__((noinline)) static long walk(int n) {
			return n < 2 ? n : walk(n - 1) + walk(n - 2);
		}
		__attribute__((noinline)) static void copy(long n) {
			memcpy(data, data + 50000, n);
		}
		int main(int argc, char **argv) {
			fixed();
			fixed();
			strips(argc, argc);
			copy(argc);
			if (argc > 5)
				endless();
			return walk(argc);
		}
	E
	hexo-cc -O2 -g -fhexo-report d.c -o job 2> out
	cat out
	fixed=$(way fixed | sed 's/ instructions$//')
	[ "$fixed" -ge 2000 ] && [ "$fixed" -le 6000 ]
	strips=$(way strips | sed 's/ instructions$//')
	[ "$strips" -ge 5000 ] && [ "$strips" -le 200000 ]
	way endless | grep -q 'take: loops without a bound$'
	way walk | grep -q 'take: recursion$'
	[[ $(way copy) =~ ^1[67][0-9]{3}\ instructions$ ]]
	[ "$(way main | grep -o '^[0-9]*')" -gt $((2 * fixed)) ]
	[ "$(way "all functions" | grep -o '^[0-9]*')" -ge "$strips" ]
	grep -q 'main: site [0-9]*: call of walk (d.c:30): record of 16 bytes, 0 values' out
	grep -qE 'strips: site 0: poll of 3 instructions \(d.c:9\): record of [0-9]+ bytes, [1-9] values' out
}

@test "ccache keeps objects" {
	local -x CCACHE_DIR=$PWD/ccache
	ccache hexo-cc -O2 -DNUMBER=1 -c a.c -o first.o
	ccache hexo-cc -O2 -DNUMBER=1 -c a.c -o second.o
	cmp first.o second.o
	ccache --print-stats | grep -qE '^(direct|preprocessed)_cache_hit[[:space:]]+1$'
}
