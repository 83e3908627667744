#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: bench/moves.sh
#
# What moves and starts take on this machine, under KVM: medians of
# BENCH_PAIRS. Prints an object of JSON with "hops" and "starts".
set -euo pipefail

cd "$(dirname "$0")/.."
. bench/lib.bash
pairs=${BENCH_PAIRS:-11}
work_open
[ -w /dev/kvm ] || die "needs /dev/kvm"

MEDIAN='def median: sort | .[(length - 1) / 2 | floor];'

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

say "moves and starts"
jq -n -c --argjson hops "$(hops)" --argjson starts "$(starts)" '$ARGS.named'
