#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: tests/faults.sh all | spread
#
# Prints a bats file: a test for each mode of a move, direction, fault and step
# at which it happens; or for a spread of these, such that each mode meets each
# fault, and each step is met.
set -euo pipefail

case ${1:-} in
all) every=1 ;;
spread) every=7 ;;
*)
	echo "usage: tests/faults.sh all | spread" >&2
	exit 2
	;;
esac

# What a mode goes through, as the home sees it.
steps() {
	case $1 in
	stop) echo hello parked receive stream shipped commit run ;;
	pre-copy) echo hello receive stream parked shipped commit run ;;
	post-copy) echo hello parked receive commit run fetch ;;
	esac
}

cat << 'EOF'
# SPDX-License-Identifier: Apache-2.0
# Made by tests/faults.sh.
load ../../../tests/lib
load ../../../tests/nodes
load ../../../tests/dirty
load ../../../tests/faults
EOF

n=0
for mode in stop pre-copy post-copy; do
	for way in "server far" "far server" "far far"; do
		for fault in target-killed source-killed link-cut link-stall \
			link-corrupt hexod-restarted no-image; do
			for step in $(steps $mode); do
				# Not an event in time.
				[ "$fault" != no-image ] ||
					[ "$step" = hello ] || continue
				n=$((n + 1))
				((n % every == 0)) || continue
				cat << EOF

@test "$mode, ${way/ / to }: $fault at $step" {
	fault_case $mode $way $fault $step
}
EOF
			done
		done
	done
done
