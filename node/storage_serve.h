/* SPDX-License-Identifier: Apache-2.0 */
/* Between node/storage*.c only: what the process does. */
#ifndef HEXO_NODE_STORAGE_SERVE_H
#define HEXO_NODE_STORAGE_SERVE_H

#include "files/files.h"

/* Leaves this process nothing but the volumes, as far as the kernel can. */
int node_storage_confine(const struct files_volumes *volumes,
			 struct hexo_error *err);

/* Passes messages between the VM and its home, and answers those to local
 * volumes, until one of the two has closed; the process then has no more to do.
 */
void node_storage_serve(struct files_volumes *volumes, int vm, int home,
			int control);

#endif
