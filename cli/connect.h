/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Having a VM started at a node. It takes several exchanges with a hexod
 * that may be slow or gone, so a child does it, hands a socket back and goes
 * on as the link's keeper (cli/keeper.h): the home serves its job meanwhile
 * and can end the child any time.
 */
#ifndef HEXO_CLI_CONNECT_H
#define HEXO_CLI_CONNECT_H

#include "cli/vm.h"

/* Starts the child. *pending becomes readable when the outcome is known, and
 * later with news of the link. */
int cli_connect_start(const struct cli_vm_config *config,
		      const struct cli_place *place, int *pending, pid_t *pid,
		      struct hexo_error *err);

/* The outcome: the node's ISA, the link's speed (0: not measured) and the VM's
 * channel, or why there is none. */
int cli_connect_finish(int pending, enum hexo_isa *isa, uint64_t *speed,
		       int *channel, struct hexo_error *err);

#endif
