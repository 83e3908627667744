# SPDX-License-Identifier: Apache-2.0
# zlib: its own test, and its minigzip against gzip.
export BATS_TEST_TIMEOUT=300
load ../lib

ZLIB=$ROOT/build/tests/zlib

@test "zlib's own test passes while its programs move" {
	cp -a "$ZLIB" zlib
	HEXO_RUN_OPTIONS="--volume $PWD:$PWD --local --hop-every 2000" \
		timeout 200 make -C zlib teststatic > log 2>&1 || {
		cat log
		return 1
	}
	grep -F '*** zlib test OK ***' log
	grep 'inflateSync(): hel' log
}

@test "minigzip compresses with three moves what gzip reads, and back" {
	seq 1 400000 | awk '{ x = (x * 69069 + $1) % 1048573
		print x % 997, substr("the job moves on", x % 13 + 1), x }' \
		> plain
	cp plain input
	with_moves 3 "$ZLIB/minigzip"
	cmp <(gzip -dc stdout) plain
	gzip -9c plain > input
	with_moves 3 "$ZLIB/minigzip" -d
	cmp stdout plain
}

@test "minigzip refuses what is damaged" {
	gzip -c input | head -c 300 > part
	mv part input
	hexo_run "$ZLIB/minigzip" -d
	cat stderr
	[ "$status" != 0 ]
	grep -q minigzip: stderr
}
