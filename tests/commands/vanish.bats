# SPDX-License-Identifier: Apache-2.0
# The target of a move vanishes at a step of the protocol: the job goes on at
# the source and prints what it would have printed.
load ../lib
with_faults

setup_file() {
	board_start
}

teardown_file() {
	board_stop
}

# survives STEP WHERE
survives() {
	HEXO_TEST_KILL_TARGET=$1 on "--hop 2000:$2" treerec
	hops_failed
	# The same move succeeds when nothing happens to the target.
	on "--hop 2000:$2" treerec
	hops_done 1
}

hops_failed() {
	figure '.hops'
	[ "$(figure '.hops | length')" = 1 ]
	[ "$(figure '.hops[0].result')" != ok ]
	ran_on x86-64
}

for_both() {
	survives "$1" "$BOARD"
	# No board for the others: QEMU's user mode.
	HEXO_RUN_OPTIONS=--local survives "$1" aarch64
}

@test "target vanishes when it has said hello" {
	for_both hello
}

@test "target vanishes when it is about to receive" {
	for_both receive
}

@test "target vanishes in the middle of the stream" {
	for_both stream
}

@test "target vanishes after the last byte" {
	for_both shipped
}

@test "target vanishes when it has committed" {
	for_both commit
}

@test "target vanishes when it owns the job but does not run yet" {
	for_both run
}

@test "no target comes up at all" {
	on "--hop 2000:unix:$PWD/nobody" treerec
	hops_failed
}

@test "the board is stopped while the job runs there: lost, and said so" {
	local other=${BOARD}x
	hexo board start --name "$other"
	hexo_run --name stopped --node "$other" "$(image ep)" A &
	sleep 3
	hexo board stop "$other"
	wait $!
	cat stderr
	grep -q "is lost" stderr
}
