#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: tests/model/model.sh [all]
#
# Has spin look at all that can happen in the model of a move (move.pml), and
# shows that it finds each of the mistakes that can be put in; without "all"
# at what takes half a minute. Prints TAP; the last line is "N passed, N
# failed".
set -uo pipefail

cd "$(dirname "$0")/../.." || exit 1
model=$PWD/tests/model/move.pml
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
passed=0
failed=0

# explore SAFETY|LIVE [-D...]: 0 no violation, 1 one is found, 2 it broke or
# was not done with all
explore() {
	local kind=$1 options=(-m200000 -w22) build=()
	shift
	if [ "$kind" = LIVE ]; then
		set -- "$@" -DLIVE
		options+=(-a)
	else
		build=(-DSAFETY)
	fi
	(
		cd "$place" || exit 2
		rm -f pan* move.pml.trail
		spin "$@" -a "$model" > log 2>&1 &&
			gcc -O2 -DNOFAIR -DCOLLAPSE -DVECTORSZ=2048 \
				"${build[@]}" -o pan pan.c >> log 2>&1 &&
			timeout 300 ./pan "${options[@]}" > result 2>&1 ||
			exit 2
		grep -q 'errors: 1' result && exit 1
		grep -q 'errors: 0' result &&
			! grep -q 'too small\|out of memory' result ||
			exit 2
	)
}

# expect STATUS TEXT KIND [-D...]
expect() {
	local status=$1 text=$2 r=0 begin=$SECONDS
	shift 2
	explore "$@" || r=$?
	if [ "$r" = "$status" ]; then
		passed=$((passed + 1))
		echo "ok $text ($((SECONDS - begin)) s)"
	else
		failed=$((failed + 1))
		echo "not ok $text: $r, not $status"
		cat "$place/log" "$place/result" 2> /dev/null | head -20
	fi
}

right() {
	expect 0 "$@"
}

wrong() {
	expect 1 "finds $1" SAFETY "${@:2}"
}

report() {
	echo "$passed passed, $failed failed"
	[ "$failed" = 0 ]
	exit
}

right "pre-copy, one failure" SAFETY -DMODE_PRE -DFAULTS=1
wrong "a source released before the target runs" \
	-DMODE_STOP -DBUG_RELEASE_BEFORE_RUNNING
[ "${1:-}" = all ] || report

right "stop, two failures" SAFETY -DMODE_STOP
right "post-copy, one failure" SAFETY -DMODE_POST -DFAULTS=1 -DWORK=1
right "stop, one failure, resolved by the operator" \
	SAFETY -DMODE_STOP -DFAULTS=1 -DWORK=1 -DRESOLVES=1
right "post-copy, one failure, resolved by the operator" \
	SAFETY -DMODE_POST -DFAULTS=1 -DWORK=1 -DRESOLVES=1
right "checkpoint and restore" SAFETY -DMODE_STOP -DMOVES=0 -DSAVES=1
right "every job comes to an end" LIVE -DMODE_STOP -DFAULTS=1 -DWORK=1
wrong "a roll-back after an effect" -DMODE_POST -DBUG_ROLLBACK_AFTER_IO
wrong "a move given up when the target is the owner" \
	-DMODE_STOP -DBUG_ABORT_ARRIVING
wrong "a post-copy that waits for ever" \
	-DMODE_POST -DFAULTS=1 -DWORK=1 -DBUG_FETCHING_FOREVER
wrong "a move resolved after an effect" \
	-DMODE_POST -DFAULTS=0 -DWORK=1 -DRESOLVES=1 -DBUG_RESOLVE_SERVED
wrong "a move resolved, the other side not fenced" \
	-DMODE_STOP -DFAULTS=0 -DWORK=1 -DRESOLVES=1 -DBUG_RESOLVE_UNFENCED
wrong "a move given up when the source is lost" \
	-DMODE_STOP -DBUG_ABORT_ORPHAN
wrong "an answer to COPY that is taken for one to COPY_STOP" \
	-DMODE_PRE -DBUG_ONE_COPIED
wrong "a restored job beside the one that runs" \
	-DMODE_STOP -DMOVES=0 -DSAVES=1 -DBUG_NO_LOCK
wrong "an end before the checkpoint is on the disk" \
	-DMODE_STOP -DMOVES=0 -DSAVES=1 -DBUG_END_BEFORE_SYNC
report
