#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: tests/faults.sh all | spread | list
#
# Prints a bats file: a test for each mode of a move, direction, fault and step
# at which it happens; or for a spread of these, such that each mode meets each
# fault, and each direction and each step of a mode is met. Or lists them all,
# a line each.
set -euo pipefail

# What a mode goes through, as the home sees it.
steps() {
	case $1 in
	stop) echo hello parked receive stream shipped commit run ;;
	pre-copy) echo hello receive stream parked shipped commit run ;;
	post-copy) echo hello parked receive commit run fetch ;;
	esac
}

# faults FROM TO: what can happen between these two at each step
faults() {
	echo target-killed source-killed link-cut link-stall link-corrupt
	[[ "$1 $2" == *board* ]] || echo hexod-restarted
}

# scarce FROM TO: what can be missing; that is so from the first step on
scarce() {
	echo disk-full
	[ "$2" = server ] || echo no-image no-memory
	[ "$1 $2" != "server far" ] || echo cache-full
}

list() {
	local mode from to fault step
	for mode in stop pre-copy post-copy; do
		while read -r from to; do
			for fault in $(faults "$from" "$to"); do
				for step in $(steps $mode); do
					echo "$mode $from $to $fault $step"
				done
			done
			for fault in $(scarce "$from" "$to"); do
				echo "$mode $from $to $fault hello"
			done
		done << 'WAYS'
server far
far server
far far
server board
board server
WAYS
	done
}

# Of each mode and fault two lines of ten or more, else one; which, goes round.
# Fails unless the lines meet what they are to meet.
spread() {
	awk '
	{
		key = $1 " " $4
		if (!(key in n))
			order[groups++] = key
		line[key, n[key]++] = $0
		missing[$2 " to " $3] = missing[$1 " at " $5] = 1
	}
	END {
		for (g = 0; g < groups; g++) {
			key = order[g]
			picks = n[key] < 10 ? 1 : 2
			for (i = 0; i < picks; i++) {
				at = int(g * 7.7 + i * n[key] / picks) % n[key]
				$0 = line[key, at]
				print
				delete missing[$2 " to " $3]
				delete missing[$1 " at " $5]
			}
		}
		for (what in missing) {
			print "faults.sh: the spread lacks " what > "/dev/stderr"
			failed = 1
		}
		exit failed
	}'
}

tests() {
	local mode from to fault step
	cat << 'EOT'
# SPDX-License-Identifier: Apache-2.0
# Made by tests/faults.sh.
load ../../../tests/lib
load ../../../tests/nodes
load ../../../tests/dirty
load ../../../tests/faults
EOT
	while read -r mode from to fault step; do
		cat << EOT

@test "$mode, $from to $to: $fault at $step" {
	fault_case $mode $from $to $fault $step
}
EOT
	done
}

case ${1:-} in
all) list | tests ;;
spread) list | spread | tests ;;
list) list ;;
*)
	echo "usage: tests/faults.sh all | spread | list" >&2
	exit 2
	;;
esac
