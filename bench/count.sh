#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: bench/count.sh
#
# Counts instructions under QEMU's user mode, for both ISAs: of the native
# program, of the guest in a VM that never moves, and of the guest in VMs
# between which it moves early, twice. Prints a line of JSON for each program
# and ISA. A busy machine does not change these figures.
set -euo pipefail

cd "$(dirname "$0")/.."
. bench/lib.bash
work_open

plugin=$PWD/build/bench/count.so
counted=build/bench/counted/hexo

# sum: of the counts of all processes of a run
sum() {
	awk '{ n += $1 } END { printf "%d\n", n }' "$work/counts"
}

# last_share: what part of it the last VM of a run did
last_share() {
	awk '{ n += $1 } END { printf "%.3f\n", $1 / n }' "$work/counts"
}

# longest_way: the most instructions from a poll to the next
longest_way() {
	awk '$3 > n { n = $3 } END { print n + 0 }' "$work/counts"
}

# count_native ISA PROGRAM CLASS
count_native() {
	local emulator=qemu-${1/x86-64/x86_64}
	rm -f "$work/counts"
	"$emulator" -plugin "$plugin,out=$work/counts" \
		"$(native "$1" "$2")" "$3" > "$work/expected" 2> "$work/err" ||
		die "$2 $3, natively on $1: $(tail -1 "$work/err")"
	sum
}

# count_vm ISA PROGRAM CLASS OPTION...
count_vm() {
	local isa=$1 program=$2 class=$3
	shift 3
	rm -f "$work/counts"
	QEMU_PLUGIN=$plugin,out=$work/counts,$GUEST,poll=$POLL \
		"$counted" run --isa "$isa" --backend process "${LOCAL[@]}" \
		--stats "$work/stats.json" "$@" "build/bench/$program" \
		"$class" > "$work/out" 2> "$work/err" ||
		die "$program $class, in a VM on $isa: $(tail -1 "$work/err")"
	cmp -s "$work/expected" "$work/out" ||
		die "$program $class prints something else in a VM on $isa"
	sum
}

# count ISA PROGRAM CLASS OPTION...: a line of JSON
count() {
	local isa=$1 program=$2 class=$3 native vm moved us resumed longest
	say "counting $program $class on $isa"
	native=$(count_native "$isa" "$program" "$class")
	vm=$(count_vm "$@")
	longest=$(longest_way)
	us=$(jq '[.isas[].wall_us] | add' "$work/stats.json")
	read -ra hops <<< "$(hops_of "$isa" "$us")"
	# A short program may be over before a busy machine has moved it.
	for _ in 1 2 3 4 5; do
		moved=$(count_vm "$@" "${hops[@]}")
		resumed=$(last_share)
		! hops_check "$work/stats.json" || break
	done
	hops_check "$work/stats.json" || die "$program did not move on $isa"
	jq -n -c --arg program "$program" --arg class "$class" \
		--arg isa "$isa" --argjson native "$native" \
		--argjson vm "$vm" --argjson moved "$moved" \
		--argjson longest "$longest" --argjson resumed "$resumed" \
		'$ARGS.named | . + { vm_ratio: (.vm / .native),
			moved_ratio: (.moved / .native) }'
}

for isa in x86-64 aarch64; do
	while read -r name _ class _ options; do
		read -ra options <<< "$options"
		count "$isa" "$name" "$class" "${options[@]}"
	done < <(programs)
done
