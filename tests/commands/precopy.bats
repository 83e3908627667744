# SPDX-License-Identifier: Apache-2.0
# Pre-copy: a job's memory is sent while it runs. No word of it may be wrong,
# however often it moves, and whatever happens to the target.
load ../lib
load ../dirty

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
	until hexo ps | grep "$NAME" | grep -qw running; do sleep 0.1; done
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

@test "where the job runs without KVM it is refused, and said why" {
	dirty_begin --local --backend process
	run hexo migrate --mode pre-copy "$NAME" server
	[ "$status" = 1 ]
	[[ $output == *"pre-copy needs KVM"* ]]
	hexo migrate "$NAME" server
	dirty_end
	hop 1 '.result == "ok" and .mode == "stop"'
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
