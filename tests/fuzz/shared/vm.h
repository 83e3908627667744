/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A VM without a guest, with its memory and its channel as in hexo-vm. A
 * thread is the home's receiving half: all that the VM sends must be
 * well-formed, its streams, too.
 */
#ifndef HEXO_TESTS_FUZZ_VM_H
#define HEXO_TESTS_FUZZ_VM_H

#include "monitor/vm.h"
#include "tests/fuzz/shared/fuzz.h"

/* Where its writable memory begins: a constant stands before it. */
#define FUZZ_VM_DATA ((uint64_t)HEXO_PORTABLE_BASE + HEXO_PAGE_SIZE)

extern struct vm fuzz_vm;

/* Makes it, once. */
void fuzz_vm_create(void);

/* As new, in that state; its memory is zero. */
void fuzz_vm_reset(enum vm_state state);

/* A message from its home. No more than 100 KiB may wait to be taken. */
void fuzz_vm_send(unsigned type, const void *data, size_t len);

/* Takes what the VM has left of the messages. */
void fuzz_vm_take_rest(void);

#endif
