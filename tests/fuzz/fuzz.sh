#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: tests/fuzz/fuzz.sh [NAME]...
#
# Runs the fuzz harnesses, or those given, for FUZZ_TIME seconds each (60),
# FUZZ_JOBS at a time (2). What is new is kept in build/fuzz/corpus/NAME, an
# input that fails in build/fuzz/NAME. Everything that has to be built has
# been built by make. Prints TAP, then "N passed, N failed".
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1

here=tests/fuzz
place=build/fuzz
time=${FUZZ_TIME:-60}

# What a failed run leaves is said in full: how, and how to do it again.
explain() {
	local name=$1 log=$2 options=$3 input
	grep -E -m 3 'ERROR: |runtime error|not true|out-of-memory' "$log" |
		sed 's/^/# /'
	input=$(sed -n 's/.*Test unit written to //p' "$log" | tail -1)
	echo "# log: $log"
	[ -z "$input" ] ||
		echo "# again: $place/bin/$name $options $input"
}

run_one() {
	local name=$1 how=0 log options runs seconds
	log=$place/$name/log
	options="-timeout=5 -rss_limit_mb=512"
	options+=$(sed -n 's|^// OPTIONS:||p' "$here/$name.c")
	mkdir -p "$place/$name" "$place/corpus/$name"
	HEXO_FUZZ_SCRATCH=$(mktemp -d "$FUZZ_PLACE/$name.XXXXXX") || exit 1
	export HEXO_FUZZ_SCRATCH
	# shellcheck disable=SC2086 # a list of words
	timeout -k 5 $((time + 120)) "$place/bin/$name" $options \
		-max_total_time="$time" -print_final_stats=1 -verbosity=1 \
		-artifact_prefix="$place/$name/" "$place/corpus/$name" \
		"$place/seeds/$name" < /dev/null > "$log" 2>&1 || how=$?
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
	seconds=$(sed -n 's/^Done [0-9]* runs in \([0-9]*\) second.*/\1/p' \
		"$log")
	if [ "$how" = 0 ] && [ "${runs:-0}" -gt 0 ]; then
		echo "ok fuzz $name: $runs inputs in ${seconds:-?} s"
	else
		echo "not ok fuzz $name: exit status $how"
		explain "$name" "$log" "$options"
	fi
}

if [ "${1:-}" = --one ]; then
	run_one "$2"
	exit 0
fi

names=("$@")
if [ $# = 0 ]; then
	for file in "$here"/*.c; do
		names+=("$(basename "$file" .c)")
	done
fi
# Memory is faster than a disk for files that are made and removed all day.
FUZZ_PLACE=$(TMPDIR='' mktemp -d -p /dev/shm hexo-fuzz.XXXXXX 2> /dev/null ||
	mktemp -d) || exit 1
export FUZZ_PLACE
trap 'rm -rf "$FUZZ_PLACE"' EXIT
mkdir -p "$place"
printf '%s\0' "${names[@]}" |
	xargs -0 -n 1 -P "${FUZZ_JOBS:-2}" "$here/fuzz.sh" --one |
	tee "$FUZZ_PLACE/tap"
passed=$(grep -c '^ok ' "$FUZZ_PLACE/tap")
failed=$((${#names[@]} - passed))
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
