#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: tests/torture/ctorture.sh [TEST...]
#        tests/torture/ctorture.sh --list | --batch NUMBER TEST... | --skipped
#
# Runs tests of GCC's gcc.c-torture/execute, all or those named: compiled by
# hexo-cc, on x86-64, on aarch64, and moved between them. Prints TAP, a line
# a test; a batch in which one failed keeps its directory in build/torture.
# --skipped instead checks that each skipped test is skipped with reason;
# --list prints the batches that all tests make, --batch runs one.
#
# Variables: CTORTURE_EVERY=N runs each N-th test; TORTURE_HOPS is how many
# moves a test has at most; CTORTURE_BATCH tests share an image; TORTURE_JOBS.
set -uo pipefail
# shellcheck source=tests/torture/lib.bash
. "$(dirname "$0")/lib.bash"

SUITE=$ROOT/build/src/gcc-ctorture
SKIP=$TORTURE/ctorture.skip
batch=${CTORTURE_BATCH:-40}
every=${CTORTURE_EVERY:-1}

# GCC warns where clang gives errors.
LENIENT=(-w -Wno-error=implicit-int -Wno-error=implicit-function-declaration
	-Wno-error=int-conversion -Wno-error=incompatible-pointer-types
	-Wno-error=incompatible-function-pointer-types -Wno-error=return-type
	-Wno-error=return-mismatch -Wno-error=array-bounds)

all_tests() {
	(cd "$SUITE" && ls -- *.c ieee/*.c)
}

reason() {
	awk -v test="$1" '$1 == test { $1 = ""; print substr($0, 2) }' "$SKIP"
}

wanted() {
	awk -v every="$every" 'NR == FNR { if (!/^#/) skip[$1] = 1; next }
		!($1 in skip) && FNR % every == 0' "$SKIP" <(all_tests)
}

# What a test asks for itself; what is for GCC alone is left out.
options() {
	grep -h 'dg-.*options' "$SUITE/$1" | grep -v 'target' |
		grep -o '"-[^"]*"' | tr -d '"' | tr ' ' '\n' |
		grep -xE -e '-std=.*|-fwrapv|-fgnu89-inline|-fno-(inline|common)|-fno-builtin-abort|-fno-strict-.*|-ffast-math'
}

# place TEST: its name without slash and dot, for files and functions
place() {
	local name=${1%.c}
	echo "t_${name//[^a-zA-Z0-9]/_}"
}

# compile TEST NUMBER
compile() {
	local extra
	mapfile -t extra < <(options "$1")
	object "$(place "$1")" "$SUITE/$1" "${LEVELS[$2 % 5]}" \
		"${LENIENT[@]}" -finstrument-functions "${extra[@]}"
}

# run TEST NUMBER: in the image `all`; a test says itself whether it passed,
# and prints the same everywhere
run() {
	local name differ
	name=$(place "$1")
	differ=$(everywhere "$name" $((1 + $2 % 3)) "$name.x86-64")
	[ "$(tail -n 1 "$name.x86-64")" = "status 0" ] ||
		differ="x86-64 $differ"
	result "$1" "${differ:+wrong: ${differ//$'\n'/ }}"
}

run_batch() {
	local number=$1 test compiled=()
	shift
	enter "ctorture-$number"
	for test in "$@"; do
		if compile "$test" "$number"; then
			compiled+=("$test")
		else
			result "$test" "hexo-cc: $(grep -m 1 error: messages)"
		fi
	done
	link_and_run "$number" "${compiled[@]}"
	leave "ctorture-$number"
}

# natively TEST: whether clang's own program passes
natively() {
	local extra
	mapfile -t extra < <(options "$1")
	timeout 60 clang-19 -O1 -ffp-contract=off "${LENIENT[@]}" \
		"${extra[@]}" -o native "$SUITE/$1" -lm 2>> messages &&
		timeout 10 ./native > native.out 2>&1 < /dev/null
}

# A test that clang fails must fail with clang alone; one that cannot be
# portable must not pass. Where C leaves it open nothing can be said.
check_skipped() {
	local test why
	enter skipped
	while read -r test why; do
		case $why in
		undefined:*) result "$test" ;;
		clang:*) if natively "$test"; then
			result "$test" "clang passes it"
		else
			result "$test"
		fi ;;
		*) if compile "$test" 0 && image "$(place "$test")" &&
			[[ $(run "$test" 0) == ok* ]]; then
			result "$test" "it passes"
		else
			result "$test"
		fi ;;
		esac
	done < <(grep -v '^#' "$SKIP")
	leave skipped
}

# batches TEST...: lines NUMBER TEST...
batches() {
	local k=0
	while [ $# -gt 0 ]; do
		echo "$((k++)) ${*:1:batch}"
		shift $(($# < batch ? $# : batch))
	done
}

case ${1:-} in
--batch)
	shift
	run_batch "$@"
	;;
--skipped)
	check_skipped
	;;
--list)
	mapfile -t names < <(wanted)
	batches "${names[@]}"
	;;
'')
	mapfile -t names < <(wanted)
	batches "${names[@]}" |
		xargs -P "${TORTURE_JOBS:-1}" -L 1 "$0" --batch
	;;
*)
	batches "$@" | xargs -P "${TORTURE_JOBS:-1}" -L 1 "$0" --batch
	;;
esac
