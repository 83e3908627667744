# SPDX-License-Identifier: Apache-2.0
# Pre-copy: a job's memory is sent while it runs. No word of it may be wrong,
# however often it moves, and whatever happens to the target.
load ../lib
load ../dirty
with_faults

@test "from server to server, again and again" {
	dirty_begin --local
	for _ in 1 2 3; do
		hexo migrate --mode pre-copy "$NAME" server
	done
	hexo migrate --mode stop "$NAME" server
	dirty_end
	for i in 0 1 2; do
		hop $i '.result == "ok" and .mode == "pre-copy" and
			.rounds >= 1 and .copied > 20000000'
	done
	hop 3 '.mode == "stop" and .rounds == 0'
}

@test "to the other ISA" {
	dirty_begin --local
	hexo migrate "$NAME" aarch64
	dirty_end
	hop 0 '.result == "ok" and .mode == "pre-copy"'
}

@test "what is small is sent at once" {
	NAME=small-$$
	hexo run --name "$NAME" --stats stats.json "$(image ep)" A > stdout &
	JOB=$!
	wait_running "$NAME"
	hexo migrate "$NAME" server > told
	wait "$JOB"
	[ "$(grep -c pre-copy told)" = 0 ]
	hop 0 '.result == "ok" and .mode == "stop"'
}

@test "a job that writes too fast moves nevertheless" {
	NAME=fast-$$
	hexo run --name "$NAME" --volume "$PWD/vol:/vol" --stats stats.json \
		"$(image dirty)" 24 4000 /vol/go > stdout 2> stderr &
	JOB=$!
	wait_text ready stdout
	hexo migrate --downtime 1ms "$NAME" server
	dirty_end
	hop 0 '.result == "ok" and .rounds < 31'
}

@test "in the process backend, from each ISA to the other" {
	dirty_begin --local --backend process --isa x86-64
	hexo migrate "$NAME" x86-64
	hexo migrate "$NAME" aarch64
	hexo migrate --mode pre-copy "$NAME" aarch64
	hexo migrate "$NAME" x86-64
	dirty_end
	for i in 0 1 2 3; do
		hop $i '.result == "ok" and .mode == "pre-copy" and
			.rounds >= 1 and .copied > 20000000'
	done
}

@test "in the process backend, a job that writes too fast" {
	local isa
	for isa in x86-64 aarch64; do
		rm -f vol/go stdout
		NAME=fast-$isa-$$
		hexo run --name "$NAME" --local --backend process --isa $isa \
			--volume "$PWD/vol:/vol" --stats stats.json \
			"$(image dirty)" 24 4000 /vol/go > stdout 2> stderr &
		JOB=$!
		wait_text ready stdout
		hexo migrate --downtime 1ms "$NAME" $isa
		dirty_end
		hop 0 '.result == "ok" and .mode == "pre-copy" and .rounds < 31'
	done
}

@test "in the process backend, given up in a round, again and again" {
	dirty_begin --local --backend process
	local asked i
	for i in 1 2 3 4 5 6; do
		hexo migrate --bandwidth "${i}M" "$NAME" server > told 2>&1 &
		asked=$!
		sleep "0.$((2 + i))"
		hexo migrate --abort "$NAME"
		wait $asked && return 1
		grep "given up" told
	done
	hexo migrate "$NAME" server
	dirty_end
	hop 6 '.result == "ok" and .mode == "pre-copy"'
}

# wrong ISA HOW TEXT: a job that goes wrong in a round is told from one that
# writes
wrong() {
	local status=0
	rm -f vol/go stdout
	NAME=wild-$1-$2-$$
	hexo run --name "$NAME" --local --backend process --isa "$1" \
		--volume "$PWD/vol:/vol" "$(image wild)" "$2" /vol/go \
		> stdout 2> stderr &
	JOB=$!
	wait_text ready stdout
	hexo migrate --mode pre-copy --bandwidth 1M "$NAME" server \
		> told 2>&1 &
	sleep 1
	touch vol/go
	wait "$JOB" || status=$?
	wait $! && return 1
	cat stderr told
	[ "$status" = 139 ]
	grep -q "guest fault: $3" stderr
}

@test "in the process backend, a fault in a round is reported as ever" {
	local isa
	for isa in x86-64 aarch64; do
		wrong $isa null "null pointer write at address 0x0"
		wrong $isa constant "read-only memory write at address"
		wrong $isa jump "jump to data at address"
	done
}

@test "--abort gives it up, the job goes on and moves later" {
	dirty_begin --local
	hexo migrate --bandwidth 5M "$NAME" server > told 2>&1 &
	local asked=$!
	sleep 1
	hexo migrate --abort "$NAME"
	wait $asked && return 1
	grep "given up" told
	hexo migrate "$NAME" server
	dirty_end
	hop 0 '.result | contains("given up")'
	hop 1 '.result == "ok" and .mode == "pre-copy"'
}

@test "nothing to abort is said" {
	dirty_begin --local
	run hexo migrate --abort "$NAME"
	[ "$status" = 1 ]
	[[ $output == *"no move is in progress"* ]]
	dirty_end
}

@test "--bandwidth is kept" {
	dirty_begin --local
	SECONDS=0
	hexo migrate --bandwidth 8M "$NAME" server
	[ "$SECONDS" -ge 2 ]
	dirty_end
}

@test "the target vanishes at each step" {
	local step
	for step in hello receive stream shipped commit run; do
		rm -f vol/go stdout
		HEXO_TEST_KILL_TARGET=$step dirty_begin --local
		run hexo migrate "$NAME" server
		echo "$step: $output"
		[ "$status" = 1 ]
		dirty_end
		hop 0 '.result != "ok"'
	done
}

@test "moves that are given up in a round, each with a checkpoint at once" {
	dirty_begin --local
	local asked i
	for i in 1 2 3 4 5 6 7 8; do
		hexo migrate --bandwidth "${i}M" "$NAME" server > told 2>&1 &
		asked=$!
		sleep "0.$((2 + i))"
		hexo migrate --abort "$NAME"
		hexo checkpoint --leave-running "$NAME" saved
		wait $asked && return 1
		grep "given up" told
	done
	hexo migrate "$NAME" server
	dirty_end
	hop 8 '.result == "ok"'
}
