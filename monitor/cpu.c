/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/cpu.h"

#include <errno.h>

void vm_cpu_note(struct base_buffer *missing, const char *name)
{
	base_buffer_printf(missing, "%s%s", missing->len ? ", " : "", name);
}

int vm_cpu_lacks(struct base_buffer *missing, struct hexo_error *err)
{
	int r = 0;

	if (missing->len)
		r = hexo_fail(
			err, -ENOTSUP,
			"the CPU that KVM gives a VM on this host lacks "
			"%s, which every image of Hexo needs: run the job "
			"on another node, or with --backend process",
			missing->data);
	base_buffer_free(missing);
	return r;
}
