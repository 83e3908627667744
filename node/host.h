/* SPDX-License-Identifier: Apache-2.0 */
/* What the machine under this hexod is. */
#ifndef HEXO_NODE_HOST_H
#define HEXO_NODE_HOST_H

#include <stdbool.h>
#include <stdint.h>

const char *node_host_isa(void); /* "x86-64": what this program is built for */
uint32_t node_host_cpus(void);
uint64_t node_host_memory(void);    /* bytes, all */
uint64_t node_host_available(void); /* bytes that can be used now */
bool node_host_kvm(void);           /* /dev/kvm can be used */

#endif
