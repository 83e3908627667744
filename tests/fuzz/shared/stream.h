/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of streams for the fuzzer's VM. */
#ifndef HEXO_TESTS_FUZZ_STREAM_H
#define HEXO_TESTS_FUZZ_STREAM_H

#include "migrate/stream.h"
#include "tests/fuzz/shared/vm.h"

/* A VM section of which some fields are as they have to be, others the
 * input's. */
void fuzz_stream_vm(struct migrate_writer *w, struct fuzz_input *in);

/* An address near the begin or the end of a part of the memory. */
uint64_t fuzz_stream_page(struct fuzz_input *in);

#endif
