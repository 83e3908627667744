#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: bench/downtimes.sh
#
# How long moves stop a job, and how fast they send, on this machine under
# KVM. Medians of BENCH_PAIRS (5). Prints an object of JSON with
#
#   post   post-copy of 64 MiB, 1 GiB and 4 GiB between VMs here
#   pre    pre-copy of 256 MiB, of which the job writes 50 MiB a second
#   stop   512 MiB to a hexod over TLS, uncompressed, against a copy from memory
#          to memory of as many bytes over TLS
set -euo pipefail

cd "$(dirname "$0")/.."
. bench/lib.bash
pairs=${BENCH_PAIRS:-5}
work_open
[ -w /dev/kvm ] || die "needs /dev/kvm"
. bench/job.bash

post() {
	local mib i
	for mib in 64 1024 4096; do
		say "post-copy of $mib MiB"
		begin "$mib" 20
		for ((i = 0; i < pairs; i++)); do
			heat
			move server --mode post-copy --no-safe
		done
		finish '{ mib: '"$mib"', hops: length,
			down_us: map(.down_us) | median,
			worst_us: map(.down_us) | max,
			faults: map(.faults) | median,
			fetch_us: map(.fetch_us) | median }'
	done
}

pre() {
	local i
	say "pre-copy"
	begin 256 50
	for ((i = 0; i < pairs; i++)); do
		heat
		move server --mode pre-copy
	done
	finish '{ hops: length, rounds: map(.rounds) | median,
		down_us: map(.down_us) | median,
		worst_us: map(.down_us) | max,
		copy_us: map(.copy_us) | median }'
}

# stop: what a move and a copy of 512 MiB take, in turn
stop() {
	local i
	say "stop mode over TLS"
	node_begin direct
	begin 512 0
	for ((i = 0; i < pairs; i++)); do
		heat
		move far --mode stop --compress never
		build/bench/tlscopy $((512 << 20)) >> "$work/copies"
		heat
		move server --mode stop --compress never
		build/bench/tlscopy $((512 << 20)) >> "$work/copies"
	done
	finish '{ hops: length, bytes: map(.bytes) | median,
		transfer_us: map(.transfer_us),
		down_us: map(.down_us) | median }' > "$work/moved"
	node_end
	jq -c --slurpfile copies "$work/copies" "$MEDIAN"'
		. + { copy_us: $copies | median, ratio:
			[range(.hops) as $i | $copies[$i] /
				.transfer_us[$i]] | median,
			transfer_us: .transfer_us | median }' "$work/moved"
}

# Not in $(): what ends the job after a failure knows it in this shell only.
post > "$work/post"
pre > "$work/pre"
stop > "$work/stop"
jq -n -c --slurpfile post "$work/post" --slurpfile pre "$work/pre" \
	--slurpfile stop "$work/stop" \
	'{ post: $post, pre: $pre[0], stop: $stop[0] }'
