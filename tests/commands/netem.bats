# SPDX-License-Identifier: Apache-2.0
# A network that delays and loses packets and carries 100 Mbit/s: jobs move to a
# board behind it and back in each mode, and no word of their memory is wrong.
export BATS_TEST_TIMEOUT=300
load ../lib
load ../dirty

NETEM="delay 5ms loss 1% rate 100mbit"

setup_file() {
	export BOARD=t$$
	hexo board start --name "$BOARD" --netem "$NETEM" > /dev/null
}

teardown_file() {
	board_stop
}

# there_and_back MODE
there_and_back() {
	need_kvm
	# shellcheck disable=SC2034 # of dirty.bash
	DIRTY=(8 2)
	dirty_begin --timeout 30
	hexo migrate --no-safe --mode "$1" "$NAME" "$BOARD"
	hexo migrate --no-safe --mode "$1" "$NAME" server
	dirty_end
	hop 0 ".result == \"ok\" and .mode == \"$1\" and .to == \"aarch64\""
	hop 1 ".result == \"ok\" and .mode == \"$1\" and .to == \"x86-64\""
}

@test "both ways are delayed and lossy" {
	[ "$(hexo board log "$BOARD" |
		grep -c "^qdisc netem .* delay 5ms loss 1% rate 100Mbit")" = 2 ]
}

@test "stop: no faster than the rate" {
	there_and_back stop
	hop 0 ".plain_bytes > 7000000 and .transfer_us > .bytes * 8 / 100"
	hop 1 ".plain_bytes > 7000000 and .transfer_us > .bytes * 8 / 100"
}

@test "pre-copy" {
	there_and_back pre-copy
}

@test "post-copy" {
	there_and_back post-copy
}

@test "words that tc does not know are refused, and said which" {
	run hexo board start --name "${BOARD}b" --netem "delay five"
	echo "$output"
	[ "$status" = 1 ]
	[[ $output == *"cannot do --netem delay,five"* ]]
	hexo board list | no_line -w "${BOARD}b"
}

@test "what could be more than words is refused" {
	for words in "" "delay 5ms;ls" 'loss $(ls)' "a,b" "$(printf 'x%.0s' {1..128})"; do
		run hexo board start --name "${BOARD}b" --netem "$words"
		echo "$output"
		[ "$status" = 2 ]
		[[ $output == *"--netem '$words': at most 127"* ]]
	done
}
