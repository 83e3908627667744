#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: bench/checkpoints.sh
#
# How fast a job of 512 MiB that no compressor makes smaller is written to a
# checkpoint and restored from it, under KVM, against dd with the same file on
# the same disk: each in turn, BENCH_PAIRS times (5). A restore counts from
# its start to the end of its job, which looks at a word of each page, and is
# done with nothing of the file in memory, as dd's reading is. Prints an object
# of JSON; a ratio is that of the speeds.
set -euo pipefail

cd "$(dirname "$0")/.."
. bench/lib.bash
pairs=${BENCH_PAIRS:-5}
[ -w /dev/kvm ] || die "needs /dev/kvm"
# Not /tmp, which may be no disk.
work=$(mktemp -d "$PWD/build/bench/checkpoints.XXXXXX")
name=bench-checkpoints-$$
job=
end() {
	[ -z "$job" ] || kill "$job" 2> /dev/null || true
	rm -rf "$work"
}
trap end EXIT

# microseconds COMMAND...: how long it took
microseconds() {
	local begin
	begin=$(date +%s%N)
	"$@" > "$work/told" 2>&1
	echo $((($(date +%s%N) - begin) / 1000))
}

# forget FILE: drops what the machine keeps of it in memory
forget() {
	sync
	dd if="$1" iflag=nocache count=0 status=none
}

start() {
	local tries
	mkdir "$work/first" "$work/second"
	touch "$work/second/go"
	hexo run --backend kvm --memory 1G --name "$name" \
		--volume "$work/first:/hold" build/bench/hold 512 /hold/go \
		> "$work/out" 2>&1 &
	job=$!
	for ((tries = 0; tries < 600; tries++)); do
		! grep -q ready "$work/out" || return 0
		sleep 0.1
	done
	die "the job did not begin"
}

# pair: a line of JSON
pair() {
	local write read restore
	rm -f "$work/copy" "$work/saved.new"
	sync
	heat
	write=$(microseconds dd if="$work/saved" of="$work/copy" bs=1M \
		conv=fsync)
	sync
	heat
	hexo checkpoint --leave-running --json "$name" "$work/saved.new" \
		> "$work/told.json"
	forget "$work/copy"
	heat
	read=$(microseconds dd if="$work/copy" of=/dev/null bs=1M)
	forget "$work/saved"
	heat
	restore=$(microseconds hexo restore --backend kvm --name "$name-again" \
		--volume "$work/second:/hold" "$work/saved")
	jq -c --argjson write "$write" --argjson read "$read" \
		--argjson restore "$restore" '{ bytes, stopped_us,
		checkpoint_us: .total_us,
		checkpoint: ($write / .total_us), restore: ($read / $restore),
		dd_write_us: $write, dd_read_us: $read,
		restore_us: $restore }' "$work/told.json"
}

say "checkpoints"
start
hexo checkpoint --leave-running "$name" "$work/saved" > "$work/told"
for ((i = 0; i < pairs; i++)); do
	pair
done > "$work/pairs"
touch "$work/first/go"
wait "$job" || die "the job failed: $(cat "$work/out")"
job=
jq -s -c 'def median: sort | .[(length - 1) / 2 | floor];
	. as $all | { pairs: length } + ([.[0] | keys[]] | map({ key: .,
		value: (. as $k | $all | map(.[$k]) | median) }) |
		from_entries)' "$work/pairs"
