# SPDX-License-Identifier: Apache-2.0
# A package of Debian's archive, unmodified, built by `make CC=hexo-cc`.
export BATS_TEST_TIMEOUT=300
load ../lib

BZIP2=$ROOT/build/tests/bzip2/bzip2

# 16 MiB that compress, but not at once: words of a generator.
setup_file() {
	cd "$BATS_FILE_TMPDIR"
	seq 1 2000000 | awk '{ x = (x * 69069 + $1) % 1048573
		print x % 997, substr("the job moves on", x % 13 + 1), x }' |
		head -c 16777216 > big
	[ "$(stat -c %s big)" = 16777216 ]
	/bin/bzip2 -k big
}

setup() {
	cd "$BATS_TEST_TMPDIR"
	mkdir vol
	cp "$BATS_FILE_TMPDIR/big" vol/
	cp "$BATS_FILE_TMPDIR/big.bz2" expected.bz2
	: > input
	export HEXO_TEST_CASE=$BATS_TEST_TMPDIR
}

@test "bzip2 compresses 16 MiB with three hops, as Debian's does" {
	local polls
	hexo_run --count --volume "$PWD/vol:/vol" "$BZIP2" -k /vol/big
	[ "$status" = 0 ]
	cmp vol/big.bz2 expected.bz2
	rm vol/big.bz2
	polls=$(figure .polls)
	hexo_run --local $(hops_at 3 "$polls") --volume "$PWD/vol:/vol" \
		"$BZIP2" -k /vol/big
	cat stderr
	[ "$status" = 0 ]
	hops_done 3
	ran_on aarch64 x86-64
	cmp vol/big.bz2 expected.bz2
	[ "$(stat -c %a vol/big.bz2)" = "$(stat -c %a vol/big)" ]
}

@test "bzip2 decompresses with three hops, through pipes" {
	local polls
	cp expected.bz2 input
	hexo_run --count "$BZIP2" -dc
	[ "$status" = 0 ]
	cmp stdout vol/big
	polls=$(figure .polls)
	hexo_run --local $(hops_at 3 "$polls") "$BZIP2" -dc
	cat stderr
	[ "$status" = 0 ]
	hops_done 3
	cmp stdout vol/big
}

@test "bzip2 refuses a damaged file as Debian's does" {
	head -c 100000 expected.bz2 > input
	local r=0
	/bin/bzip2 -t < input 2> native || r=$?
	hexo_run "$BZIP2" -t
	[ "$status" = "$r" ]
	[ "$r" != 0 ]
}
