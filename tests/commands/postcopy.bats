# SPDX-License-Identifier: Apache-2.0
# Post-copy: a job runs at the target before its memory is there. No word of
# it may be wrong, and what can be lost is lost with a clear message only.
load ../lib
load ../dirty
with_faults

setup_file() {
	board_start
}

teardown_file() {
	board_stop
}

move() {
	hexo migrate --mode post-copy --no-safe "$@"
}

# until_saved: until the job's own checkpoint is whole
until_saved() {
	local tries
	for ((tries = 0; tries < 300; tries++)); do
		[ ! -s "$NAME.checkpoint" ] || return 0
		sleep 0.1
	done
	return 1
}

@test "from server to server, again and again" {
	dirty_begin
	for _ in 1 2 3; do
		move "$NAME" server
	done
	hexo migrate --mode pre-copy "$NAME" server
	move "$NAME" server
	dirty_end
	for i in 0 1 2 4; do
		hop $i '.result == "ok" and .mode == "post-copy" and
			.bytes > 20000000 and .faults > 0'
	done
	hop 3 '.mode == "pre-copy"'
}

@test "to a board and back" {
	dirty_begin
	move "$NAME" "$BOARD"
	move "$NAME" server
	dirty_end
	hop 0 '.result == "ok" and .mode == "post-copy" and .to == "aarch64"'
	hop 1 '.result == "ok" and .mode == "post-copy" and .to == "x86-64"'
}

@test "in the process backend" {
	dirty_begin --backend process
	move "$NAME" server
	dirty_end
	hop 0 '.result == "ok" and .mode == "post-copy"'
}

@test "where userfaultfd is missing it is refused, and said why" {
	dirty_begin --local
	run move "$NAME" aarch64
	[ "$status" = 1 ]
	[[ $output == *"post-copy needs userfaultfd there"* ]]
	dirty_end
	hop 0 '.result != "ok"'
}

@test "hops at polls, while the memory of the hop before is coming" {
	local line program hops
	for line in treerec qsortcb "files /vol" grow; do
		read -ra program <<< "$line"
		hops=$(hops_at 20 "$(polls_of "${program[@]}")")
		hops=${hops//:aarch64/:server}
		on "--mode post-copy ${hops//:x86-64/:server}" "${program[@]}"
		hops_done 20
		[ "$(figure '[.hops[] | select(.mode == "post-copy")] |
			length')" = 20 ]
	done
}

@test "a rate is kept" {
	dirty_begin
	move --bandwidth 20M "$NAME" server
	dirty_end
	hop 0 '.fetch_us > 1000000'
}

@test "it cannot be given up once the job runs there" {
	dirty_begin
	move --bandwidth 10M "$NAME" server &
	until hexo ps | grep "$NAME" | grep -qw moving; do sleep 0.05; done
	sleep 0.5
	run hexo migrate --abort "$NAME"
	[ "$status" = 1 ]
	[[ $output == *"cannot be given up any more"* ]]
	dirty_end
}

@test "a checkpoint follows, which the job can be restored from" {
	dirty_begin
	hexo migrate --mode post-copy "$NAME" server
	until_saved
	hexo kill "$NAME"
	wait "$JOB" || true
	hexo restore "$NAME.checkpoint" > restored 2>&1 &
	JOB=$!
	touch vol/go
	wait "$JOB"
	cat stdout restored
	grep -qx "0 words are wrong" restored stdout
}

@test "the target vanishes before the job runs there" {
	for step in hello receive commit run; do
		HEXO_TEST_KILL_TARGET=$step \
			on "--mode post-copy --hop 2000:server" treerec
		[ "$(figure '.hops | length')" = 1 ]
		[ "$(figure '.hops[0].result')" != ok ]
	done
}

@test "the target vanishes before anything was heard of the job there" {
	HEXO_TEST_KILL_TARGET=fetch on \
		"--mode post-copy --bandwidth 20K --hop 2000:server" treerec
	figure '.hops'
	[ "$(figure '.hops | length')" = 1 ]
	[[ $(figure '.hops[0].result') == *"ended by a test"* ]]
}

# lost MESSAGE: the job ended, with status 125, and said why
lost() {
	local status=0
	touch vol/go
	wait "$JOB" || status=$?
	cat stderr
	[ "$status" = 125 ]
	grep -q "$1" stderr
}

@test "the source vanishes before all has come: lost, and said so" {
	HEXO_TEST_KILL_SOURCE=fetch dirty_begin
	run move "$NAME" server
	[ "$status" = 1 ]
	lost "lost before all of its memory had come"
}

@test "a job that was lost is restored from its checkpoint" {
	HEXO_TEST_KILL_SOURCE=fetch dirty_begin --checkpoint-every 300ms
	until_saved
	run move "$NAME" server
	[ "$status" = 1 ]
	lost "hexo restore .*$NAME.checkpoint"
	hexo restore "$NAME.checkpoint" > restored 2>&1
	grep -qx "0 words are wrong" restored
}
