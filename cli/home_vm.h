/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of a home, cli/home*.c, only. */
#ifndef HEXO_CLI_HOME_VM_H
#define HEXO_CLI_HOME_VM_H

#include "cli/home_state.h"

/* cli/home.c: has an event happen. */
void home_handle(struct home *home, enum home_event event,
		 const struct migrate_msg *msg);

/* cli/home_check.c: 0 if a message is what its type says and may come; if not,
 * home->why says why. */
int home_check(struct home *home, struct cli_vm *vm,
	       const struct migrate_msg *msg);
/* cli/home_check.c: the event that it is, HOME_EVENTS if it is none. */
enum home_event home_event_of(const struct home *home, const struct cli_vm *vm,
			      const struct migrate_msg *msg);

/* cli/home_vm.c: watches both VMs for what they may do now. */
void home_watch_vms(struct home *home);

/* cli/home_vm.c: the next probe is due. */
void home_probe_ready(void *ctx, uint32_t events);

/* cli/home_vm.c: makes a text from outside fit for a terminal. */
void home_plain(char *text);

/* cli/home_vm.c: the text that a message ends with, from a byte on; fit for
 * a terminal. */
const char *home_text(const struct migrate_msg *msg, size_t from);

/* cli/home_vm.c: whether the owner's guest can be running, so that its requests
 * count. */
bool home_guest_runs(const struct home *home);

/* cli/home_vm.c: the owner was told to end. What its program has written
 * before is in the channel: does it, as a killed process's writes are done. */
void home_last_writes(struct home *home);

#endif
