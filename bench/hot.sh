#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: bench/hot.sh ISA PROGRAM CLASS [BLOCKS [OPTION...]]
#
# Shows where a program executes its instructions: the busiest blocks of code,
# first of the native program, then of the guest in a VM, with these options
# of hexo run. With --hop 500ms:ISA it is the VM that the program has moved to.
# For each: its part of all the program's instructions, its length, how often
# it ran, its function, its code.
set -euo pipefail

cd "$(dirname "$0")/.."
. bench/lib.bash
[ $# -ge 3 ] ||
	die "usage: bench/hot.sh ISA PROGRAM CLASS [BLOCKS [OPTION...]]"
isa=$1
program=$2
class=$3
blocks=${4:-8}
shift $(($# > 4 ? 4 : $#))
work_open

# show ELF: the blocks of the process that ended last; a line with one field
# is where the next one's begin
show() {
	local total addr size executed
	awk 'NF == 1 { text = "" } { text = text $0 "\n" }
		END { printf "%s", text }' "$work/counts" > "$work/last"
	read -r total < "$work/last"
	echo "$total instructions"
	# A block is at most as long as its instructions can be.
	tail -n +2 "$work/last" | while read -r addr size executed; do
		echo
		awk -v n="$executed" -v total="$total" -v size="$size" 'BEGIN {
			printf "%5.2f %%, %d instructions %d times:\n",
				100 * n / total, size, n / size }'
		llvm-objdump-19 -d --no-show-raw-insn \
			--start-address="$addr" \
			--stop-address=$((addr + size * 16)) "$1" |
			awk -v size="$size" '
				/^[0-9a-f]+ <.*>:$/ && !n { print $2; next }
				/^ +[0-9a-f]+:/ && n++ < size'
	done
}

plugin=$PWD/build/bench/count.so,out=$work/counts,top=$blocks
echo "== $program $class on $isa, natively"
"qemu-${isa/x86-64/x86_64}" -plugin "$plugin" "$(native "$isa" "$program")" \
	"$class" > "$work/out" 2>&1 || die "it failed"
show "$(native "$isa" "$program")"

rm "$work/counts"
echo
echo "== $program $class on $isa, in a VM"
unzip -p "build/bench/$program" "$isa.elf" > "$work/elf"
QEMU_PLUGIN=$plugin,$GUEST build/bench/counted/hexo run --isa "$isa" \
	--backend process "${LOCAL[@]}" "$@" "build/bench/$program" \
	"$class" > "$work/out" 2>&1 || die "it failed"
show "$work/elf"
