/* SPDX-License-Identifier: Apache-2.0 */
/* Atomic operations on objects that no instruction takes at once: what
 * compilers expect of libatomic. There is one thread, and it is moved at
 * polls only: these have none. */
#include <stdbool.h>
#include <string.h>

#define NO_POLL __attribute__((annotate("hexo.nopoll")))

void atomic_load(size_t size, const void *from, void *to,
		 int order) __asm__("__atomic_load");
void atomic_store(size_t size, void *to, const void *from,
		  int order) __asm__("__atomic_store");
void atomic_exchange(size_t size, void *at, const void *from, void *old,
		     int order) __asm__("__atomic_exchange");
bool atomic_compare_exchange(size_t size, void *at, void *expected,
			     const void *desired, int success,
			     int failure) __asm__("__atomic_compare_exchange");
bool atomic_is_lock_free(size_t size,
			 const void *at) __asm__("__atomic_is_lock_free");

NO_POLL void atomic_load(size_t size, const void *from, void *to, int order)
{
	memcpy(to, from, size);
}

NO_POLL void atomic_store(size_t size, void *to, const void *from, int order)
{
	memcpy(to, from, size);
}

NO_POLL void atomic_exchange(size_t size, void *at, const void *from, void *old,
			     int order)
{
	memcpy(old, at, size);
	memcpy(at, from, size);
}

NO_POLL bool atomic_compare_exchange(size_t size, void *at, void *expected,
				     const void *desired, int success,
				     int failure)
{
	bool same = memcmp(at, expected, size) == 0;

	if (same)
		memcpy(at, desired, size);
	else
		memcpy(expected, at, size);
	return same;
}

NO_POLL bool atomic_is_lock_free(size_t size, const void *at)
{
	return size <= 8 && (size & (size - 1)) == 0;
}
