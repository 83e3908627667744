#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: tests/run.sh [UNIT-TEST | FILE.bats | FILE.sh]...
#
# Runs the given tests, or all: unit tests, torture and fuzz tests (which print
# TAP), then bats files, two at a time.
# The last line is "N passed, N failed". Everything that has to be built has
# been built by make.
set -uo pipefail

cd "$(dirname "$0")/.." || exit 1
root=$PWD
logs=build/tests/log
jobs=${TEST_JOBS:-2}

# One test file: its TAP output goes to a log, a line to the terminal.
run_one() {
	local file=$1 name log begin=$SECONDS passed failed how=
	name=${file##*/}
	log=$logs/$name.tap
	case $file in
	*.bats)
		bats --tap "$file" > "$log" 2>&1 || how="exit status $?"
		;;
	*.sh)
		"$file" > "$log" 2>&1 || how="exit status $?"
		;;
	*)
		CMOCKA_MESSAGE_OUTPUT=TAP timeout 120 "$file" > "$log" 2>&1 ||
			how="exit status $?"
		;;
	esac
	passed=$(grep -c '^ok ' "$log")
	failed=$(grep -c '^not ok ' "$log")
	# It broke without saying which test did.
	if [ "$failed" = 0 ] && { [ -n "$how" ] || [ "$passed" = 0 ]; }; then
		echo "not ok $name as a whole: ${how:-it has no tests}" >> "$log"
		failed=1
	fi
	printf '%-28s %4d passed %4d failed  %4d s\n' \
		"$name" "$passed" "$failed" $((SECONDS - begin))
	[ "$failed" = 0 ] || grep -v '^ok ' "$log" | cut -c1-500
}

# Processes that carry this run's mark in their environment.
left_over() {
	local pid
	for pid in /proc/[0-9]*; do
		[ "${pid##*/}" != "$$" ] &&
			grep -qsz "^HEXO_TEST_RUN=$HEXO_TEST_RUN\$" \
				"$pid/environ" &&
			tr '\0' ' ' < "$pid/cmdline" && echo
	done 2> /dev/null
}

# Nothing of the caller's: no boards, jobs and keys of his, no options.
private_place() {
	HEXO_TEST_RUN=$(mktemp -d /tmp/hexo-test.XXXXXX) || exit 1
	mkdir -m 700 "$HEXO_TEST_RUN/run" "$HEXO_TEST_RUN/tmp"
	export HEXO_TEST_RUN XDG_RUNTIME_DIR=$HEXO_TEST_RUN/run
	export XDG_CONFIG_HOME=$HEXO_TEST_RUN/config
	export TMPDIR=$HEXO_TEST_RUN/tmp PATH=$root/build/bin:$PATH
	unset HEXO_RUN_OPTIONS HEXO_TEST_KILL_TARGET HEXO_TEST_KILL_SOURCE \
		HEXO_TEST_STOP_TARGET HEXO_TEST_TELL
}

cleanup() {
	hexo board stop --all > /dev/null 2>&1
	rm -rf "$HEXO_TEST_RUN"
}

if [ "${1:-}" = --one ]; then
	run_one "$2"
	exit 0
fi

# Those of the packages that `make check` builds: they take longest.
package_tests() {
	awk '$2 == "check" { print "tests/packages/" $1 ".bats" }' \
		tests/packages/packages.list
}

files=("$@")
# shellcheck disable=SC2207 # names without blanks
[ $# -gt 0 ] || files=($(package_tests) build/tests/unit/test_*
	tests/torture/{csmith,ctorture,capture,moves}.sh tests/fuzz/fuzz.sh
	tests/model/model.sh
	tests/commands/*.bats
	build/tests/commands/{matrix-*,faults-spread}.bats)
rm -rf "$logs"
mkdir -p "$logs"
private_place
trap cleanup EXIT

echo "${#files[@]} test files, $jobs at a time; logs in $logs"
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$jobs" tests/run.sh --one

hexo board stop --all > /dev/null 2>&1
left=$(left_over)
if [ -n "$left" ]; then
	printf 'not ok processes are left:\n%s\n' "$left" |
		tee "$logs/processes.tap"
else
	echo "ok no process is left" > "$logs/processes.tap"
fi

passed=$(cat "$logs"/*.tap | grep -c '^ok ')
failed=$(cat "$logs"/*.tap | grep -c '^not ok ')
skipped=$(grep -h '^ok .*# skip' "$logs"/*.tap)
[ -z "$skipped" ] || printf 'skipped:\n%s\n' "$skipped"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
