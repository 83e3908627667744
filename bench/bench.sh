#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: bench/bench.sh [CLASS]
#
# Prints what running in a VM costs, against the same program built natively,
# and writes the figures to build/bench/results.json. BENCH_PAIRS says how
# many pairs of runs make a median.
set -euo pipefail

cd "$(dirname "$0")/.."
class=${1:-W}
pairs=${BENCH_PAIRS:-11}
results=build/bench/results.json
work=$(mktemp -d /tmp/hexo-bench.XXXXXX)
trap 'rm -rf "$work"' EXIT
PATH=$PWD/build/bin:$PATH
unset HEXO_RUN_OPTIONS

[ -w /dev/kvm ] || {
	echo "bench: needs /dev/kvm" >&2
	exit 1
}

MEDIAN='def median: sort | .[(length - 1) / 2 | floor];'

# Short programs run several times for one figure.
repetitions() {
	case $1 in
	is) echo 20 ;;
	cg) echo 3 ;;
	*) echo 1 ;;
	esac
}

# compare PROGRAM: native and VM in turn; the figures of all pairs as JSON
compare() {
	local program=$1 count native vm i
	count=$(repetitions "$program")
	for ((i = 0; i < pairs; i++)); do
		native=$(build/bench/measure "$count" \
			"build/bench/native/$program" "$class")
		vm=$(build/bench/measure "$count" \
			hexo run --backend kvm --stats "$work/stats.json" \
			"build/bench/$program" "$class")
		jq -c -n --argjson native "$native" --argjson vm "$vm" \
			--slurpfile stats "$work/stats.json" \
			'{ native: $native, vm: $vm, guest_cpu_us:
				$stats[0].isas["x86-64"].cpu_us }'
	done > "$work/pairs"
	jq -s -c --arg program "$program" --arg class "$class" \
		--argjson count "$count" "$MEDIAN"'{
		program: $program, class: $class,
		pairs: length, runs_per_figure: $count,
		native_user_us: map(.native.user_us) | median,
		vm_user_us: map(.vm.user_us) | median,
		user_ratio: map(.vm.user_us / .native.user_us) | median,
		cpu_ratio: map((.vm.user_us + .vm.system_us)
			/ (.native.user_us + .native.system_us)) | median,
		guest_cpu_us: map(.guest_cpu_us) | median,
		guest_cpu_ratio: map(.guest_cpu_us
			/ (.native.user_us + .native.system_us)) | median }' "$work/pairs"
}

# hops: a program with some 20 frames moves between VMs of this machine
hops() {
	local options=() i
	for ((i = 1; i <= pairs; i++)); do
		options+=(--hop $((i * 2000)):server)
	done
	hexo run --backend kvm "${options[@]}" --stats "$work/stats.json" \
		build/bench/frames > "$work/out"
	jq -c "$MEDIAN"'{ hops: (.hops | length),
		frames: .hops | map(.frames) | median,
		park_us: .hops | map(.park_us) | median,
		resume_us: .hops | map(.resume_us) | median,
		transfer_us: .hops | map(.transfer_us) | median,
		bytes: .hops | map(.bytes) | median }' "$work/stats.json"
}

# starts: VM start to main, and the memory of hexo-vm itself
starts() {
	local i
	for ((i = 0; i < pairs; i++)); do
		hexo run --backend kvm --stats "$work/stats.json" \
			build/bench/nqueens 6 > "$work/out"
		jq -c '{ start_us, own_memory }' "$work/stats.json"
	done | jq -s -c "$MEDIAN"'{ runs: length,
		start_us: map(.start_us) | median,
		own_memory: map(.own_memory) | median }'
}

echo "Median of $pairs runs, native and VM in turn, class $class, on $(
	sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1)."
echo
printf '%-8s %12s %12s %8s %8s %16s\n' program "native user" "VM user" \
	ratio target "guest CPU ratio"
for program in ep cg is; do
	compare "$program" | tee -a "$work/programs" |
		jq -r '[.program, .native_user_us / 1e3, .vm_user_us / 1e3,
			.user_ratio, .guest_cpu_ratio] | @tsv' |
		while IFS=$'\t' read -r name native vm ratio cpu; do
			printf '%-8s %9.2f ms %9.2f ms %8.3f %8s %16.3f\n' \
				"$name" "$native" "$vm" "$ratio" 1.05 "$cpu"
		done
done
echo
echo "VM user: of all of hexo run. Guest CPU: of the VM's thread, user and"
echo "system, against the native program's user and system."
hops > "$work/hops"
starts > "$work/starts"
echo
jq -r '"park + resume, \(.frames) frames   \(.park_us) + \(.resume_us) us",
	"                            (target 1000 us in all; \(.hops) hops)"' \
	"$work/hops"
jq -r '"VM start to main            \(.start_us / 1e3) ms (target 10 ms)",
	"hexo-vm beyond guest pages  \(.own_memory / 1048576 * 100 | round
		/ 100) MiB (target 4 MiB)"' "$work/starts"

jq -n --slurpfile programs "$work/programs" --slurpfile hops "$work/hops" \
	--slurpfile starts "$work/starts" \
	'{ programs: $programs, hops: $hops[0], starts: $starts[0] }' > $results
echo
echo "All figures: $results"
