#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: tests/lint.sh
#
# The house rules that a program can check. Prints each breach as FILE:LINE;
# the exit status says whether there was any.
set -uo pipefail
shopt -s lastpipe # report runs in this shell

cd "$(dirname "$0")/.." || exit 1
breaches=0

# files PATTERN...: source files whose names match
files() {
	local names=() pattern
	for pattern in "$@"; do
		names+=(-o -name "$pattern")
	done
	find . \( -name build -o -name .git \) -prune -o \
		-type f \( "${names[@]:1}" \) -print | sed 's|^\./||' | sort
}

# report RULE: the breaches are on stdin
report() {
	local found
	found=$(cat)
	[ -n "$found" ] || return 0
	echo "lint: $1:"
	echo "$found"
	breaches=1
}

mapfile -t c < <(files '*.c' '*.h')
mapfile -t shell < <(files '*.sh' '*.bash' run)
mapfile -t bats < <(files '*.bats')
mapfile -t sources < <(files '*.c' '*.h' '*.S' '*.ld' '*.sh' '*.bash' \
	'*.bats' '*.mk' Makefile run init)
mapfile -t texts < <(files '*.md' '*.list' packages '.clang-format')

clang-format-14 --dry-run "${c[@]}" 2>&1 | grep 'warning:' |
	report "not as clang-format writes it (clang-format-14 -i FILE)"

isa='__(x86_64|amd64|i386|aarch64|arm|ARM|riscv|powerpc|s390)'
grep -nE "^[[:space:]]*#[[:space:]]*(if|ifdef|ifndef|elif)\b.*$isa" \
	"${c[@]}" | grep -v '^[^:]*/arch/' |
	report "a conditional on the ISA outside of arch/"

shellcheck -x "${shell[@]}" 2>&1 | report "shellcheck"
# What bats does to variables and to !, shellcheck knows in part only.
shellcheck -x -e SC2030,SC2031,SC2164,SC2016,SC2046 "${bats[@]}" 2>&1 |
	report "shellcheck of bats files"

for file in "${sources[@]}"; do
	head -2 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' ||
		echo "$file:1"
done | report "no licence line"

grep -nE '[[:space:]]+$' "${sources[@]}" "${texts[@]}" |
	report "white space at the end of a line"

wc -l "${sources[@]}" | awk '$1 > 600 && $2 != "total" {
	print "lint: warning: " $2 " has " $1 " lines" }'

[ "$breaches" = 0 ] && echo "lint: ${#sources[@]} sources are in order"
exit "$breaches"
