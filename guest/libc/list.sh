#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: list.sh MUSL OBJECTS > sources.mk
#
# Which files of musl (the source directory MUSL) make up the library, as make
# variables: all files but those of exclude.list, and among them those of
# nopoll.files. Every hundredth object below OBJECTS is to report progress.
set -euo pipefail
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
musl=$1 objects=$2

# matching LIST: the lines of stdin that a pattern of LIST matches; patterns
# after "!" take files out again.
matching() {
	local file hit k patterns
	local -A used=()
	mapfile -t patterns < <(sed '/^#/d;/^$/d' "$here/$1")
	while read -r file; do
		hit=
		for k in "${!patterns[@]}"; do
			# shellcheck disable=SC2053 # a pattern is meant
			[[ $file == ${patterns[k]#!} ]] || continue
			used[$k]=y
			hit=y
			[[ ${patterns[k]} == !* ]] && hit=
		done
		[ -z "$hit" ] || echo "$file"
	done
	for k in "${!patterns[@]}"; do
		[ -n "${used[$k]:-}" ] ||
			echo "$1: ${patterns[k]} matches no file" >&2
	done
}

# src/<directory>/*.c and the allocator; not src/<directory>/<arch>/.
cd "$musl/src"
all=$(printf '%s\n' */*.c malloc/mallocng/*.c malloc/oldmalloc/*.c | sort)
files=$(comm -23 <(echo "$all") <(echo "$all" | matching exclude.list))
total=$(echo "$files" | wc -l)

echo "LIBC_FILES := $(echo "$files" | tr '\n' ' ')"
echo "LIBC_NOPOLL := $(echo "$files" | matching nopoll.files | tr '\n' ' ')"
echo "$files" | awk -v total="$total" -v dir="$objects" 'NR % 100 == 0 {
	sub(/\.c$/, ".o")
	print dir "/" $0 ": PROGRESS := libc: " NR " of " total " files"
}'
