/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include "pthread_impl.h"

static void no_destructors(void)
{
}

weak_alias(no_destructors, __pthread_tsd_run_dtors);

/* The last thread to end ends the program with status 0. */
_Noreturn void __pthread_exit(void *result)
{
	struct pthread *self = __pthread_self();

	self->canceldisable = 1;
	self->result = result;
	while (self->cancelbuf) {
		struct __ptcb *cb = self->cancelbuf;

		self->cancelbuf = cb->__next;
		cb->__f(cb->__x);
	}
	__pthread_tsd_run_dtors();
	exit(0);
}

weak_alias(__pthread_exit, pthread_exit);
