#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Fetches GCC's source for the tests in its gcc.c-torture/execute, which go to
# build/src/gcc-ctorture; the rest is not kept.
set -euo pipefail
cd "$(dirname "$0")/.."
sum=b8298be16aeeb96a889c6afed0a8e2241b47452e89cc81fe65ea849d5c740fcb
dest=build/src/gcc-ctorture
outer=build/src/gcc-12
[ "$(cat $dest/.source-sha256 2> /dev/null)" != $sum ] || exit 0

setup/source.sh gcc-12 12.2.0-14+deb12u1 gcc-12_12.2.0.orig.tar.gz \
	$sum $outer
rm -rf $dest $dest.new
mkdir -p $dest.new
tar -xJf $outer/gcc-12.2.0-dfsg.tar.xz -C $dest.new --strip-components=5 \
	--exclude='*/execute/builtins' --wildcards \
	'*/gcc/testsuite/gcc.c-torture/execute/*'
rm -r $outer
echo $sum > $dest.new/.source-sha256
mv $dest.new $dest
