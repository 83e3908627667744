#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: bench/libm.sh MUSL ARCHIVE
#
# Compiles the mathematical functions of musl's sources for aarch64, as the
# yardstick's programs are compiled, and without the use of fused multiply-adds
# that musl makes itself: they give other results than on x86-64.
set -euo pipefail

musl=$1
archive=$PWD/$2
work=$(mktemp -d /tmp/hexo-libm.XXXXXX)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/internal"
printf '#define VERSION "%s"\n' "$(cat "$musl/VERSION")" \
	> "$work/internal/version.h"

# A file of the ISA's own takes the generic one's place.
for file in "$musl"/src/math/*.c; do
	name=$(basename "$file")
	[ ! -e "$musl/src/math/aarch64/$name" ] ||
		file=$musl/src/math/aarch64/$name
	clang-19 --target=aarch64-linux-musl -std=c99 -O2 -ffp-contract=off \
		-ffreestanding -nostdinc -w -D_XOPEN_SOURCE=700 \
		-U__FP_FAST_FMA -U__FP_FAST_FMAF \
		-I "$musl/arch/aarch64" -I "$musl/arch/generic" \
		-I "$work/internal" -I "$musl/src/include" \
		-I "$musl/src/internal" -isystem /usr/include/aarch64-linux-musl \
		-c "$file" -o "$work/${name%.c}.o"
done
llvm-ar-19 qcs "$work/libm.a" "$work"/*.o
mv "$work/libm.a" "$archive"
