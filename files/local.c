/* SPDX-License-Identifier: Apache-2.0 */
/* Which requests local volumes have to answer, and how volumes are told to a
 * node. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "files/files.h"
#include "hexo/io.h"

static bool local_path(const struct files_volumes *volumes, const char *path)
{
	struct files_path found;

	return files_volume_find(volumes, path, &found) == 0 && found.volume &&
	       found.volume->local;
}

bool files_is_local(const struct files_volumes *volumes,
		    const struct hexo_msg_io *io, const void *data, size_t len)
{
	const char *text = data;
	const size_t times = 4 * sizeof(int64_t);
	size_t first;

	switch (io->op) {
	case HEXO_IO_OPEN:
	case HEXO_IO_STAT:
	case HEXO_IO_UNLINK:
	case HEXO_IO_MKDIR:
	case HEXO_IO_RENAME:
	case HEXO_IO_LINK:
	case HEXO_IO_READLINK:
	case HEXO_IO_ACCESS:
	case HEXO_IO_CHMOD:
		return local_path(volumes, text);
	case HEXO_IO_SYMLINK:
		first = strlen(text) + 1;
		return first <= len && local_path(volumes, text + first);
	case HEXO_IO_UTIMENS:
		if (io->arg[0] < 0)
			return len >= times &&
			       local_path(volumes, text + times);
		break;
	default:
		break;
	}
	return io->arg[0] >= HEXO_LOCAL_HANDLE &&
	       io->arg[0] < FILES_HANDLES_MAX;
}

void files_volumes_list(const struct files_volumes *volumes,
			struct base_buffer *list)
{
	if (!files_volumes_have_local(volumes))
		return;
	for (int i = 0; i < volumes->count; i++) {
		const struct files_volume *v = &volumes->at[i];
		const struct hexo_msg_volume head = {
			.guest_len = (uint16_t)strlen(v->prefix),
			.host_len = v->local ? (uint16_t)strlen(v->local) : 0,
			.readonly = v->readonly,
		};

		base_buffer_add(list, &head, sizeof(head));
		base_buffer_add(list, v->prefix, head.guest_len);
		base_buffer_add(list, v->local ?: "", head.host_len);
	}
}

/* Copies the next len bytes of the list, a text. */
static int list_text(const char **at, size_t *left, size_t len, char *text)
{
	if (len >= PATH_MAX || len > *left || memchr(*at, '\0', len))
		return -EPROTO;
	memcpy(text, *at, len);
	text[len] = '\0';
	*at += len;
	*left -= len;
	return 0;
}

int files_volumes_parse(struct files_volumes *volumes, const void *list,
			size_t len, struct hexo_error *err)
{
	char guest[PATH_MAX], host[PATH_MAX];
	const char *at = list;
	int r = 0;

	while (r == 0 && len) {
		struct hexo_msg_volume head;

		if (len < sizeof(head))
			return hexo_fail(err, -EPROTO,
					 "the list of volumes is cut off");
		memcpy(&head, at, sizeof(head));
		at += sizeof(head);
		len -= sizeof(head);
		if (head.readonly > 1 ||
		    list_text(&at, &len, head.guest_len, guest) < 0 ||
		    list_text(&at, &len, head.host_len, host) < 0)
			return hexo_fail(err, -EPROTO,
					 "the list of volumes is malformed");
		r = files_volume_add_local(volumes, head.host_len ? host : NULL,
					   guest, head.readonly, err);
	}
	return r;
}
