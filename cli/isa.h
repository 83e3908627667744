/* SPDX-License-Identifier: Apache-2.0 */
/* Names of ISAs, looked up in the list of <hexo/isa.h>. */
#ifndef HEXO_CLI_ISA_H
#define HEXO_CLI_ISA_H

#include "hexo/isa.h"

/* One more than the highest number of an ISA. */
#define X(number, id, name, machine) CLI_ISA_UP_TO_##id = number,
enum { HEXO_ISA_LIST(X) CLI_ISA_END };
#undef X

/* HEXO_ISA_NONE for a name that is none. */
enum hexo_isa cli_isa_by_name(const char *name);

/* As in images and commands: "x86-64"; "unknown" for others. */
const char *cli_isa_name(enum hexo_isa isa);

/* As uname and QEMU say it: "x86_64". */
const char *cli_isa_machine(enum hexo_isa isa);

/* What this machine is; HEXO_ISA_NONE if images cannot be for it. */
enum hexo_isa cli_isa_host(void);

#endif
