# SPDX-License-Identifier: Apache-2.0
# Memory on its way is compressed where that makes a move shorter, and nowhere
# else.
# shellcheck disable=SC2154 # variables of nodes.bash
load ../lib
load ../nodes
load ../dirty

# sums: of all moves, the milliseconds until all memory was there
sums() {
	jq -r '.hops[] | (.copy_us + .transfer_us + .fetch_us) / 1000 | floor' \
		stats.json
}

# there_and_back MODE: over the slow link, first as it is, then packed
there_and_back() {
	local sum
	DIRTY=(24 0)
	dirty_begin
	hexo migrate --mode "$1" --no-safe --compress never "$NAME" far
	hexo migrate --mode stop --compress always "$NAME" server
	hexo migrate --mode "$1" --no-safe "$NAME" far > told
	cat told
	grep "^compressed: " told
	dirty_end
	hop 0 '.result == "ok" and .bytes == .plain_bytes'
	hop 1 '.result == "ok" and .bytes < .plain_bytes * 3 / 4'
	hop 2 '.result == "ok" and .bytes < .plain_bytes * 3 / 4'
	mapfile -t sum < <(sums)
	echo "milliseconds: ${sum[*]}"
	[ "$((sum[2] * 4))" -lt "$((sum[0] * 3))" ]
}

@test "over a slow link a stop is shorter, and sends less" {
	slow_node 8000000
	there_and_back stop
	hop 2 '.mode == "stop"'
}

@test "over a slow link pre-copy is shorter, and sends less" {
	slow_node 8000000
	there_and_back pre-copy
	hop 2 '.mode == "pre-copy"'
}

@test "over a slow link post-copy is shorter, and sends less" {
	slow_node 8000000
	there_and_back post-copy
	hop 2 '.mode == "post-copy"'
}

@test "on this machine nothing is compressed, unless it is asked for" {
	dirty_begin --save-streams .
	for how in auto auto always never; do
		hexo migrate --mode stop --compress "$how" "$NAME" server
	done
	hexo migrate --mode post-copy --no-safe "$NAME" server
	dirty_end
	for i in 0 1 3 4; do
		hop $i '.result == "ok" and .bytes == .plain_bytes'
	done
	hop 2 '.result == "ok" and .bytes < .plain_bytes * 3 / 4'
	hexo stream hop-1.stream | no_line -w PACKED
	hexo stream hop-3.stream | grep -w PACKED
}

@test "from one ISA to the other and back" {
	dirty_begin --local --compress always
	hexo migrate "$NAME" aarch64
	hexo migrate "$NAME" x86-64
	dirty_end
	for i in 0 1; do
		hop $i '.result == "ok" and .bytes < .plain_bytes * 3 / 4'
	done
}

@test "what does not shrink goes as it is" {
	slow_node 8000000
	hexo run --name held --volume "$PWD/vol:/vol" --stats stats.json \
		"$(image hold)" 8 /vol/go > stdout 2> stderr 3>&- 7>&- &
	JOB=$!
	wait_text . stdout
	hexo migrate --mode stop held far
	touch vol/go
	wait "$JOB"
	hop 0 '.result == "ok" and .bytes > .plain_bytes * 98 / 100'
}

@test "--bandwidth counts what is sent" {
	# shellcheck disable=SC2034 # dirty_begin reads it
	DIRTY=(24 0)
	dirty_begin
	hexo migrate --mode pre-copy --compress always --bandwidth 8M \
		"$NAME" server
	dirty_end
	# Bytes a microsecond.
	hop 0 '.result == "ok" and .copied / .copy_us < 8.6 and
		.bytes < .plain_bytes * 3 / 4'
}

@test "a job whose moves are compressed is saved and restored" {
	dirty_begin --compress always
	hexo migrate "$NAME" server
	hexo checkpoint "$NAME" saved
	wait "$JOB" || true
	touch vol/go
	hexo restore saved > restored 2>&1
	grep -qx "0 words are wrong" restored
}

@test "what is no way to compress is refused" {
	run hexo migrate --compress much nobody server
	[ "$status" = 2 ]
	[[ $output == *"'much' is not auto, never or always"* ]]
	refused 125 "'much' is not auto, never or always" --compress much \
		"$(image treerec)"
}
