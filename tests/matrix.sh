#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: tests/matrix.sh kvm | process | qemu-user | board | hops
#
# Prints a bats file that runs the programs of tests/matrix.list at that place.
set -euo pipefail
cd "$(dirname "$0")"

place=$1
need=
check=
case $place in
kvm)
	title="on x86-64/kvm"
	call='on "--isa x86-64 --backend kvm"'
	need=need_kvm
	check="ran_on x86-64"
	;;
process)
	title="on x86-64/process"
	call='on "--isa x86-64 --backend process"'
	check="ran_on x86-64"
	;;
qemu-user)
	title="on aarch64/qemu-user"
	call='on "--isa aarch64 --backend process --local"'
	check="ran_on aarch64"
	;;
board)
	title="on a board with KVM"
	# shellcheck disable=SC2016 # expands in the test
	call='on "--node $BOARD --backend kvm"'
	check="ran_on aarch64"
	;;
hops)
	title="with 20 hops"
	call="with_hops 20"
	;;
*)
	echo "matrix.sh: no place '$place'" >&2
	exit 2
	;;
esac

echo "# Made by tests/matrix.sh from tests/matrix.list."
echo "load ../../../tests/lib"
if [ "$place" = board ]; then
	printf '\nsetup_file() {\n\tboard_start\n}\n'
	printf '\nteardown_file() {\n\tboard_stop\n}\n'
fi
grep -v '^#' matrix.list | while read -r program; do
	printf '\n@test "%s %s" {\n' "$program" "$title"
	for line in "$need" "$call $program" "$check"; do
		[ -z "$line" ] || printf '\t%s\n' "$line"
	done
	echo "}"
done
