# SPDX-License-Identifier: Apache-2.0
# C beyond what the programs of matrix.list show: levels of optimisation, very
# deep recursion, very large static data.
export BATS_TEST_TIMEOUT=300
load ../lib

# levels PROGRAM LEVEL...: the program's output is the same at each
levels() {
	local level program=$1
	shift
	natively "$program"
	for level in "$@"; do
		hexo-cc "-O$level" -o job "$ROOT/tests/programs/$program.c"
		hexo_run ./job
		echo "$program -O$level"
		agree
	done
}

@test "every level of optimisation gives the same output" {
	levels language 0 1 2 3 s
}

@test "no optimisation and values of all types" {
	levels byvalue 0
}

@test "levels of optimisation and setjmp" {
	levels setjmpforms 0 3
}

@test "a recursion 1,000,000 deep moves on its way and at its bottom" {
	local polls answer
	hexo_run --stack 512M --count "$(image deep)" 1000000
	[ "$status" = 0 ]
	answer=$(cat stdout)
	polls=$(figure .polls)
	[ "$polls" -ge 1000000 ]
	hexo_run --stack 512M --isa x86-64 --local \
		--hop $((polls / 2)):aarch64 "$(image deep)" 1000000
	cat stderr
	hops_done 1
	[ "$(cat stdout)" = "$answer" ]
	[ "$(figure '.hops[0].frames')" -ge 500000 ]
	hexo_run --stack 512M --isa x86-64 --local \
		--hop $((polls - 200)):x86-64 "$(image deep)" 1000000
	hops_done 1
	[ "$(cat stdout)" = "$answer" ]
	[ "$(figure '.hops[0].frames')" -ge 1000000 ]
	(
		ulimit -s unlimited
		natively deep 1000000
		[ "$(cat expected)" = "$answer" ]
	)
}

@test "more than 2 GiB of static data, there and back" {
	natively vast
	hexo_run --memory 3G --isa x86-64 --local --hop 5:aarch64 \
		--hop 15:x86-64 "$(image vast)"
	agree
	hops_done 2
}
