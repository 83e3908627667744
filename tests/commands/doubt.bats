# SPDX-License-Identifier: Apache-2.0
# One side of a move is silent, and the operator knows more: --resolve. And
# what happens when nobody says anything.
# shellcheck disable=SC2154 # variables of nodes.bash
load ../lib
load ../nodes
load ../dirty

with_faults

# silent OPTION...: a job whose target here does nothing more once it has
# committed; $asked waits for the move
silent() {
	linked_node
	HEXO_TEST_STOP_TARGET=commit dirty_begin --local "$@"
	hexo migrate --mode stop "$NAME" server > told 2> refusal &
	asked=$!
	waits_for server
}

# waits_for SIDE: hexo ps says so
waits_for() {
	local tries
	for ((tries = 0; tries < 100; tries++)); do
		! hexo ps | grep "waits for $1 for .*: hexo" || return 0
		sleep 0.1
	done
	hexo ps
	return 1
}

# is_at NODE: the job's owner is, soon
is_at() {
	local tries
	for ((tries = 0; tries < 200; tries++)); do
		! hexo ps --json | jq -e ".[0].node == \"$1\"" > /dev/null ||
			return 0
		sleep 0.05
	done
	return 1
}

# given_up: the job has gone on here, and who asked for the move knows why
given_up() {
	wait "$asked" && return 1
	cat refusal
	grep -q "it was given up" refusal
}

# computes OPTION...: a job with 8 MiB that says nothing before its end, as
# VM $NAME and process $JOB
computes() {
	NAME=computes-$BATS_TEST_NUMBER-$$
	hexo run --name "$NAME" --stats stats.json "$@" "$(image ep)" W \
		> stdout 2> stderr < /dev/null 3>&- 7>&- &
	JOB=$!
	wait_running "$NAME"
}

computed() {
	wait "$JOB" || {
		cat stderr
		return 1
	}
	natively ep W
	diff expected stdout
}

@test "here: the target is silent when it owns the job, not yet running" {
	silent --timeout 30
	hexo ps --json > ps.json
	cat ps.json
	jq -e '.[0].waiting | .for == "server" and .us >= 2000000 and
		.why == "it is silent" and
		(.command | contains("--resolve"))' ps.json
	run hexo migrate --abort "$NAME"
	[ "$status" = 1 ]
	hexo migrate --resolve "$NAME" here
	given_up
	dirty_end
	hop 0 '.result == "it was given up"'
	no_line "waits for" < <(hexo ps)
}

@test "here: while memory is sent it is as --abort" {
	linked_node
	dirty_begin --local
	hexo migrate --mode pre-copy --bandwidth 2M "$NAME" far \
		2> refusal &
	asked=$!
	sleep 1
	link down
	waits_for far
	hexo migrate --resolve "$NAME" here
	given_up
	dirty_end
	link up
	hop 0 '.result == "it was given up"'
}

@test "here: a post-copy of which nothing was heard" {
	linked_node
	computes --local --timeout 1
	hexo migrate --mode post-copy --no-safe --bandwidth 64K "$NAME" far \
		2> refusal &
	asked=$!
	is_at far
	sleep 0.5
	link down
	waits_for far
	hexo migrate --resolve "$NAME" here
	given_up
	computed
	link up
	hop 0 '.result == "it was given up"'
}

@test "here is refused when the job was heard of there, and a way named" {
	linked_node
	dirty_begin --local
	hexo checkpoint --leave-running "$NAME" saved
	hexo migrate --mode post-copy --no-safe --compress never \
		--bandwidth 4M "$NAME" far &
	asked=$!
	is_at far
	sleep 3
	run hexo migrate --resolve "$NAME" here
	echo "$output"
	[ "$status" = 1 ]
	[[ $output == *"cannot be done again"*"hexo restore $PWD/saved"* ]]
	wait "$asked"
	dirty_end
}

@test "here is refused when nobody else has the job" {
	linked_node
	dirty_begin --node far
	run hexo migrate --resolve "$NAME" here
	[ "$status" = 1 ]
	[[ $output == *"no move is in progress"* ]]
	link down
	waits_for far | grep "hexo kill"
	run hexo migrate --resolve "$NAME" here
	echo "$output"
	[ "$status" = 1 ]
	[[ $output == *"nobody else has it; it has no checkpoint"* ]]
	run hexo migrate --resolve "$NAME" there
	[ "$status" = 1 ]
	[[ $output == *"no move is in progress"* ]]
	link up
	dirty_end
}

@test "there: the home waits for a target that is slow" {
	silent --timeout 1
	hexo migrate --resolve "$NAME" there
	sleep 5
	waits_for server
	pkill -CONT -P "$JOB" hexo-vm
	wait "$asked"
	dirty_end
	hop 0 '.result == "ok"'
}

@test "what is said must be here or there" {
	run hexo migrate --resolve x nowhere
	[ "$status" = 2 ]
	[[ $output == *"neither 'here' nor 'there'"* ]]
	run hexo migrate --resolve x
	[ "$status" = 2 ]
	run hexo migrate --resolve --abort x here
	[ "$status" = 2 ]
}

@test "a post-copy whose target takes no memory any more goes back" {
	linked_node
	HEXO_TEST_STOP_TARGET=fetch computes --local --timeout 1
	hexo migrate --mode post-copy --no-safe --bandwidth 256K "$NAME" \
		server 2> refusal && return 1
	cat refusal
	grep -q "it took nothing of its memory in 3 s" refusal
	computed
	hop 0 '.result | contains("took nothing")'
}

@test "a post-copy whose source sends nothing any more is lost" {
	local source status=0
	linked_node
	dirty_begin --local --timeout 1
	source=$(pgrep -P "$JOB" hexo-vm)
	hexo migrate --mode post-copy --no-safe --bandwidth 1M "$NAME" server \
		> told 2>&1 &
	asked=$!
	until [ "$(pgrep -c -P "$JOB" hexo-vm)" = 2 ]; do sleep 0.05; done
	sleep 2
	kill -STOP "$source"
	wait "$JOB" || status=$?
	kill -CONT "$source" 2> /dev/null || true
	wait "$asked" && return 1
	cat stderr
	[ "$status" = 125 ]
	grep -q "lost before all .* it sent nothing of the memory .* in 3 s" \
		stderr
}

@test "a post-copy waits for a link that is broken for longer" {
	linked_node
	dirty_begin --local --timeout 1
	hexo migrate --mode post-copy --no-safe --compress never \
		--bandwidth 4M "$NAME" far &
	asked=$!
	is_at far
	sleep 1
	link down
	sleep 5
	kill -0 "$asked"
	link up
	wait "$asked"
	dirty_end
	hop 0 '.result == "ok" and .mode == "post-copy"'
}
