#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: bench/downtimes.sh
#
# How long moves stop a job, and how fast they send, on this machine under
# KVM. Medians of BENCH_PAIRS (5). Prints an object of JSON with
#
#   post   post-copy of 64 MiB, 1 GiB and 4 GiB between VMs here
#   pre    pre-copy of 256 MiB, of which the job writes 50 MiB a second
#   stop   512 MiB to a hexod over TLS, against a copy from memory to memory of
#          as many bytes over TLS
set -euo pipefail

cd "$(dirname "$0")/.."
. bench/lib.bash
pairs=${BENCH_PAIRS:-5}
job='' node=''
work_open
[ -w /dev/kvm ] || die "needs /dev/kvm"
export XDG_CONFIG_HOME=$work/config XDG_STATE_HOME=$work/state
export XDG_RUNTIME_DIR=$work/run
mkdir -m 700 "$work/run"
trap 'kill $job $node 2> /dev/null || :; rm -rf "$work"' EXIT

MEDIAN='def median: sort | .[(length - 1) / 2 | floor];'

# begin MIB RATE: the program dirty, which writes RATE MiB/s to MIB of memory
begin() {
	rm -f "$work/go"
	: > "$work/out"
	hexo run --local --backend kvm --memory 8G --name bench-downtimes \
		--volume "$work:/vol" --stats "$work/stats.json" \
		build/tests/programs/dirty "$1" "$2" /vol/go \
		> "$work/out" 2> "$work/err" &
	job=$!
	until grep -q ready "$work/out"; do
		kill -0 "$job" || die "$(< "$work/err")"
		sleep 0.1
	done
}

# move WHERE OPTION...
move() {
	local where=$1
	shift
	hexo migrate "$@" bench-downtimes "$where" > "$work/told"
}

# finish FILTER: ends the job, which checks its memory; figures of its hops
finish() {
	touch "$work/go"
	wait "$job" || die "$(< "$work/err")"
	job=''
	grep -qx "0 words are wrong" "$work/out" || die "$(< "$work/out")"
	jq -c "$MEDIAN"' .hops | if all(.result == "ok") | not then
		error("a move failed") else . end | '"$1" "$work/stats.json"
}

post() {
	local mib i
	for mib in 64 1024 4096; do
		say "post-copy of $mib MiB"
		begin "$mib" 20
		for ((i = 0; i < pairs; i++)); do
			move server --mode post-copy --no-safe
		done
		finish '{ mib: '"$mib"', hops: length,
			down_us: map(.down_us) | median,
			worst_us: map(.down_us) | max,
			faults: map(.faults) | median,
			fetch_us: map(.fetch_us) | median }'
	done | jq -s -c .
}

pre() {
	local i
	say "pre-copy"
	begin 256 50
	for ((i = 0; i < pairs; i++)); do
		move server --mode pre-copy
	done
	finish '{ hops: length, rounds: map(.rounds) | median,
		down_us: map(.down_us) | median,
		worst_us: map(.down_us) | max,
		copy_us: map(.copy_us) | median }'
}

# node_begin: a hexod on this machine, known as "far"
node_begin() {
	local key port
	hexod-x86-64 --listen 127.0.0.1:0 --cache "$work/cache" \
		> "$work/hexod.out" 2> "$work/hexod.err" &
	node=$!
	until grep -q "^hexod: key" "$work/hexod.out"; do
		kill -0 "$node" || die "$(< "$work/hexod.err")"
		sleep 0.1
	done
	port=$(sed -n 's/.*listening on .*:\([0-9]*\)$/\1/p' "$work/hexod.out")
	key=$(sed -n 's/^hexod: key //p' "$work/hexod.out")
	hexo node accept "$(hexo node key)" 2> /dev/null
	hexo node add far "127.0.0.1:$port" --fingerprint "$key" 2> /dev/null
}

# stop: what a move and a copy of 512 MiB take, in turn
stop() {
	local i
	say "stop mode over TLS"
	node_begin
	begin 512 0
	for ((i = 0; i < pairs; i++)); do
		move far --mode stop
		build/bench/tlscopy $((512 << 20)) >> "$work/copies"
		move server --mode stop
		build/bench/tlscopy $((512 << 20)) >> "$work/copies"
	done
	finish '{ hops: length, bytes: map(.bytes) | median,
		transfer_us: map(.transfer_us),
		down_us: map(.down_us) | median }' > "$work/moved"
	kill "$node"
	wait "$node" || :
	node=''
	jq -c --slurpfile copies "$work/copies" "$MEDIAN"'
		. + { copy_us: $copies | median, ratio:
			[range(.hops) as $i | $copies[$i] /
				.transfer_us[$i]] | median,
			transfer_us: .transfer_us | median }' "$work/moved"
}

jq -n -c --argjson post "$(post)" --argjson pre "$(pre)" \
	--argjson stop "$(stop)" '$ARGS.named'
