#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: bench/report.sh [--markdown] [RESULTS]
#
# Prints the figures that bench/bench.sh has written as tables.
set -euo pipefail

cd "$(dirname "$0")/.."
form=text
if [ "${1:-}" = --markdown ]; then
	form=markdown
	shift
fi
results=${1:-build/bench/results.json}

# table HEAD...: rows of fields with tabs between them come from stdin
table() {
	{
		(
			IFS=$'\t'
			echo "$*"
		)
		cat
	} | awk -F'\t' -v form="$form" '
	{
		for (i = 1; i <= NF; i++) {
			cell[NR, i] = $i
			if (length($i) > width[i])
				width[i] = length($i)
		}
		columns = NF > columns ? NF : columns
	}
	function shape(i) {
		if (form == "markdown")
			return " %s |"
		return i == 1 ? "%-" width[i] "s" : "  %" width[i] "s"
	}
	function row(r,   i, line) {
		line = form == "markdown" ? "|" : ""
		for (i = 1; i <= columns; i++)
			line = line sprintf(shape(i), cell[r, i])
		print line
	}
	END {
		row(1)
		if (form == "markdown") {
			line = "|---|"
			for (i = 2; i <= columns; i++)
				line = line "---:|"
			print line
		}
		for (r = 2; r <= NR; r++)
			row(r)
	}'
}

heading() {
	echo
	case $form in
	markdown) printf '### %s\n\n' "$1" ;;
	*) printf '%s\n\n' "$1" ;;
	esac
}

# has SECTION: whether it was measured
has() {
	jq -e ".$1 | length > 0" "$results" > /dev/null
}

# rows FILTER: each array that it gives is a row
# shellcheck disable=SC2016 # jq's variables
rows() {
	jq -r '
	def fixed($n): if . == null then "-" else
		. * pow(10; $n) | round | tostring |
		if $n == 0 then . else
			(if length <= $n then "0" * ($n + 1 - length) + .
			 else . end) | .[:-$n] + "." + .[-$n:] end end;
	def spread: if . == null then "-" else
		"\(.median | fixed(3)) (\(.low | fixed(3))–\(.high |
			fixed(3)))" end;
	def geomean: map(values) | if length == 0 then null else
		(map(log) | add / length | exp) end;
	'"$1"' | @tsv' "$results"
}

times() {
	heading "CPU time under KVM against the native program"
	rows '.times | (.[] | [.program, .class, (.native_us / 1e3 | fixed(0)),
			(.vm | spread), (.moved | spread), (.hexo | spread)]),
		(["geometric mean", "", ""] +
			[(map(.vm.median), map(.moved.median?),
				map(.hexo.median)) | geomean | fixed(3)]),
		(["worst", "", ""] +
			[(map(.vm.median), map(.moved.median?),
				map(.hexo.median)) | max | fixed(3)]),
		["target", "", "", "1.01, worst 1.05", "1.02, worst 1.07",
			"-"]' |
		table program class "native, ms" "VM's thread" moved \
			"all of hexo run"
	echo
	echo "Medians of $(jq '[.times[].rounds] | min' "$results") rounds, with" \
		"the quartiles."
}

# counts ISA TARGET TARGET
counts() {
	heading "Instructions on $1 against the native program"
	rows ".counts | map(select(.isa == \"$1\")) | "'
		(.[] | [.program, .class, (.native / 1e6 | fixed(0)),
			(.vm_ratio | fixed(3)), (.moved_ratio | fixed(3)),
			(.resumed * 100 | fixed(0)) + " %",
			(.longest / 1e3 | fixed(0))]),
		["geometric mean", "", "", (map(.vm_ratio) | geomean |
			fixed(3)), (map(.moved_ratio) | geomean | fixed(3)),
			"", ""],
		["worst", "", "", (map(.vm_ratio) | max | fixed(3)),
			(map(.moved_ratio) | max | fixed(3)), "",
			(map(.longest) | max / 1e3 | fixed(0))],
		["target", "", "", "'"$2"'", "'"$3"'", "", "10000"]' |
		table program class "native, millions" "VM" moved \
			"after the moves" "poll to poll, thousands"
}

