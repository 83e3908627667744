/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hexo-trace: the calls that led to a fault, from the registers and the
 * stack that hexo-vm sent, the ELF that ran and its line tables.
 *
 * A program of its own because nothing it reads is to be trusted, and it is
 * read by libraries: hexo runs it only when a job has failed, limits its
 * time and memory, and does not mind if it fails, too. It gives up all system
 * calls but a few before it reads anything.
 */
#ifndef HEXO_TRACE_TRACE_H
#define HEXO_TRACE_TRACE_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hexo/channel.h"
#include "hexo/error.h"

/* One call; several have the same pc where functions were inlined. */
struct trace_frame {
	uint64_t pc;
	char *function; /* NULL: not known */
	char *file;     /* NULL: there are no lines */
	int line;
	bool inlined; /* into the next */
};

struct trace {
	struct hexo_msg_fault fault;
	unsigned char stack[HEXO_FAULT_STACK];
	Dwfl *dwfl;
	Dwfl_Module *module; /* the ELF */
	Dwarf *lines;        /* NULL: none */
	struct trace_frame *frames;
	size_t n, room;
	bool more; /* frames than could be found */
};

/* From here on the process may only use the descriptors it has, and memory;
 * anything else kills it. */
int trace_sandbox_enter(struct hexo_error *err);

/* elf is the caller's still; lines: -1 for none. */
int trace_open(struct trace *t, int elf, int lines, struct hexo_error *err);
void trace_close(struct trace *t);

/* unwind.c: finds all calls, innermost first. */
void trace_unwind(struct trace *t);

/* symbols.c: appends the calls that pc stands for; exact: pc is that of an
 * instruction, not where a call returns to. */
void trace_add(struct trace *t, uint64_t pc, bool exact);

/* select.c: leaves out what is not the program's: its start, and how the
 * kernel ended it. */
void trace_select(struct trace *t);

#endif
