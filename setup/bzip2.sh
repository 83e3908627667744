#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Fetches bzip2, which the tests build and run, to build/src/bzip2.
set -euo pipefail
cd "$(dirname "$0")/.."
exec setup/source.sh bzip2 1.0.8-5 bzip2_1.0.8.orig.tar.gz \
	ab5a03176ee106d3f0fa90e381da478ddae405918153cca248e682cd0c4a2269 \
	build/src/bzip2
