#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: tests/packages/fetch.sh NAME
#
# Fetches the source of a package of packages.list to build/src/NAME.
set -euo pipefail

cd "$(dirname "$0")/../.."
read -r _ _ version file sha256 < <(
	awk -v name="$1" '$1 == name' tests/packages/packages.list) ||
	{ echo "fetch.sh: no package $1 in packages.list" >&2; exit 1; }
exec setup/source.sh "$1" "$version" "$file" "$sha256" "build/src/$1"
