/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For torture tests, with -finstrument-functions: a poll at each entry and
 * exit of a function, also of one that is inlined. Calls in a loop whose
 * length is unknown make it poll at the back edge.
 */
#define HOOK __attribute__((no_instrument_function))

static volatile int once = 1;

HOOK static __attribute__((noinline)) void nothing(void)
{
	__asm__ volatile("" ::: "memory");
}

HOOK static void poll(void)
{
	for (int i = 0, n = once; i < n; i++)
		nothing();
}

HOOK void __cyg_profile_func_enter(void *function, void *site)
{
	(void)function;
	(void)site;
	poll();
}

HOOK void __cyg_profile_func_exit(void *function, void *site)
{
	(void)function;
	(void)site;
	poll();
}
