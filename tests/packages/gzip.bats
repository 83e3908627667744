# SPDX-License-Identifier: Apache-2.0
# gzip compresses to what Debian's does, and its own tests pass, while it moves.
export BATS_TEST_TIMEOUT=1800
load ../lib

GZIP=$ROOT/build/tests/gzip

@test "gzip compresses as Debian's does with three moves, and back" {
	seq 1 400000 | awk '{ x = (x * 69069 + $1) % 1048573
		print x % 997, substr("the job moves on", x % 13 + 1), x }' \
		> plain
	cp plain input
	with_moves 3 "$GZIP/gzip" -9
	/bin/gzip -9 < plain > expected
	cmp expected stdout
	cp expected input
	with_moves 3 "$GZIP/gzip" -d
	cmp plain stdout
}

@test "gzip refuses a damaged file as Debian's does" {
	seq 1 10000 | /bin/gzip | head -c 5000 > input
	local r=0
	/bin/gzip -t < input 2> expected || r=$?
	hexo_run "$GZIP/gzip" -t
	[ "$status" = "$r" ]
	[ "$r" != 0 ]
	cmp expected stderr
}

# suite TESTS OPTION...: those of its own tests; the programs are run with the
# options. They read files under the path where they were configured, too.
suite() {
	local tests=$1
	shift
	cp -a "$GZIP" gzip
	HEXO_RUN_OPTIONS="--volume $PWD:$PWD --volume $GZIP:$GZIP:ro $*" \
		timeout 1700 make -C gzip/tests check "TESTS=$tests" \
		XFAIL_TESTS=gzip-env > log 2>&1 || {
		grep -E '^(FAIL|XPASS|ERROR)' log
		cat gzip/tests/test-suite.log
		return 1
	}
	grep '^# PASS:' log
	grep -qx '# FAIL:  0' log
}

# All but two: gzip-env wants variables that a job does not see, list-big has
# 4 GiB to compress.
@test "gzip's own tests pass while its programs move" {
	local tests
	tests=$(sed -n '/^TESTS =/,/[^\\]$/p' "$GZIP/tests/Makefile" |
		sed 's/^TESTS =//; s/[\]$//' | tr -s ' \t\n' ' ')
	[ "$(wc -w <<< "$tests")" -gt 20 ]
	suite "${tests/ list-big / }" --local --hop-every 5000
	[ "$(sed -n 's/^# PASS: *//p' log)" -gt 20 ]
}

@test "gzip's own test of 4 GiB passes" {
	suite list-big
}
