/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The migration stream, on the wire and on disk.
 *
 *   struct hexo_stream_head
 *   { struct hexo_section, payload } ...
 *   struct hexo_section with type HEXO_SECTION_END, length 0
 *
 * Little-endian. Each section carries the XXH3 (seed 0) of its payload;
 * the head that of its own preceding bytes; END that of the concatenated
 * checksums of all sections before it, as stored. A reader checks each
 * section before it uses it, knows every type (an unknown one is refused),
 * and touches guest memory only through checked ranges.
 *
 * Order: VM, PAGES..., END. Where the guest runs while its memory is sent
 * (pre-copy), rounds come first: VM, PAGES..., then any number of times ROUND
 * with PAGES and ZERO of what has changed since; and when it is parked ROUND
 * with what has changed last, a second VM, which counts, the frame records and
 * END. Within a round pages ascend and none comes twice. So all before the
 * second VM can be kept, for a later stream to go on after it with a ROUND of
 * what has changed since.
 *
 * Where the guest runs at the target before its memory is there (post-copy),
 * the frame records come first: VM, PAGES..., LATER; then PAGES and ZERO of
 * all other memory in any order, each page once, and END.
 *
 * PACKED may stand wherever PAGES may. It is one block of LZ4's, which needs
 * no other section to be unpacked; its checksum is that of what is sent.
 */
#ifndef HEXO_STREAM_H
#define HEXO_STREAM_H

#include <stdint.h>

#define HEXO_STREAM_MAGIC   UINT64_C(0x314d525453584548) /* "HEXSTRM1" */
#define HEXO_STREAM_VERSION 4
#define HEXO_SECTION_MAX    (1u << 20) /* payload bytes, at most */

struct hexo_stream_head {
	uint64_t magic;
	uint32_t version;
	uint32_t layout_version; /* HEXO_LAYOUT_VERSION */
	uint64_t build_id[2];    /* of the image: all ISAs of one image agree */
	uint64_t layout_hash;    /* of the portable symbols' addresses */
	uint64_t checksum;       /* XXH3 of the 40 bytes before */
};

enum hexo_section_type {
	HEXO_SECTION_VM = 1,    /* struct hexo_section_vm */
	HEXO_SECTION_PAGES = 2, /* struct hexo_section_pages, page data */
	HEXO_SECTION_END = 3,
	HEXO_SECTION_ROUND = 4,  /* no payload */
	HEXO_SECTION_ZERO = 5,   /* struct hexo_section_pages */
	HEXO_SECTION_LATER = 6,  /* no payload */
	HEXO_SECTION_PACKED = 7, /* struct hexo_section_pages, LZ4 block */
};

struct hexo_section {
	uint32_t type;
	uint32_t length; /* of the payload, without padding */
	uint64_t checksum;
};

struct hexo_section_vm {
	uint64_t memory, stack; /* see <hexo/layout.h> */
	uint64_t frames, frame_bytes;
	uint64_t polls;
	uint64_t monotonic_ns; /* guest's monotonic clock at the park */
	uint64_t cpu_ns;       /* CPU time used so far, all nodes */
	uint32_t source_isa;   /* enum hexo_isa */
	uint32_t hops;         /* moves before this one */
};

/* count whole pages from addr on: their data follow, as they are or packed, or
 * all are zero. What is packed is as long as PAGES may be. Pages not sent are
 * zero. Portable memory only, ascending, no page twice in a round;
 * frame records only after the VM section that counts. */
struct hexo_section_pages {
	uint64_t addr;
	uint32_t count;
	uint32_t reserved;
};

_Static_assert(sizeof(struct hexo_stream_head) == 48, "stream format");
_Static_assert(sizeof(struct hexo_section) == 16, "stream format");
_Static_assert(sizeof(struct hexo_section_vm) == 64, "stream format");
_Static_assert(sizeof(struct hexo_section_pages) == 16, "stream format");

#endif
