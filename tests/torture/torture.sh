#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: tests/torture/torture.sh
#
# All torture tests for TORTURE_MINUTES (60): the whole of gcc.c-torture,
# amid blocks of ever new seeds for csmith and capture_gen, from TORTURE_SEED
# on (default: the time). Prints what failed, and how far it is. Two things
# at a time (TORTURE_JOBS).
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1

here=tests/torture
log=build/torture/torture.tap
export TORTURE_END CSMITH_SIZE=all
export TORTURE_HOPS=${TORTURE_HOPS:-50}

# count WORD KIND: lines of the log that begin so
count() {
	grep -c "^$1 $2 " "$log"
}

# One piece of work; the whole run ends (255, for xargs) when time is up.
piece() {
	local output
	((EPOCHSECONDS < TORTURE_END)) || exit 255
	output=$(TORTURE_JOBS=1 "$@")
	{
		flock 9
		echo "$output" >> "$log"
		grep -A 9 '^not ok' <<< "$output"
		printf '%4d min left; without a difference:' \
			$(((TORTURE_END - EPOCHSECONDS) / 60))
		for kind in csmith capture ctorture; do
			printf ' %s %d of %d' $kind "$(count ok $kind)" \
				$(($(count ok $kind) + $(count "not ok" $kind)))
		done
		echo
	} 9> "$log.lock"
}

# What there is to do, without end.
pieces() {
	local seed=$1 line
	exec 3< <($here/ctorture.sh --list)
	while :; do
		echo "$here/csmith.sh $seed 20"
		echo "$here/capture.sh $seed 10"
		read -r line <&3 && echo "$here/ctorture.sh --batch $line"
		seed=$((seed + 20))
	done
}

if [ "${1:-}" = --piece ]; then
	shift
	piece "$@"
	exit 0
fi
mkdir -p build/torture
: > "$log"
seed=${TORTURE_SEED:-$((EPOCHSECONDS / 100 % 10000000))}
TORTURE_END=$((EPOCHSECONDS + 60 * ${TORTURE_MINUTES:-60}))
echo "${TORTURE_MINUTES:-60} minutes, seeds from TORTURE_SEED=$seed on"
pieces "$seed" 2> /dev/null |
	xargs -P "${TORTURE_JOBS:-2}" -L 1 "$0" --piece 2> /dev/null
failed=$(grep -c '^not ok' "$log")
echo "$(grep -c '^ok' "$log") without a difference, $failed failed; log: $log"
[ "$failed" = 0 ]
