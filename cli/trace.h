/* SPDX-License-Identifier: Apache-2.0 */
/* The calls that led to a fault, on standard error. */
#ifndef HEXO_CLI_TRACE_H
#define HEXO_CLI_TRACE_H

#include "cli/image.h"
#include "hexo/channel.h"

/*
 * Has hexo-trace (trace/) find and print them, and waits for that. fault is
 * as hexo-vm sent it, with the stack's bytes behind it; what it says of their
 * number was checked. Prints nothing if there is nothing to be found.
 */
void cli_trace_print(struct cli_image *image, enum hexo_isa isa,
		     const struct hexo_msg_fault *fault, const void *stack);

#endif
