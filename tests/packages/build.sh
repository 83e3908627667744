#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: tests/packages/build.sh NAME
#
# Builds a package in build/tests/NAME, a copy of its source, by NAME.build,
# which runs there with hexo-cc in PATH. Programs that the build runs are jobs
# that see the copy under its own path. The log is build/tests/NAME.log; its
# end is printed if something fails. build/tests/NAME/.built is made last.
set -euo pipefail

cd "$(dirname "$0")/../.."
name=$1
recipe=$PWD/tests/packages/$name.build
dir=$PWD/build/tests/$name
log=$dir.log

rm -rf "$dir"
mkdir -p "$dir"
# With the times of the files: a newer configure.ac would want autoconf.
cp -a "build/src/$name/." "$dir"
cd "$dir"

# The package's make is its own: no options and no variables of ours.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES CFLAGS CPPFLAGS LDFLAGS
export PATH=${recipe%/tests/*}/build/bin:$PATH LC_ALL=C
export HEXO_RUN_OPTIONS="--local --volume $dir:$dir"
begin=$SECONDS
if ! bash -euxo pipefail "$recipe" > "$log" 2>&1 < /dev/null; then
	echo "$name cannot be built; the end of $log:" >&2
	tail -n 30 "$log" >&2
	exit 1
fi
echo "built in $((SECONDS - begin)) s" | tee -a "$log" > .built
