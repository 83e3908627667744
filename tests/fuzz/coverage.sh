#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: tests/fuzz/coverage.sh [NAME]...
#
# Prints for each harness what share of the lines of its sources its seeds and
# its corpus reach, without time for new inputs. Used by `make fuzz-coverage`.
set -euo pipefail
cd "$(dirname "$0")/../.."

here=tests/fuzz
place=build/fuzz
bin=/usr/lib/llvm-19/bin

names=("$@")
if [ $# = 0 ]; then
	for file in "$here"/*.c; do
		names+=("$(basename "$file" .c)")
	done
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for name in "${names[@]}"; do
	mkdir -p "$work/$name" "$place/corpus/$name"
	HEXO_FUZZ_SCRATCH=$work/$name LLVM_PROFILE_FILE=$work/$name.raw \
		"$place/coverage/$name" -runs=0 -timeout=20 \
		"$place/corpus/$name" "$place/seeds/$name" \
		< /dev/null > "$work/log" 2>&1 || {
		cat "$work/log"
		exit 1
	}
	"$bin/llvm-profdata" merge -o "$work/profile" "$work/$name.raw"
	echo "$name:"
	mapfile -t sources < <(sed -n 's|^// LINK: *||; T; s|;.*||p; t; p' \
		"$here/$name.c" | tr ' ' '\n' | grep -vE '^(base/.*|tests/.*|)$')
	# shellcheck disable=SC2207 # names without blanks
	sources+=($(sed -n 's|^#include "\(.*\.c\)"|\1|p' "$here/$name.c"))
	"$bin/llvm-cov" report "$place/coverage/$name" \
		-instr-profile="$work/profile" "${sources[@]}" |
		awk '$1 ~ /\.[ch]$/ || $1 == "TOTAL" {
			sub(/.*\//, "", $1)
			printf "    %-20s %7s of %5d lines\n", $1, $10, $8 }'
done
