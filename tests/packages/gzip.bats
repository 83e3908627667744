# SPDX-License-Identifier: Apache-2.0
# gzip: its own test suite, whose programs are jobs that move.
export BATS_TEST_TIMEOUT=1200
load ../lib

@test "gzip's own test suite" {
	cp -a "$ROOT/build/tests/gzip" gzip
	HEXO_RUN_OPTIONS="--volume $PWD:$PWD" \
		timeout 1000 make -C gzip check > log 2>&1 || {
		tail -50 log
		return 1
	}
	grep '^# PASS:' log
}
