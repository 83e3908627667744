# SPDX-License-Identifier: Apache-2.0
# hexo run and its relatives: what goes in, what comes out.
load ../lib

@test "an image is a command" {
	natively exitcode exit 5
	local r=0
	"$(image exitcode)" exit 5 > stdout || r=$?
	[ "$r" = 5 ]
	diff expected stdout
}

@test "arguments reach the program as they are" {
	on "" exitcode 'a b  "c" $d' -3 '' --isa nowhere
}

@test "an end by signal is 128 + its number" {
	on "" exitcode abort
	[ "$status" = 134 ]
	hexo_run "$(image exitcode)" raise 15
	[ "$status" = 143 ]
}

@test "every byte of an exit status comes through" {
	local code
	for code in 0 1 127 128 255 256; do
		hexo_run "$(image exitcode)" _exit "$code"
		[ "$status" = $((code % 256)) ]
	done
}

@test "output to a closed pipe ends the job as by SIGPIPE" {
	local r=0
	# More than a pipe holds.
	yes "a line of input" | head -100000 > input
	hexo run "$(image stdin)" < input | head -1 > stdout
	r=${PIPESTATUS[0]}
	echo "status $r"
	[ "$r" = 141 ]
}

@test "a full disk is told to the program" {
	local r=0
	hexo run "$(image strings)" > /dev/full 2> stderr || r=$?
	# The program does not look; hexo goes on.
	[ "$r" = 0 ]
	[ ! -s stderr ]
}

@test "an interrupt ends the job and all that belongs to it" {
	hexo run --name interrupted "$(image ep)" A > stdout 2> stderr &
	local job=$! r=0
	until hexo ps | grep -qw interrupted; do sleep 0.1; done
	kill -TERM "$job"
	wait "$job" || r=$?
	[ "$r" = 143 ]
	hexo ps | no_line -w interrupted
}

@test "hexo kill ends the job with 137" {
	hexo run --name killed "$(image ep)" A > stdout 2> stderr &
	local job=$! r=0
	wait_running killed
	hexo kill killed
	wait "$job" || r=$?
	[ "$r" = 137 ]
}

@test "hexo ps shows a job, and JSON of it" {
	hexo run --name shown "$(image ep)" A > stdout 2> stderr &
	local job=$!
	wait_running shown
	hexo ps --json | jq -e '.. | objects | select(.id? == "shown")
		| .isa == "x86-64" and .hops == 0 and .node == "server"'
	hexo kill shown
	wait "$job" || true
}

@test "a hop to the ISA where the job runs is a hop, too" {
	on "--local --hop 1000:aarch64 --hop 2000:aarch64" treerec
	hops_done 2
}

@test "a hop at a time" {
	need_kvm
	on "--local --hop 1ms:server --hop 30ms:server" ep S
	hops_done 2
	[ "$(figure .polls_counted)" = false ]
	[ "$(figure '.isas["x86-64"] | .run_us > 0 and .run_us < .cpu_us')" = \
		true ]
}

@test "polls are probed before and after a move" {
	need_kvm
	on "--local --probe-polls 200 --hop 20ms:server" ep S
	hops_done 1
	# An answer that a move overtakes is lost; the probes go on.
	[ "$(figure .probes.count)" -gt 50 ]
	jq -e '.probes | .wall_us.p50 > 0 and .cpu_us.max >= .cpu_us.p99' \
		stats.json
}

@test "nothing is counted after the last hop" {
	on "--local --hop 1000:server --hop 3000:aarch64" treerec
	hops_done 2
	[ "$(figure .polls)" = 3000 ]
	[ "$(figure .polls_counted)" = false ]
}

@test "--hop-every goes round all ISAs" {
	on "--local --hop-every 20000" treerec
	ran_on aarch64 x86-64
	[ "$(figure '.hops | length')" -ge 3 ]
	[ "$(figure '[.hops[].to] | .[0:3] | join(" ")')" = \
		"aarch64 x86-64 aarch64" ]
}

@test "polls count the same everywhere" {
	local program place options polls
	for program in qsortcb treerec floatfmt strings structval; do
		polls=$(polls_of "$program")
		[ "$polls" -gt 100 ]
		for place in "--isa x86-64" "--isa x86-64 --backend process" \
			"--isa aarch64 --local" "--local --hop 100:aarch64"; do
			read -ra options <<< "$place"
			hexo_run --count "${options[@]}" "$(image "$program")"
			echo "$program $place: $(figure .polls), not $polls"
			[ "$(figure .polls)" = "$polls" ]
		done
	done
}

@test "statistics name their figures" {
	on "--local --hop 2000:aarch64" treerec
	cat stats.json
	jq -e '.polls > 0 and .exit_status == 0 and .wall_us > 0
		and .isas["x86-64"].cpu_us > 0 and .isas.aarch64.wall_us > 0
		and .peak_memory > 0
		and (.hops[0] | .park_us > 0 and .bytes > 4096
			and .transfer_us > 0 and .resume_us > 0
			and .at_poll == 2000 and .frames > 1)' stats.json
}

@test "memory of another size moves, too" {
	on "--local --memory 1G --stack 16M --hop 3000:aarch64" churn 300 3
	hops_done 1
}

@test "more memory than the VM has is not there" {
	hexo_run --memory 16M "$(image churn)" 300 3
	[ "$status" = 2 ]
}

@test "deep recursion moves" {
	with_hops 4 recursion 20000
}
