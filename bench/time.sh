#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: bench/time.sh
#
# Times each program natively, in a KVM VM that never moves, and in KVM VMs
# between which it moves early, twice: in turn, BENCH_PAIRS times, forwards and
# backwards, each round on one CPU. Prints a line of JSON for each program.
# What is compared is CPU time, the system's part included:
#
#   vm     the thread that runs the guest, from its start to its end
#   moved  the same of all VMs, only while the guest runs
#   hexo   all processes of hexo run, for the VM that never moves
set -euo pipefail

cd "$(dirname "$0")/.."
. bench/lib.bash
pairs=${BENCH_PAIRS:-11}
work_open
[ -w /dev/kvm ] || die "needs /dev/kvm"

# CPUs that this process may use, in turn.
mapfile -t cpus < <(taskset -cp $$ | sed 's/.*: //' | tr , '\n' |
	awk -F- '{ for (i = $1; i <= $NF; i++) print i }')

# run_native PROGRAM CLASS: a line of JSON
run_native() {
	build/bench/measure 1 "$(native x86-64 "$1")" "$2"
}

# run_vm OPTION... JOB CLASS: a line of JSON
run_vm() {
	local all
	all=$(build/bench/measure 1 hexo run --backend kvm \
		--stats "$work/stats.json" "$@")
	jq -c --argjson all "$all" '{ all: $all, cpu_us: .isas["x86-64"].cpu_us,
		run_us: .isas["x86-64"].run_us,
		hops: [.hops[].result] }' "$work/stats.json"
}

# run KIND PROGRAM CLASS OPTION...: a line of JSON
run() {
	local kind=$1 program=$2 class=$3 hops=()
	shift 3
	if [ "$kind" = native ]; then
		run_native "$program" "$class"
		return
	fi
	[ "$kind" = vm ] || read -ra hops <<< "$(hops_of server "$native_us")"
	run_vm "$@" "${hops[@]}" "build/bench/$program" "$class"
}

# round NUMBER REPETITIONS PROGRAM CLASS OPTION...: each repetition a line
round() {
	local number=$1 count=$2 kinds=(native vm moved) i kind
	shift 2
	((number % 2)) || kinds=(moved vm native)
	taskset -cp "${cpus[number / 2 % ${#cpus[@]}]}" $BASHPID > /dev/null
	for ((i = 0; i < count; i++)); do
		for kind in "${kinds[@]}"; do
			run "$kind" "$@" > "$work/$kind"
		done
		jq -n -c --slurpfile native "$work/native" \
			--slurpfile vm "$work/vm" \
			--slurpfile moved "$work/moved" '{ native: $native[0],
				vm: $vm[0], moved: $moved[0] }'
	done
}

# A round's figure is the sum over its repetitions; one that ended before both
# its moves were made says nothing about moved programs.
# shellcheck disable=SC2016 # jq's variables
SUMMARY='
def cpu: .user_us + .system_us;
def at($part): sort | .[(length - 1) * $part | round];
def spread: map(values) | if length == 0 then null else
	{ median: at(0.5), low: at(0.25), high: at(0.75) } end;
map(. as $round | ($round | map(.native | cpu) | add) as $native | {
	native_us: $native,
	vm: (($round | map(.vm.cpu_us) | add) / $native),
	hexo: (($round | map(.vm.all | cpu) | add) / $native),
	moved: ($round | map(select(.moved.hops == ["ok", "ok"])) |
		if length == 0 then null else (map(.moved.run_us) | add) /
			(map(.native | cpu) | add) end) }) |
{ program: $program, class: $class, rounds: length,
	native_us: (map(.native_us) | at(0.5)),
	vm: (map(.vm) | spread), hexo: (map(.hexo) | spread),
	moved: (map(.moved) | spread),
	moved_rounds: (map(.moved | values) | length) }'

# time_program PROGRAM CLASS REPETITIONS OPTION...
time_program() {
	local program=$1 class=$2 count=$3 i
	shift 3
	say "timing $program $class"
	# Says how long the program takes, and brings it into memory.
	native_us=$(run_native "$program" "$class" |
		jq '.user_us + .system_us')
	rm -f "$work/rounds"
	for ((i = 0; i < pairs; i++)); do
		(round "$i" "$count" "$program" "$class" "$@") > "$work/round"
		jq -s -c . "$work/round" >> "$work/rounds"
	done
	jq -s -c --arg program "$program" --arg class "$class" "$SUMMARY" \
		"$work/rounds"
}

while read -r name class _ count options; do
	read -ra options <<< "$options"
	time_program "$name" "$class" "$count" "${options[@]}"
done < <(programs)
