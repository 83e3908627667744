/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Comes before a program of csmith that polls wherever a function begins and
 * ends: its arithmetic helpers and its checksum do not, lest they have
 * nearly all the polls.
 */
#include <stdint.h>

static void crc32_gentab(void) __attribute__((annotate("hexo.nopoll")));
#pragma clang attribute push(__attribute__((no_instrument_function)), \
			     apply_to = function)
#include "csmith.h"
#pragma clang attribute pop
