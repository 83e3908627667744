/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libgcc's unwinder calls, under the names that module.mk gives it:
 * finding the unwind tables, and a few functions of a C library. Those that
 * only programs with run-time registered tables or emulated thread-local
 * storage reach end the VM. The pthread functions it refers to are weak and
 * stay undefined: libgcc then takes no locks.
 */
#include "guest/native/native.h"

/* Of the linker script: the .eh_frame_hdr and the executable code. */
extern char __hexo_eh_frame_hdr[];

/* As glibc 2.35 and later define it; ISAs differ in whether eh_dbase is
 * there, and it is last and unused. */
struct dl_find_object {
	unsigned long long flags;
	void *map_start;
	void *map_end;
	void *link_map;
	void *eh_frame;
};

int native__dl_find_object(void *address, struct dl_find_object *result);
_Noreturn void native_abort(void);
void *native_malloc(size_t size);
void *native_calloc(size_t n, size_t size);
void *native_realloc(void *p, size_t size);
void native_free(void *p);
size_t native_strlen(const char *s);
char *native_strchr(const char *s, int c);
void *native_memcpy(void *to, const void *from, size_t n);
void *native_memset(void *to, int byte, size_t n);

int native__dl_find_object(void *address, struct dl_find_object *result)
{
	uintptr_t at = (uintptr_t)address;

	if (at < HEXO_FUNCTABLE_BASE || at >= HEXO_PRIVATE_END)
		return -1;
	result->flags = 0;
	result->map_start = (void *)(uintptr_t)HEXO_FUNCTABLE_BASE;
	result->map_end = (void *)(uintptr_t)HEXO_PRIVATE_END;
	result->link_map = NULL;
	result->eh_frame = __hexo_eh_frame_hdr;
	return 0;
}

_Noreturn void native_abort(void)
{
	native_panic("the unwinder has failed: the unwind tables are damaged");
}

static _Noreturn void no_heap(void)
{
	native_panic("the unwinder asks for memory, which it should not need");
}

void *native_malloc(size_t size)
{
	no_heap();
}

void *native_calloc(size_t n, size_t size)
{
	no_heap();
}

void *native_realloc(void *p, size_t size)
{
	no_heap();
}

void native_free(void *p)
{
	no_heap();
}

size_t native_strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

char *native_strchr(const char *s, int c)
{
	for (;; s++) {
		if (*s == (char)c)
			return (char *)(uintptr_t)s;
		if (!*s)
			return NULL;
	}
}

void *native_memcpy(void *to, const void *from, size_t n)
{
	for (size_t k = 0; k < n; k++)
		((char *)to)[k] = ((const char *)from)[k];
	return to;
}

void *native_memset(void *to, int byte, size_t n)
{
	for (size_t k = 0; k < n; k++)
		((char *)to)[k] = (char)byte;
	return to;
}
