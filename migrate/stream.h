/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing and reading the migration stream of <hexo/stream.h>, apart from
 * how its bytes travel: inside HEXO_MSG_STREAM messages or in a file.
 */
#ifndef HEXO_MIGRATE_STREAM_H
#define HEXO_MIGRATE_STREAM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/uio.h>

#include "hexo/error.h"
#include "hexo/layout.h"
#include "hexo/stream.h"
#include "migrate/hash.h"
#include "migrate/pack.h"

/* Most pages that fit one section. */
#define MIGRATE_PAGES_MAX                                         \
	((HEXO_SECTION_MAX - sizeof(struct hexo_section_pages)) / \
	 HEXO_PAGE_SIZE)

/* Which image a stream belongs to. */
struct migrate_identity {
	uint64_t build_id[2];
	uint64_t layout_hash;
};

/* Takes the next bytes of a stream, fewer than HEXO_MSG_MAX; 0 or -errno. */
typedef int migrate_put(void *ctx, const struct iovec *parts, int count,
			struct hexo_error *err);

/*
 * The writer. Order of calls: begin, vm, pages..., end; or with rounds as in
 * <hexo/stream.h>. Each gives its bytes
 * to put at once: nothing is kept, data is not copied unless it is packed. An
 * error ends it.
 */
struct migrate_writer {
	migrate_put *put;
	void *ctx;
	struct migrate_packer *packer; /* set after begin; NULL: no packing */
	uint64_t bytes;                /* written so far */
	uint64_t plain;                /* the same, had nothing been packed */
	struct migrate_hash_state sections;
};

int migrate_writer_begin(struct migrate_writer *w,
			 const struct migrate_identity *id, migrate_put *put,
			 void *ctx, struct hexo_error *err);
int migrate_writer_vm(struct migrate_writer *w,
		      const struct hexo_section_vm *vm, struct hexo_error *err);
/* count whole pages, at most MIGRATE_PAGES_MAX, that belong at addr. The
 * caller keeps them ascending. */
int migrate_writer_pages(struct migrate_writer *w, uint64_t addr,
			 uint32_t count, const void *data,
			 struct hexo_error *err);
/* The same number of pages that are zero; any number. */
int migrate_writer_zero(struct migrate_writer *w, uint64_t addr, uint32_t count,
			struct hexo_error *err);
int migrate_writer_round(struct migrate_writer *w, struct hexo_error *err);
int migrate_writer_later(struct migrate_writer *w, struct hexo_error *err);
int migrate_writer_end(struct migrate_writer *w, struct hexo_error *err);

/*
 * What a reader hands on, each once it is checked as far as the stream
 * alone allows. A callback may refuse: its -errno ends the reading. Any of
 * them may be NULL. offset is where the element begins in the stream.
 */
struct migrate_visitor {
	int (*head)(void *ctx, const struct hexo_stream_head *head,
		    struct hexo_error *err);
	int (*vm)(void *ctx, const struct hexo_section_vm *vm, uint64_t offset,
		  struct hexo_error *err);
	int (*pages)(void *ctx, uint64_t addr, uint32_t count, const void *data,
		     uint64_t offset, struct hexo_error *err);
	int (*zero)(void *ctx, uint64_t addr, uint32_t count, uint64_t offset,
		    struct hexo_error *err);
	int (*round)(void *ctx, uint64_t offset, struct hexo_error *err);
	/* NULL: a stream of post-copy is refused. */
	int (*later)(void *ctx, uint64_t offset, struct hexo_error *err);
};

enum migrate_reader_step {
	MIGRATE_READ_HEAD,
	MIGRATE_READ_SECTION,
	MIGRATE_READ_PAYLOAD,
	MIGRATE_READ_DONE,
};

/*
 * The reader. Bytes are fed in pieces of any size; nothing is handed on
 * before it is checked: formats and versions, identity (unless NULL: any),
 * checksums, order of sections, pages ascending inside the memory that the
 * VM section declares. A message says what is wrong at which byte.
 */
struct migrate_reader {
	const struct migrate_visitor *visitor;
	void *ctx;
	const struct migrate_identity *expect;
	enum migrate_reader_step step;
	uint64_t offset;     /* of the element being read */
	char *data;          /* the part of it that came */
	char *plain;         /* pages that were packed */
	uint32_t have, need; /* bytes of the element */
	struct hexo_section section;
	struct migrate_hash_state sections;
	unsigned vms, rounds;
	bool later; /* LATER has come */
	struct hexo_layout layout;
	uint64_t frames_end; /* end of the frame records in use */
	uint64_t next;       /* lowest address that may come next */
};

/* expect, visitor and ctx stay the caller's and must outlive the reader.
 * Nothing to free after a failed init. */
int migrate_reader_init(struct migrate_reader *r,
			const struct migrate_identity *expect,
			const struct migrate_visitor *visitor, void *ctx,
			struct hexo_error *err);
void migrate_reader_free(struct migrate_reader *r);

/* Takes len bytes. After an error the reader must not be fed again. */
int migrate_reader_feed(struct migrate_reader *r, const void *data, size_t len,
			struct hexo_error *err);

/* Whether END has come; feeding more is an error then. */
bool migrate_reader_done(const struct migrate_reader *r);

/* The stream is over: -EPIPE unless END has come. */
int migrate_reader_finish(const struct migrate_reader *r,
			  struct hexo_error *err);

/* Reads the stream in `in`, prints it to out, as text for people or as one
 * JSON document, until its end or the first thing that is wrong. */
int migrate_stream_print(FILE *in, FILE *out, bool json,
			 struct hexo_error *err);

#endif
