# SPDX-License-Identifier: Apache-2.0
# The emulated board: its life, and jobs that go there and come back.
load ../lib

setup_file() {
	board_start
}

teardown_file() {
	board_stop
}

@test "a board starts within 15 s, is listed, and stops" {
	local begin=$SECONDS name=${BOARD}b
	run hexo board start --name "$name" --cpus 1 --memory 512M
	echo "$output"
	[ "$status" = 0 ]
	[ $((SECONDS - begin)) -le 15 ]
	hexo board list | grep -w "$name"
	hexo board list --json | jq -e --arg n "$name" \
		'[.. | objects | select(.name? == $n)] | length == 1'
	hexo board stop "$name"
	hexo board list | no_line -w "$name"
}

@test "two boards cannot have one name" {
	run hexo board start --name "$BOARD"
	echo "$output"
	[ "$status" = 1 ]
}

@test "stopping a board that is not there fails" {
	run hexo board stop nobody
	echo "$output"
	[ "$status" = 1 ]
}

@test "a job uses a directory of the board's own" {
	natively files "$PWD/native-vol"
	hexo_run --node "$BOARD" --backend kvm --volume-local /scratch:/vol \
		"$(image files)" /vol
	cat stderr
	[ "$status" = 0 ]
	diff expected stdout
	hexo_run --node "$BOARD" --volume-local /scratch:/vol \
		"$(image paths)" read /vol/records
	grep -qx "/vol/records: record 0000 00000000" stdout
}

# there_and_back PROGRAM [ARG...]: server KVM, board KVM, server KVM
there_and_back() {
	local polls
	need_kvm
	polls=$(polls_of "$@")
	on "--isa x86-64 --backend kvm --hop $((polls / 3)):$BOARD \
		--hop $((polls * 2 / 3)):server" "$@"
	ran_on aarch64 x86-64
	hops_done 2
	[[ "$(figure '.hops[0].to_node')" == *"$BOARD"* ]]
	[ "$(figure '.hops[1].to_node')" = server ]
}

@test "there and back: ep" {
	there_and_back ep S
}

@test "there and back: is" {
	there_and_back is S
}

@test "there and back: cg" {
	there_and_back cg S
}

@test "there and back: memory churn" {
	there_and_back churn 16 30
}

@test "there and back: recursion" {
	there_and_back treerec
}

@test "there and back: open files stay at home" {
	there_and_back files /vol
}

@test "there and back: input comes from home" {
	there_and_back stdin
}

@test "there and back: the exit status comes home" {
	there_and_back exitcode exit 7
}

@test "a job finds a board by its ISA" {
	on "--hop 2000:aarch64" treerec
	hops_done 1
	[ "$(figure '.hops[0].to_node')" != server ]
}

@test "a job is moved by hand" {
	hexo_run --name byhand "$(image ep)" W &
	local job=$!
	wait_running byhand
	run hexo migrate byhand "$BOARD"
	echo "$output"
	[ "$status" = 0 ]
	hexo ps --json | jq -e '.. | objects | select(.id? == "byhand")
		| .isa == "aarch64" and .hops == 1'
	run hexo migrate byhand server
	echo "$output"
	[ "$status" = 0 ]
	wait "$job"
	natively ep W
	diff expected stdout
	hops_done 2
}
