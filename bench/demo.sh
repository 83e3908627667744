#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: bench/demo.sh [CLASS]
#
# The main job: EP, CG and IS start in a KVM VM here, move to an ARM64 board
# in the middle and back again, and must verify. Starts a board if none is up
# and stops it at the end.
set -euo pipefail

cd "$(dirname "$0")/.."
class=${1:-S}
work=$(mktemp -d /tmp/hexo-demo.XXXXXX)
board=
PATH=$PWD/build/bin:$PATH
unset HEXO_RUN_OPTIONS

finish() {
	[ -z "$board" ] || hexo board stop "$board" > /dev/null
	rm -rf "$work"
}
trap finish EXIT

# KVM, unless this machine or this user has none.
find_backend() {
	on=KVM
	options=(--backend kvm)
	[ -w /dev/kvm ] && return
	# Left to hexo, which still finds the board's KVM.
	on=process
	options=()
	echo "No /dev/kvm for $(id -un) here: jobs run on the server without KVM."
	[ ! -e /dev/kvm ] || echo "(root, and members of group kvm, may use it.)"
}

# The board that --hop N:aarch64 would find, or a new one.
find_board() {
	where=$(hexo board list --json |
		jq -r '[.[] | select(.node.kvm) | .name] | first // empty')
	if [ -n "$where" ]; then
		echo "Using the board $where."
		return
	fi
	echo "Starting an emulated ARM64 board (Cortex-A53, KVM inside) ..."
	board=demo-$$
	where=$board
	hexo board start --name "$board" > "$work/board"
	echo "It is ready after $SECONDS s."
}

# polls PROGRAM: how many polls the whole run has
polls() {
	hexo run --isa x86-64 "${options[@]}" --count --stats "$work/count.json" \
		"build/bench/$1" "$class" > "$work/out" 2> "$work/err" || {
		cat "$work/err" >&2
		return 1
	}
	jq .polls "$work/count.json"
}

print_hops() {
	printf '  %-28s %8s %7s %9s %9s %9s %9s\n' hop "at poll" frames \
		"park" "transfer" "resume" "bytes"
	jq -r '.hops[] | ["\(.from_node) -> \(.to_node)", .at_poll, .frames,
		.park_us / 1e3, .transfer_us / 1e3, .resume_us / 1e3, .bytes]
		| @tsv' "$work/stats.json" |
		while IFS=$'\t' read -r route poll frames park transfer resume \
			bytes; do
			printf '  %-28s %8d %7d %6.2f ms %6.1f ms %6.2f ms %9d\n' \
				"$route" "$poll" "$frames" "$park" \
				"$transfer" "$resume" "$bytes"
		done
}

# job PROGRAM: runs it along the route; fails if it was not taken or the
# result is not verified
job() {
	local program=$1 count
	count=$(polls "$program") || return 1
	echo
	echo "== ${program^^} class $class: server $on -> board KVM -> server $on"
	hexo run --isa x86-64 "${options[@]}" --stats "$work/stats.json" \
		--hop $((count / 3)):"$where" --hop $((count * 2 / 3)):server \
		"build/bench/$program" "$class" > "$work/out" 2> "$work/err" || {
		cat "$work/err" >&2
		return 1
	}
	print_hops
	echo "  $(grep VERIFICATION "$work/out")"
	jq -r '"  time: server \(.isas["x86-64"].wall_us / 1e6) s, board " +
		"\(.isas.aarch64.wall_us / 1e6) s"' "$work/stats.json"
	grep -qx "VERIFICATION SUCCESSFUL" "$work/out" || return 1
	jq -e '[.hops[] | "\(.from)>\(.to):\(.result)"] ==
		["x86-64>aarch64:ok", "aarch64>x86-64:ok"]' \
		"$work/stats.json" > /dev/null || return 1
	build/bench/native/"$program" "$class" > "$work/native" \
		2> /dev/null || return 1
	cmp "$work/native" "$work/out" && echo "  output as on one machine"
}

find_backend
find_board
for program in ep cg is; do
	job "$program" || {
		echo "demo: ${program^^} did not come through" >&2
		exit 1
	}
done
echo
echo "All verified, in $SECONDS s."
