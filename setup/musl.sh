#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Fetches musl, the C library of the guest, to build/src/musl.
set -euo pipefail
cd "$(dirname "$0")/.."
exec setup/source.sh musl 1.2.3-1 musl_1.2.3.orig.tar.gz \
	7d5b0b6062521e4627e099e4c9dc8248d32a30285e959b7eecaa780cf8cfd4a4 \
	build/src/musl
