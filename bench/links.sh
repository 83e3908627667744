#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: bench/links.sh
#
# What compression makes of moves over slow links: a job with 256 MiB that
# shrink to half moves to a hexod and back, in turn with --compress never and
# auto, under KVM. Medians of BENCH_PAIRS (3) pairs of such ways. Prints a list
# of JSON.
set -euo pipefail

cd "$(dirname "$0")/.."
. bench/lib.bash
pairs=${BENCH_PAIRS:-3}
work_open
[ -w /dev/kvm ] || die "needs /dev/kvm"
. bench/job.bash

# links MBIT MODE: time until all memory is there, and the bytes sent
links() {
	local i how
	say "$2 over $1 Mbit/s"
	begin 256 0
	link_do rate "$(($1 * 125000))"
	for ((i = 0; i < pairs; i++)); do
		for how in never auto; do
			move far --mode "$2" --no-safe --compress "$how"
			move server --mode "$2" --no-safe --compress "$how"
		done
	done
	link_do rate 0
	# shellcheck disable=SC2016 # jq's variable
	finish '[_nwise(2)] | map({
			us: (map(.transfer_us + .copy_us) | add / 2),
			bytes: (map(.bytes) | add / 2) }) |
		def of($k): [_nwise(2)] | map(.[$k]) |
			{ us: (map(.us) | median),
				bytes: (map(.bytes) | median) };
		{ mbit: '"$1"', mode: "'"$2"'", pairs: '"$pairs"',
			never: of(0), auto: of(1) }'
}

node_begin link
# Not in a pipe: what ends the job after a failure knows it in this shell only.
for mode in stop pre-copy; do
	links 100 "$mode"
	links 1000 "$mode"
done > "$work/links"
node_end
jq -s -c . "$work/links"
