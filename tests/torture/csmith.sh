#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: tests/torture/csmith.sh [FIRST [COUNT]]
#
# Runs random programs of csmith, COUNT (112) seeds from FIRST (1) on: what
# they print when compiled by clang must be what they print when compiled by
# hexo-cc, on x86-64, on aarch64, and moved between them. Seeds whose program
# does not end natively, one in ten, are passed over. Prints TAP, a line a
# seed; a block of seeds in which one failed keeps its directory in
# build/torture.
#
# Variables: CSMITH_SIZE=all varies the programs' size and kind by the seed,
# else they are small; TORTURE_HOPS is how many moves a program has at most;
# CSMITH_BLOCK seeds share an image (20); TORTURE_JOBS blocks at a time.
set -uo pipefail
# shellcheck source=tests/torture/lib.bash
. "$(dirname "$0")/lib.bash"

INCLUDE=/usr/include/csmith
unfit="does not end natively"

# What kind of program a seed gets.
options() {
	local small="--max-funcs 4 --max-block-depth 3"
	[ "${CSMITH_SIZE:-small}" = all ] || set -- 0
	case $(($1 % 5)) in
	0) echo "$small" ;;
	1) echo "--max-funcs 6" ;;
	2) echo "$small --float" ;;
	3) echo "--max-funcs 8 --max-block-depth 2 --max-pointer-depth 3" ;;
	4) echo "$small --no-packed-struct --max-struct-fields 6" ;;
	esac
}

# generate SEED: seed_SEED.c and .expected, if its program ends: also without
# optimisation, which leaves out a loop that has no effect and no end
generate() {
	local name
	name=$(place "$1")
	# shellcheck disable=SC2046 # a list of words
	log timeout 20 csmith --seed "$1" $(options "$1") > "$name.c" &&
		log timeout 60 clang-19 -w -O1 -ffp-contract=off \
			-I$INCLUDE -o "$name.native" "$name.c" &&
		log timeout 3 "./$name.native" > "$name.expected" 2> /dev/null &&
		log timeout 60 clang-19 -w -O0 -ffp-contract=off \
			-I$INCLUDE -o "$name.native" "$name.c" &&
		log timeout 9 "./$name.native" 2> /dev/null |
			cmp -s "$name.expected" - &&
		echo "status 0" >> "$name.expected"
}

# compile SEED: two of three poll at the ends of all functions
compile() {
	local extra=(-finstrument-functions
		-include "$TORTURE/csmith_poll.h")
	[ $(($1 % 3)) != 0 ] || extra=()
	object "$(place "$1")" "$(place "$1").c" "${LEVELS[$1 % 5]}" -w \
		-I$INCLUDE "${extra[@]}"
}

# run SEED NUMBER
run() {
	local name differ
	name=$(place "$1")
	differ=$(everywhere "$name" $((1 + $1 % 7)) "$name.expected" |
		tr '\n' ' ')
	result "$1" "${differ:+differs: $differ}"
}

seeds "${CSMITH_BLOCK:-20}" 112 "$@"
