# SPDX-License-Identifier: Apache-2.0
# hexo-cc as packages use a C compiler, and what it refuses.
load ../lib

# A program of two files, the second for a library.
setup() {
	cd "$BATS_TEST_TMPDIR"
	: > input
	cat > main.c <<-E
		#include <stdio.h>
		#include "answer.h"
		int main(void) { printf("%d\n", answer()); return 0; }
	E
	echo "int answer(void);" > answer.h
	echo "int answer(void) { return 42; }" > answer.c
	export HEXO_TEST_CASE=$BATS_TEST_TMPDIR
}

answers() {
	hexo_run "$1"
	cat stderr
	[ "$(cat stdout)" = 42 ]
}

@test "one step from sources to an image" {
	hexo-cc -O2 -o job main.c answer.c
	answers ./job
	[ -x job ]
}

@test "the default output is a.out" {
	hexo-cc main.c answer.c
	answers ./a.out
}

@test "objects are compiled and linked" {
	hexo-cc -O2 -c main.c
	hexo-cc -O2 -c -o other.o answer.c
	hexo-cc -o job main.o other.o
	answers ./job
}

@test "libraries by ar, with -L and -l" {
	mkdir lib
	hexo-cc -O2 -c main.c answer.c
	llvm-ar-19 rcs lib/libanswer.a answer.o
	hexo-cc -o job main.o -Llib -lanswer -lm
	answers ./job
	hexo-cc -o job2 main.o lib/libanswer.a
	answers ./job2
}

@test "the system's ar works as well" {
	hexo-cc -O2 -c main.c answer.c
	ar rc libanswer.a answer.o
	ranlib libanswer.a
	hexo-cc -o job main.o libanswer.a
	answers ./job
}

@test "dependencies are written as make wants them" {
	hexo-cc -MMD -MP -c main.c
	grep -q 'main.o:.*main.c.*answer.h' main.d
	hexo-cc -MM main.c | grep -q 'answer.h'
}

@test "macros, include paths and -E" {
	mkdir inc
	echo '#define VALUE 7' > inc/value.h
	printf '#include <value.h>\nint a = VALUE + MORE;\n' > m.c
	hexo-cc -E -Iinc -DMORE=35 m.c | grep -q 'int a = 7 + 35;'
}

@test "a program is compiled and linked within 10 s" {
	# The first may bring files into memory.
	hexo-cc -O2 -o ep "$ROOT/bench/programs/ep.c"
	local begin=${EPOCHREALTIME/./}
	hexo-cc -O2 -o ep "$ROOT/bench/programs/ep.c"
	local took=$((${EPOCHREALTIME/./} - begin))
	echo "$took us"
	[ "$took" -le 10000000 ]
}

@test "short loops of known length vanish, and their arrays with them" {
	cat > matrix.c <<- 'END'
		#include <stdio.h>
		__attribute__((noinline)) static double trace(const double *x)
		{
			double square[4][4] = { 0 }, sum = 0.0;

			for (int i = 0; i < 4; i++)
				for (int j = 0; j < 4; j++)
					square[i][j] += x[i] * x[j];
			for (int i = 0; i < 4; i++)
				sum += square[i][i];
			return sum;
		}

		int main(int argc, char **argv)
		{
			double x[] = { argc, 2, 3, 4 };

			(void)argv;
			return printf("%g\n", trace(x)) < 0;
		}
	END
	mkdir temps
	hexo-cc -O2 -save-temps=temps -o matrix matrix.c
	sed -n '/^define.*@trace(/,/^}/p' temps/portable.ll > trace.ll
	grep -q 'fmul.*double' trace.ll
	run grep -E 'alloca| phi |br ' trace.ll
	[ -z "$output" ]
}

@test "the same source gives the same image" {
	hexo-cc -O2 -o job main.c answer.c
	mkdir again
	hexo-cc -O2 -o again/job main.c answer.c
	cmp job again/job
}

@test "an error in the source is the compiler's, with exit status 1" {
	echo 'int main(void) { return nothing; }' > broken.c
	run hexo-cc -o job broken.c
	[ "$status" = 1 ]
	[[ "$output" == *"broken.c:1:"*"nothing"* ]]
	[ ! -e job ]
}

@test "a missing function is named" {
	run hexo-cc -o job main.c
	echo "$output"
	[ "$status" = 1 ]
	[[ "$output" == *answer* ]]
	[ ! -e job ]
}

@test "an object of another compiler is refused by name" {
	gcc -c answer.c
	run hexo-cc -o job main.c answer.o
	echo "$output"
	[ "$status" = 1 ]
	[[ "$output" == *answer.o* ]]
	[ ! -e job ]
}

@test "a missing file and no file at all are refused" {
	run hexo-cc -o job nothing.c
	[ "$status" = 1 ]
	[[ "$output" == *nothing.c* ]]
	run hexo-cc
	[ "$status" != 0 ]
}

@test "options that choose an ISA are refused" {
	local option
	for option in -mavx2 -march=native --target=x86_64-linux-gnu -shared; do
		run hexo-cc "$option" -o job main.c answer.c
		echo "$output"
		[ "$status" = 1 ]
		[[ "$output" == *"$option"* ]]
		[ ! -e job ]
	done
}

@test "what cannot be made portable is refused by file, line and construct" {
	local file line text name
	for file in "$ROOT"/tests/refused/*.c; do
		name=${file##*/}
		line=$(grep -n 'REFUSED:' "$file" | cut -d: -f1)
		text=$(sed -n 's/.*REFUSED: \(.*\) \*\/.*/\1/p' "$file")
		run hexo-cc -O2 -o job "$file"
		echo "$output"
		[ "$status" = 1 ]
		[[ "$output" == *"$text"* ]]
		[ ! -e job ]
		# What is outside of functions has no line in bitcode.
		case $name in
		filescope.c | ifunc.c) [[ "$output" == *"$name: "* ]] ;;
		*) [[ "$output" == *"hexo-cc: "*"$name:$line"[:\ ]* ]] ;;
		esac
		# The last words are the way out.
		grep -q 'hexo-cc: .*; [a-z]' <<< "$output"
	done
}

@test "an image is a zip that other tools read" {
	hexo-cc -O2 -o job main.c answer.c
	run unzip -l job
	[[ "$output" == *manifest.json* ]]
	[[ "$output" == *x86-64.elf* ]]
	[[ "$output" == *aarch64.elf* ]]
	hexo image job | grep -q aarch64
	hexo image --json job | jq -e '.format == 2 and (.isas | length) == 2'
}

@test "both ISAs have every portable symbol at one address" {
	local isa
	mkdir temps # as linked: an image has the names of functions only
	hexo-cc -O2 -save-temps=temps -o job main.c answer.c
	for isa in x86-64 aarch64; do
		llvm-nm-19 --defined-only "temps/$isa.elf" |
			awk '$1 >= "0000000010000000" { print $1, $3 }' |
			sort > "$isa.portable"
	done
	[ "$(wc -l < x86-64.portable)" -gt 10 ]
	diff x86-64.portable aarch64.portable
}
