/* SPDX-License-Identifier: Apache-2.0 */
#include "migrate/pack.h"

#include <lz4.h>

#include "base/base.h"

enum {
	SAMPLE = 64 << 10, /* bytes of what may well not shrink */
	SKIPS_MAX = 16,    /* no longer after so many sections */
	WAITS_MAX = 15,
	/* A window has so many bytes of either. */
	WINDOW_PLAIN = 64 << 20,
	WINDOW_WIRE = 16 << 20,
	/* More than sockets and a session keep: they take that much however
	 * slow the link is. */
	PROBE = 16 << 20,
};

_Static_assert(sizeof(LZ4_stream_t) <=
		       sizeof(((struct migrate_packer *)0)->state),
	       "room for the state");

void migrate_packer_begin(struct migrate_packer *p, enum hexo_compress mode)
{
	p->mode = mode;
	p->off = mode == HEXO_COMPRESS_NEVER;
	p->probing = false;
	p->skip = p->skips = p->wait = p->waits = 0;
	p->speed = 0;
	p->window = (struct migrate_pack_window){ 0 };
}

/* 0 unless an eighth is saved. */
static uint32_t pack_try(struct migrate_packer *p, const void *data,
			 uint32_t len)
{
	return (uint32_t)LZ4_compress_fast_extState(p->state, data, p->data,
						    (int)len,
						    (int)(len / 8 * 7), 1);
}

/* Where the last sections did not shrink, few are tried, and of these a part
 * first. */
static uint32_t pack_section(struct migrate_packer *p, const void *data,
			     uint32_t len)
{
	uint32_t n = 1;

	if (p->skip) {
		p->skip--;
		return 0;
	}
	if (p->skips && len > SAMPLE)
		n = pack_try(p, data, SAMPLE);
	if (n)
		n = pack_try(p, data, len);
	if (n)
		p->skips = 0;
	else if (p->skips < SKIPS_MAX)
		p->skips = 2 * p->skips + 1;
	p->skip = p->skips;
	return n;
}

uint32_t migrate_pack(struct migrate_packer *p, const void *data, uint32_t len)
{
	uint64_t begin;
	uint32_t n;

	p->pack_ns = 0;
	if (p->off || len > HEXO_SECTION_MAX)
		return 0;
	if (p->mode == HEXO_COMPRESS_ALWAYS)
		return pack_try(p, data, len);
	begin = base_now_ns();
	n = pack_section(p, data, len);
	p->pack_ns = base_now_ns() - begin;
	return n;
}

/* ---- whether it pays ---- */

static void probe_begin(struct migrate_packer *p)
{
	p->off = p->probing = true;
}

/* Each one comes later than the one before. */
static void probe_end(struct migrate_packer *p, bool off)
{
	p->off = off;
	p->probing = false;
	if (p->waits < WAITS_MAX)
		p->waits = 2 * p->waits + 1;
	p->wait = p->waits;
}

/* A window of packed sections is full. */
static void window_packed(struct migrate_packer *p)
{
	const struct migrate_pack_window *w = &p->window;
	double saved = (double)w->plain / (double)w->wire - 1;

	/* Little of it could be packed: skipping is for that. */
	if (w->wire > w->plain / 8 * 7)
		return;
	p->speed = (double)w->plain / (double)(w->pack_ns + w->put_ns + 1);
	if ((double)w->put_ns * saved >= (double)w->pack_ns)
		return;
	if (p->wait)
		p->wait--;
	else
		probe_begin(p);
}

/* Whether the window is one of its kind, and what follows from it. */
static bool window_done(struct migrate_packer *p)
{
	const struct migrate_pack_window *w = &p->window;
	double budget = (double)w->plain / p->speed;

	if (!p->off) {
		if (w->plain < WINDOW_PLAIN && w->wire < WINDOW_WIRE)
			return false;
		window_packed(p);
		return true;
	}
	if (p->probing) {
		budget = PROBE / p->speed;
		if ((double)w->put_ns > budget)
			probe_end(p, false);
		else if (w->plain >= PROBE)
			probe_end(p, true);
		else
			return false;
		return true;
	}
	if (w->plain < WINDOW_PLAIN)
		return false;
	p->off = (double)w->put_ns <= budget;
	return true;
}

void migrate_packer_note(struct migrate_packer *p, uint32_t plain,
			 uint32_t wire, uint64_t put_ns)
{
	struct migrate_pack_window *w = &p->window;

	if (p->mode != HEXO_COMPRESS_AUTO)
		return;
	w->plain += plain;
	w->wire += wire;
	w->pack_ns += p->pack_ns;
	w->put_ns += put_ns;
	if (window_done(p))
		*w = (struct migrate_pack_window){ 0 };
}

void migrate_packer_waited(struct migrate_packer *p, uint64_t ns)
{
	p->window.put_ns += ns;
}

/* ---- the other end ---- */

bool migrate_unpack(const void *data, uint32_t len, void *plain,
		    uint32_t wanted)
{
	return len <= HEXO_SECTION_MAX && wanted <= HEXO_SECTION_MAX &&
	       LZ4_decompress_safe(data, plain, (int)len, (int)wanted) ==
		       (int)wanted;
}
