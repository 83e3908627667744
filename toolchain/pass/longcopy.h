/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memcpy and memset, which hold no polls, of many bytes: done in pieces, with
 * a poll between.
 */
#ifndef HEXO_PASS_LONGCOPY_H
#define HEXO_PASS_LONGCOPY_H

#include "toolchain/pass/ir.h"

/* Bytes that are copied or set at once. */
#define LONGCOPY_PIECE (UINT64_C(256) << 10)

/* Splits those of a function whose size is not known to be less; adds the
 * instructions before which polls belong. */
void longcopy_split(LLVMValueRef f, struct ir_list *points);

#endif
