/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The image: one runnable file for all ISAs.
 *
 * A zip archive behind one line `#!/usr/bin/env -S hexo run\n`; offsets in
 * the zip count from the start of the file, so that any unzip reads it.
 * Entries:
 *   manifest.json   first, stored (method 0)
 *   <isa>.elf       one per ISA, names of <hexo/isa.h>; deflated (method 8)
 *   <isa>.debug     with -g: that ELF's line tables, an ELF whose loaded
 *                   sections are empty; they never leave the home; deflated
 *
 * manifest.json: {
 *   "format": 2,                    HEXO_IMAGE_FORMAT
 *   "name": "ep",                   basename of the output file
 *   "build_id": "<32 hex digits>",  hash over the portable module
 *   "layout_hash": "<16 hex>",      XXH64 over "address name\n" of all
 *                                   portable symbols, by address
 *   "layout_version": 1, "abi_version": 2, "frame_version": 2,
 *   "isas": [ { "name": "x86-64", "file": "x86-64.elf",
 *               "size": bytes, "xxh64": "<16 hex>",
 *               "debug": { "file": "x86-64.debug",      with -g
 *                          "size": bytes, "xxh64": "<16 hex>" } }, ... ],
 *   "features": { "functions": n, "migratable": n, "polls": n, "sites": n }
 * }
 *
 * Each ELF is ET_EXEC, little-endian 64-bit, PT_LOAD segments page-aligned
 * inside the ranges of <hexo/layout.h>, never writable and executable.
 * It carries a PT_NOTE with the note below, so that the monitor, which sees
 * only the ELF, knows the build. .symtab names functions for reports.
 */
#ifndef HEXO_IMAGE_H
#define HEXO_IMAGE_H

#include <stdint.h>

#define HEXO_IMAGE_FORMAT   2
#define HEXO_IMAGE_LINE     "#!/usr/bin/env -S hexo run\n"
#define HEXO_IMAGE_MANIFEST "manifest.json"

/* ELF note, name "Hexo\0", type HEXO_NOTE_BUILD. */
#define HEXO_NOTE_NAME  "Hexo"
#define HEXO_NOTE_BUILD 1

struct hexo_note {
	uint32_t image_format;
	uint32_t layout_version;
	uint32_t abi_version;
	uint32_t frame_version;
	uint64_t build_id[2];
	uint64_t layout_hash;
};

_Static_assert(sizeof(struct hexo_note) == 40, "image format");

#endif
