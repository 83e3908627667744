# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # what is not used here is used there
# What the scripts here share. They run in the root of the tree.
# BENCH_PROGRAMS, a list of names, selects of bench/programs.list.

PATH=$PWD/build/bin:$PATH
unset HEXO_RUN_OPTIONS
# A board that is up is no part of the measured machine.
LOCAL=(--local)

# The guest's code, its function table included: see include/hexo/layout.h.
# hexo-vm itself lies elsewhere.
GUEST=low=0x01000000,high=0x0fe00000
# What a poll reads.
POLL=0x0fff0000

say() {
	echo "bench: $*" >&2
}

die() {
	say "$*"
	exit 1
}

# The chosen lines of the list: name, class, class to count, repetitions,
# options.
programs() {
	awk -v chosen=" ${BENCH_PROGRAMS:-} " '
		/^[^#]/ && (chosen ~ /^ *$/ || index(chosen, " " $1 " "))
		' bench/programs.list
}

# native ISA PROGRAM: the path of the plain build
native() {
	case $1 in
	x86-64) echo "build/bench/native/$2" ;;
	*) echo "build/bench/native-$1/$2" ;;
	esac
}

# Has the machine touch 1.5 GiB, of which what is measured next gets its memory.
# The host of a virtual machine may take free memory back after seconds; then its
# first use costs more than all that is measured here.
heat() {
	dd if=/dev/zero of=/dev/null bs=1536M count=1 status=none
}

# A directory for the caller's files, gone at the end.
work_open() {
	work=$(mktemp -d /tmp/hexo-bench.XXXXXX)
	trap 'rm -rf "$work"' EXIT
}

# hops_of ISA MICROSECONDS: options that move a job of that duration there
# and back, to fresh VMs of the same ISA: what they run are resumed frames. It
# stands still for that: a copy made while it runs costs it write faults
hops_of() {
	echo "--mode stop --hop $(($2 / 20000 + 1))ms:$1 --hop $(($2 / 10000 + 2))ms:$1"
}

# hops_check STATS: both moves were made
hops_check() {
	jq -e '[.hops[].result] == ["ok", "ok"]' "$1" > /dev/null
}
