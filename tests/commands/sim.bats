# SPDX-License-Identifier: Apache-2.0
# hexo-sim: figures that can be reckoned by hand, and what it refuses.
load ../lib

# world FILTER: the example, changed
world() {
	jq "$1" "$ROOT/sim/examples/boards.json" > world.json
}

# figures FILTER OPTION...: is true of the result
figures() {
	local filter=$1
	shift
	hexo-sim --json "$@" world.json > result.json
	cat result.json
	jq -e "$filter" result.json
}

@test "a server alone does what its slots can" {
	world '.mix = ["EP"] | .horizon_s = 36000'
	# 3 slots, 147 s each: 244 rounds in 36,000 s
	figures '.finished == 732 and .joules == 36000 * (81.5 + 30) and
		.offloads == 0' --nodes potato=0
}

@test "boards add what they can do" {
	world '.mix = ["EP"] | .horizon_s = 338100'
	# 2300 rounds on the server, 1000 on each of 9 slots of boards
	figures '.finished >= 3 * 2300 + 9 * 1000 - 12 and
		.finished <= 3 * 2300 + 9 * 1000' --policy hexo
}

@test "the published rule fills boards with what loses most there" {
	world '.'
	figures '.finished > 80 and .kinds[1].finished < 60' --policy paper
	cp result.json paper.json
	figures '.finished > 110' --policy hexo
	jq -e --slurpfile paper paper.json \
		'.jobs_per_kj > $paper[0].jobs_per_kj * 1.2' result.json
}

@test "no job goes where it cannot run" {
	world 'del(.jobs[0].slowdown, .jobs[1].slowdown)'
	for policy in none paper hexo; do
		figures '.offloads == 0 and .started_on_boards == 0' \
			--policy $policy
	done
}

@test "short jobs end, late as well" {
	world '.jobs[].seconds = 0.001 | .horizon_s = 3 | .waiting = 100 |
		.kinds[0].slots = 1 | .move.live = true'
	figures '.finished >= 2999' --nodes potato=0
}

@test "jobs that come at random all end" {
	world '.count = 500 | .per_hour = 60 | del(.horizon_s)'
	figures '.finished == 500 and .arrived == 500'
	cp result.json first.json
	figures '.' --seed 1
	cmp first.json result.json
	figures '.' --seed 2
	[ "$(< first.json)" != "$(< result.json)" ]
}

@test "decisions have reasons" {
	world '.horizon_s = 10'
	hexo-sim --decisions world.json > out
	cat out
	grep -q "^0.000 s: job 1 (EP) starts on node 0: a server has a free core" \
		out
	grep -q "starts on node 1: the servers are busy, and it loses least" out
}

@test "a thousand boards and a hundred thousand jobs" {
	world '.count = 100000 | .per_hour = 60000 | del(.horizon_s)'
	figures '.finished == 100000' --nodes potato=1000
}

# refused TEXT FILTER
refused() {
	world "$2"
	run hexo-sim world.json
	echo "$output"
	[ "$status" = 1 ]
	[[ $output == "hexo-sim: "*"$1"* ]]
}

@test "what makes no sense is refused, and said where" {
	refused '"kinds" must be an array' 'del(.kinds)'
	refused '"slots" must be a number' '.kinds[0].slots = -1'
	refused '"slots" must be whole' '.kinds[0].slots = 1.5'
	refused '"memory" must be a size' '.jobs[1].memory = 7'
	refused 'kind xeon comes twice' '.kinds[1].name = "xeon"'
	refused '"slowdown" must be an object' '.jobs[0].slowdown = []'
	refused '"move" must be an object' '.move = 5'
	refused '"live" must be true or false' '.move.live = 1'
	refused '"count" must be whole' '.count = 1.5'
	refused 'no kind pi' '.jobs[0].slowdown = { pi: 3 }'
	refused 'no job FT' '.mix = ["FT"]'
	refused 'is not none, paper or hexo' '.policy = "best"'
	refused 'would never end' 'del(.horizon_s)'
	refused 'there is no server' '.kinds[0].count = 0'
	refused 'fits no node' '.kinds[].memory = "1M"'
	echo '{ "kinds": [' > world.json
	run hexo-sim world.json
	[ "$status" = 1 ]
	[[ $output == *"world.json, line "* ]]
	run hexo-sim nowhere.json
	[ "$status" = 1 ]
}

@test "wrong usage" {
	run hexo-sim
	[ "$status" = 2 ]
	run hexo-sim --policy
	[ "$status" = 2 ]
	world '.'
	run hexo-sim --nodes potato world.json
	[ "$status" = 1 ]
	[[ $output == *"not KIND=N"* ]]
	hexo-sim --help | grep -q "usage: hexo-sim"
}
