#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: tests/torture/capture.sh [FIRST [COUNT]]
#
# Runs COUNT (20) programs of capture_gen, from seed FIRST (1) on, that poll
# at the ends of all functions: with moves at each poll or each second or
# third, begun on either ISA, they must print what they print natively.
# Prints TAP, a line a seed; a block of seeds in which one failed keeps its
# directory in build/torture.
#
# Variables: TORTURE_HOPS is how many moves a program has at most (8), then
# they come less often; CAPTURE_BLOCK seeds share an image (20); TORTURE_JOBS
# blocks at a time.
set -uo pipefail
# shellcheck source=tests/torture/lib.bash
. "$(dirname "$0")/lib.bash"

# generate SEED: seed_SEED.c and .expected
generate() {
	local name
	name=$(place "$1")
	log "$ROOT/build/tests/capture_gen" "$1" > "$name.c" &&
		log timeout 60 clang-19 -w -O1 -ffp-contract=off \
			"-I$TORTURE" -o "$name.native" "$name.c" &&
		log timeout 10 "./$name.native" > "$name.expected" &&
		echo "status 0" >> "$name.expected"
}

compile() {
	object "$(place "$1")" "$(place "$1").c" "${LEVELS[$1 % 5]}" -w \
		"-I$TORTURE" -finstrument-functions
}

# run SEED NUMBER: begun on the other ISA as well
run() {
	local name period differ
	name=$(place "$1")
	period=$((1 + $1 % 3))
	differ=$(everywhere "$name" $period "$name.expected" &&
		hops_from_other "$name" $period "$name.expected")
	result "$1" "${differ:+differs: ${differ//$'\n'/ }}"
}

seeds "${CAPTURE_BLOCK:-20}" 20 "$@"
