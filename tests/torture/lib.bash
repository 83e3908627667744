# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the torture tests share: many small C programs in one image, since
# linking one costs more than running it; each on both ISAs and with hops.
#
# A script that includes this defines, for its tests,
#   place TEST        its name in files and C
#   run TEST NUMBER   runs it from the image `all` and calls result
#
# One whose tests are seeds of random programs ends in seeds, and has place
# from here; it defines besides
#   generate SEED     makes seed_SEED.c and .expected
#   compile SEED      makes seed_SEED.o
#   unfit             if seeds whose program cannot be used natively are passed
#                     over: why

ROOT=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
PATH=$ROOT/build/bin:$PATH
TORTURE=$ROOT/tests/torture
WORK=$ROOT/build/torture
# hexo-cc's optimisation, test by test
# shellcheck disable=SC2034 # used there
LEVELS=(-O2 -O0 -O1 -O3 -Os)

# enter DIRECTORY: an empty one under $WORK, to be kept if a test fails
enter() {
	failed=0
	rm -rf "${WORK:?}/$1"
	mkdir -p "$WORK/$1/tmp" && cd "$WORK/$1" || exit 1
}

leave() {
	cd "$ROOT" || exit 1
	[ "$failed" = 1 ] || rm -r "${WORK:?}/$1"
}

# result TEST [WHY]: a line of TAP; what to repeat if there is a WHY
result() {
	local kind=${0##*/}
	kind=${kind%.sh}
	if [ -z "${2:-}" ]; then
		echo "ok $kind $1"
		return
	fi
	echo "not ok $kind $1: $2"
	echo "# cd ${PWD#"$ROOT"/}   # its file 'commands' has all commands"
	grep -h "'$(place "$1")'" commands | sed 's/^/# /'
	# What hexo had to say, whichever run it was.
	tail -n 3 "$(place "$1")".*.messages 2> /dev/null | sed 's/^/# /'
	failed=1
}

# log COMMAND...: runs it; commands are kept, and the last one's messages
log() {
	printf '%s\n' "${*@Q}" >> commands
	"$@" 2> messages
}

# object NAME SOURCE OPTION...: NAME.o, in which only main can be seen from
# outside, as test_NAME
object() {
	local name=$1 source=$2
	shift 2
	echo "#pragma redefine_extname main test_$name" > "$name.main.h"
	log timeout -k 5 60 hexo-cc "$@" -include "$name.main.h" -c \
		-o "$name.all.o" "$source" &&
		log opt-19 -passes=internalize \
			-internalize-public-api-list="test_$name" \
			-o "$name.o" "$name.all.o"
}

# image NAME...: one image `all` of these objects; its first argument says
# which test to be
image() {
	local name objects=()
	{
		echo "#include <string.h>"
		echo "int main(int argc, char **argv)"
		echo "{"
		for name in "$@"; do
			echo "	int test_$name();"
			echo "	if (!strcmp(argv[1], \"$name\"))"
			echo "		return test_$name(argc - 1, argv + 1);"
		done
		echo "	return 99;"
		echo "}"
	} > driver.c
	for name in "$@"; do
		objects+=("$name.o")
	done
	log timeout -k 5 600 hexo-cc -O2 -w -o all driver.c \
		"$TORTURE/poll.c" "${objects[@]}"
}

# link_and_run NUMBER TEST...: all in one image, or else in smaller ones
link_and_run() {
	local number=$1 test half names=()
	shift
	half=$(($# / 2))
	for test in "$@"; do
		names+=("$(place "$test")")
	done
	[ $# -gt 0 ] || return 0
	if image "${names[@]}"; then
		for test in "$@"; do
			run "$test" "$number"
		done
	elif [ $# = 1 ]; then
		result "$1" "$(grep hexo-cc: messages | tail -n 2 |
			tr '\n' ' ')"
	else
		link_and_run "$number" "${@:1:half}"
		link_and_run "$number" "${@:half + 1}"
	fi
}

# run_as NAME HOW OPTION...: the test's output and exit status, NAME.HOW
run_as() {
	local name=$1 how=$2 status=0
	shift 2
	log timeout -k 5 "${TORTURE_TIMEOUT:-60}" hexo run "$@" --local \
		--volume "$PWD/tmp:/tmp" \
		./all "$name" > "$name.$how" < /dev/null || status=$?
	echo "status $status" >> "$name.$how"
	cp messages "$name.$how.messages"
}

# period POLLS LEAST: so that there are at most TORTURE_HOPS moves
period() {
	local hops=${TORTURE_HOPS:-8} n
	n=$((($1 + hops) / (hops + 1)))
	echo $((n > $2 ? n : $2))
}

# hops NAME HOW ISA N: moved about each N-th poll, begun on this ISA
hops() {
	local polls=0
	[ ! -s "$1.json" ] || polls=$(jq .polls "$1.json")
	run_as "$1" "$2" --isa "$3" --hop-every "$(period "$polls" "$4")"
}

# differing EXPECTED NAME HOW...: those that did not print the file EXPECTED
differing() {
	local expected=$1 name=$2 how
	shift 2
	for how in "$@"; do
		cmp -s "$expected" "$name.$how" || echo "$how"
	done
}

# everywhere NAME N EXPECTED: runs the test on each ISA and with hops, about
# each N-th poll; prints where it does not print what the file EXPECTED has
everywhere() {
	local name=$1 least=$2 expected=$3 backend=kvm isas=(x86-64 aarch64)
	[ -w /dev/kvm ] && [ $((least % 2)) = 0 ] || backend=process
	rm -f "$name.json"
	run_as "$name" x86-64 --isa x86-64 --backend $backend --count \
		--stats "$name.json"
	run_as "$name" aarch64 --isa aarch64
	hops "$name" hops "${isas[least % 2]}" "$least"
	differing "$expected" "$name" x86-64 aarch64 hops
}

# hops_from_other NAME N EXPECTED: the same, begun on the other ISA
hops_from_other() {
	local isas=(aarch64 x86-64)
	hops "$1" hops-back "${isas[$2 % 2]}" "$2"
	differing "$3" "$1" hops-back
}

# blocks SIZE FIRST COUNT: lines FIRST COUNT of at most SIZE each
blocks() {
	local at end=$(($2 + $3)) left
	for ((at = $2; at < end; at += $1)); do
		left=$((end - at))
		echo "$at $((left < $1 ? left : $1))"
	done
}

# seeds BLOCK COUNT [ARG...]: a script's last command, with its arguments,
# [FIRST [COUNT]]: blocks of so many seeds, TORTURE_JOBS at a time
seeds() {
	local block=$1 count=$2
	shift 2
	place() {
		echo "seed_$1"
	}
	if [ "${1:-}" = --block ]; then
		run_seeds "$2" "$3"
		return
	fi
	blocks "$block" "${1:-1}" "${2:-$count}" |
		xargs -P "${TORTURE_JOBS:-1}" -L 1 "$0" --block
}

# run_seeds FIRST COUNT: the seeds FIRST, FIRST + 1, ..., in one image
run_seeds() {
	local seed compiled=() kind=${0##*/}
	kind=${kind%.sh}
	enter "$kind-$1"
	for ((seed = $1; seed < $1 + $2; seed++)); do
		if ! generate "$seed"; then
			if [ -n "${unfit:-}" ]; then
				echo "# $kind $seed: $unfit"
			else
				result "$seed" "cannot be made"
			fi
		elif compile "$seed"; then
			compiled+=("$seed")
		else
			result "$seed" "cannot be compiled"
		fi
	done
	link_and_run "$1" "${compiled[@]}"
	leave "$kind-$1"
}
