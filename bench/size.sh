#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: bench/size.sh
#
# The size of each image, against that of the native programs of both ISAs
# together, stripped. Prints a line of JSON for each program.
set -euo pipefail

cd "$(dirname "$0")/.."
. bench/lib.bash
work_open

stripped() {
	llvm-strip-19 -o "$work/stripped" "$1"
	stat -c %s "$work/stripped"
}

while read -r name _; do
	jq -n -c --arg program "$name" \
		--argjson image "$(stat -c %s "build/bench/$name")" \
		--argjson native_x86_64 "$(stripped "$(native x86-64 "$name")")" \
		--argjson native_aarch64 \
		"$(stripped "$(native aarch64 "$name")")" '$ARGS.named |
		. + { ratio: (.image / (.native_x86_64 + .native_aarch64)) }'
done < <(programs)
