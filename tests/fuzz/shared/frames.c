/* SPDX-License-Identifier: Apache-2.0 */
/* The mutator of harnesses that read messages of the channel. */
#include <string.h>

#include "hexo/channel.h"
#include "migrate/hash.h"
#include "tests/fuzz/shared/fuzz.h"

enum { HEAD = sizeof(struct hexo_msg_head) };

static void repair(uint8_t *data, size_t size)
{
	for (size_t at = 0; at + HEAD <= size;) {
		struct hexo_msg_head h;

		memcpy(&h, data + at, sizeof(h));
		h.magic = HEXO_MSG_MAGIC;
		h.version = HEXO_MSG_VERSION;
		h.reserved = 0;
		if (h.type < fuzz_message_min)
			h.type = (uint16_t)(fuzz_message_min + h.type % 8);
		if (h.length > size - at - HEAD)
			h.length = (uint32_t)(size - at - HEAD);
		h.checksum = migrate_hash(data + at + HEAD, h.length, h.type);
		memcpy(data + at, &h, sizeof(h));
		at += HEAD + h.length;
	}
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
			       unsigned seed)
{
	size = LLVMFuzzerMutate(data, size, max);
	if (seed % 8)
		repair(data, size);
	return size;
}
