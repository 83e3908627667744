# SPDX-License-Identifier: Apache-2.0
# What hexo migrate chooses and tells, over a link of a known speed.
# shellcheck disable=SC2154 # variables of nodes.bash
load ../lib
load ../nodes
load ../dirty

with_faults

# events FILTER: of the JSON that was told, what jq finds there is true
events() {
	cat told
	jq -se "$1" told
}

@test "a large job, a slow link: pre-copy, and said why" {
	slow_node 10000000
	dirty_begin --local
	hexo migrate "$NAME" far > told
	cat told
	grep -Ex "mode: pre-copy \(2[0-9.]+ MiB, about [2-9]\.[0-9] s at ([3-9]\.|1[01])[0-9.]* MB/s\)" told
	[ "$(head -1 told)" = "$(grep ^mode told)" ]
	dirty_end
	hop 0 '.result == "ok" and .mode == "pre-copy" and
		.memory > 20000000 and .speed < 12000000 and
		(.mode_reason | contains("MB/s"))'
}

@test "a small job, a quick link: stop" {
	linked_node
	NAME=small-$$
	hexo run --name "$NAME" --local --stats stats.json "$(image ep)" A \
		> stdout 3>&- 7>&- &
	JOB=$!
	wait_running "$NAME"
	hexo migrate --downtime 2s "$NAME" far > told
	cat told
	grep -q "^mode: stop (" told
	wait "$JOB"
	hop 0 '.result == "ok" and .mode == "stop"'
}

@test "the time that a job may stop decides" {
	slow_node 10000000
	dirty_begin --local
	hexo migrate --json --downtime 300s "$NAME" far > told
	dirty_end
	events '.[] | select(.event == "mode") | .mode == "stop" and
		.estimate_us > 500000 and .estimate_us < 300000000'
}

@test "what a move has shown of the link counts for the next" {
	slow_node 10000000
	dirty_begin --local
	hexo migrate --mode stop "$NAME" far
	# Its measure would say so, if it were asked for.
	link "rate 0"
	hexo migrate --json "$NAME" server > told
	dirty_end
	hop 0 '.mode_reason == ""'
	events '.[] | select(.event == "mode") | .mode == "pre-copy" and
		.speed < 12000000'
}

@test "without KVM it is pre-copy as well" {
	slow_node 10000000
	dirty_begin --local --backend process
	hexo migrate "$NAME" far > told
	cat told
	grep -q "^mode: pre-copy (.*)$" told
	dirty_end
	hop 0 '.result == "ok" and .mode == "pre-copy"'
}

@test "an asked-for mode is no choice" {
	linked_node
	dirty_begin --local
	hexo migrate --mode stop "$NAME" far > told
	cat told
	[ "$(grep -c ^mode told)" = 0 ]
	dirty_end
}

@test "--json: each step of a pre-copy, a line each, the figures at last" {
	slow_node 20000000
	dirty_begin --local
	hexo migrate --json --compress never --mode pre-copy "$NAME" far \
		> told
	dirty_end
	events '[.[] | .event | select(. != "progress" and . != "round")] ==
		["target", "mode", "parked", "shipped", "committed",
		"running", "done"]'
	events '[.[] | select(.event == "round")] | length > 0 and
		.[0].round == 1 and .[0].bytes > 20000000 and .[0].left > 0'
	events '[.[] | select(.event == "progress")] | length > 1 and
		.[1].sent > .[0].sent and .[0].total > 20000000 and
		.[1].stage == "copying" and .[1].left_us > 0'
	events '[.[:-1][].at_us] | . == sort'
	events '.[-1] | .result == "ok" and .down_us > 0 and .bytes > 0 and
		.rounds > 0 and .to_node == "far"'
	[ "$(wc -l < told)" = "$(jq -s length told)" ]
}

@test "--json: a post-copy" {
	slow_node 20000000
	dirty_begin --local
	hexo migrate --json --mode post-copy --no-safe "$NAME" far > told
	dirty_end
	events '[.[] | .event | select(. != "progress")] ==
		["target", "mode", "parked", "committed", "running",
		"shipped", "whole", "done"]'
	events '.[-1] | .faults > 0 and .fetch_us > 0 and
		.mode == "post-copy"'
}

@test "--json: a move that fails, one that is given up, one that cannot be" {
	linked_node
	HEXO_TEST_KILL_TARGET=commit dirty_begin --local
	hexo migrate --json --mode stop "$NAME" far > told && return 1
	events '.[-1] | .event == "failed" and
		(.reason | contains("ended by a test")) and .from_node == "server"'
	: > told
	hexo migrate --json --mode pre-copy --compress never --bandwidth 2M \
		"$NAME" far > told 2> refusal &
	local asked=$!
	wait_text progress told
	hexo migrate --abort "$NAME"
	wait "$asked" && return 1
	cat refusal
	grep -q "given up" refusal
	events '.[-1] | .event == "aborted" and (.reason | contains("given up"))'
	dirty_end
	hexo migrate --json "$NAME" far > told && return 1
	events '.[-1].event == "failed"'
}

@test "a bar on a terminal, and none elsewhere" {
	slow_node 10000000
	dirty_begin --local
	hexo migrate "$NAME" far > told 2> quiet
	[ ! -s quiet ]
	script -qec "hexo migrate --mode stop $NAME server" typescript \
		< /dev/null > /dev/null
	dirty_end
	tr '\r' '\n' < typescript > lines
	cat lines
	grep -Eq '^sending  \[#+\.+\]  .* MiB of .* MiB  .* MB/s  .* left' lines
	# It is taken away before the figures.
	[[ "$(grep -n -B1 "^moved from far" lines)" == *"-  "* ]]
	no_line "sending" < <(sed -n '/^moved from far/,$p' lines)
}

@test "a bar while a checkpoint is written" {
	hexo run --name big-$$ --memory 1G --volume "$PWD/vol:/vol" \
		"$(image dirty)" 400 1 /vol/go > stdout 2> stderr 3>&- 7>&- &
	JOB=$!
	wait_text ready stdout
	script -qec "hexo checkpoint --leave-running big-$$ saved" typescript \
		< /dev/null > /dev/null
	dirty_end
	tr '\r' '\n' < typescript > lines
	cat lines
	grep -Eq '^saving  \[#*\.+\]  .* MiB of .* MiB  ' lines
	grep -q "^saved: .* bytes in" lines
}
