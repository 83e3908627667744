/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/native/native.h"

/* The guest has I/O privilege for this one use. */
int64_t hexo_hypercall(uint32_t number, void *request)
{
	__asm__ volatile("outl %0, %w1"
			 :
			 : "a"((uint32_t)(uintptr_t)request),
			   "d"(HEXO_HC_PORT + number)
			 : "memory");
	return *(int64_t *)request;
}