sizes() {
	heading "Bytes of an image against the native programs of both ISAs"
	rows '.sizes | (.[] | [.program, .image,
			.native_x86_64 + .native_aarch64, (.ratio | fixed(2))]),
		["geometric mean", "", "", (map(.ratio) | geomean | fixed(2))],
		["target", "", "", "2.50"]' |
		table program image native ratio
}

polls() {
	heading "Time until a running job comes to a poll, in ms"
	rows '.polls[] | [.program, .class, .count] +
		[(.wall_us, .cpu_us) | .p50, .p99, .max | . / 1e3 | fixed(1)]' |
		table program class requests "median" "99 %" longest \
			"CPU median" "CPU 99 %" "CPU longest"
	echo
	echo "Bounds: 99 % within 10 ms, the longest 50 ms."
}

moves() {
	heading "Moves and starts"
	rows '.moves[0] | ["park + resume, \(.hops.frames) frames",
			"\(.hops.park_us) + \(.hops.resume_us) us", "1000 us"],
		["VM start to main", "\(.starts.start_us / 1e3 | fixed(1)) ms",
			"10 ms"],
		["memory of hexo-vm beside the guest",
			"\(.starts.own_memory / 1048576 | fixed(2)) MiB",
			"4 MiB"]' | table "" measured target
}

downtimes() {
	heading "How long moves stop a job"
	rows '.downtimes[0] | (.post[] | ["post-copy, \(.mib) MiB", .hops] +
			([.down_us, .worst_us, .fetch_us] |
				map(. / 1e3 | fixed(1))) +
			["\(.faults) pages waited for", "15 ms"]),
		(.pre | ["pre-copy, 50 MiB/s written", .hops] +
			([.down_us, .worst_us, .copy_us] |
				map(. / 1e3 | fixed(1))) +
			["\(.rounds) rounds", "50 ms"]),
		(.stop | ["stop, 512 MiB over TLS", .hops,
			(.down_us / 1e3 | fixed(1)), "",
			(.transfer_us / 1e3 | fixed(1)),
			"\(.ratio | fixed(2)) of a plain copy", "0.80"])' |
		table move moves "stopped, ms" "at most" "in all, ms" "" target
	echo
	rows '.downtimes[0].post | ["Post-copy: the longest median is \(
		[.[].down_us] | max / min | fixed(2)) times the shortest; " +
		"1.5 is wanted."]'
}

links() {
	heading "Moves of 256 MiB over slow links, in ms"
	rows '.links[0][] | ["\(.mbit) Mbit/s", .mode, .pairs] +
		([.never, .auto | .us / 1e3 | fixed(0)]) +
		[(.auto.us / .never.us | fixed(2)),
			(.auto.bytes / .never.bytes | fixed(2))]' |
		table link mode pairs "never" "auto" "time" "bytes"
}

checkpoints() {
	heading "Checkpoints of 512 MiB, as a share of dd's speed"
	rows '.checkpoints[0] | (["written", .checkpoint, .dd_write_us,
			.checkpoint_us], ["restored", .restore, .dd_read_us,
			.restore_us]) |
		[.[0], (.[1] * 100 | fixed(0)) + " %", "80 %",
			(.[2:][] / 1e3 | fixed(0))]' |
		table "" measured target "dd, ms" "hexo, ms"
	echo
	rows '.checkpoints[0] | ["Medians of \(.pairs) pairs; the job stood" +
		" still for \(.stopped_us / 1e3 | fixed(1)) ms."]'
}

jq -r '"\(.date), \(.machine), \(.cpus) CPUs: \(.command)"' "$results"
! has counts || { counts x86-64 - - && counts aarch64 1.03 1.05; }
! has sizes || sizes
! has times || times
! has polls || polls
! has moves || moves
! has downtimes || downtimes
! has links || links
! has checkpoints || checkpoints
