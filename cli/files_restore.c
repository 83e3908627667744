/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/files_state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"

struct restoring {
	struct files *files;
	const struct cli_checkpoint *c;
	uint64_t data_at; /* of the next deleted file's contents */
	struct files_reopen how;
};

int cli_files_restore_volumes(struct files_volumes *volumes,
			      const json_t *state, struct hexo_error *err)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(state, "volumes"), i, entry)
	{
		bool local = json_is_true(json_object_get(entry, "local"));
		bool readonly =
			json_is_true(json_object_get(entry, "readonly"));
		const char *guest, *host;
		int r = cli_checkpoint_text(entry, "guest", &guest, err);

		if (r == 0)
			r = cli_checkpoint_text(entry, "host", &host, err);
		if (r == 0 && files_volume_at(volumes, guest))
			continue;
		if (r == 0 && local)
			r = files_volume_add_local(volumes, host, guest,
						   readonly, err);
		else if (r == 0)
			r = files_volume_add_at(volumes, host, guest, readonly,
						err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int put_file(void *fd, const void *data, size_t len,
		    struct hexo_error *err)
{
	int r = base_write_all(*(int *)fd, data, len);

	return r < 0 ? hexo_fail(err, r, "cannot write a deleted file: %s",
				 strerror(-r))
		     : 0;
}

/* Copies the next deleted file's contents to fd. */
static int copy_data(struct restoring *s, int fd, uint64_t size,
		     const char *expected, struct hexo_error *err)
{
	uint64_t checksum;
	char text[17];
	int r = cli_checkpoint_copy(s->c->fd, s->data_at, size, put_file, &fd,
				    &checksum, err);

	if (r < 0)
		return r;
	s->data_at += size + cli_checkpoint_padding(size);
	snprintf(text, sizeof(text), "%016" PRIx64, checksum);
	if (strcmp(text, expected))
		return hexo_fail(err, -EBADMSG,
				 "a deleted file's contents are damaged");
	return 0;
}

/* A file without a name: a new one in the same volume. */
static int open_deleted(struct restoring *s, const char *guest, int flags,
			const json_t *entry, struct hexo_error *err)
{
	struct files_path path = { 0 };
	cleanup_close int fd = -1, again = -1;
	const char *checksum;
	uint64_t size;
	char self[32];
	int r = cli_checkpoint_number(entry, "size", &size, err);

	if (r == 0)
		r = cli_checkpoint_text(entry, "xxh3", &checksum, err);
	if (r < 0)
		return r;
	if (*guest && files_volume_find(s->files->volumes, guest, &path) == 0 &&
	    path.volume)
		fd = files_volume_open(&path, O_TMPFILE | O_RDWR, 0600);
	if (fd < 0)
		fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return hexo_fail_errno(err, "cannot make a file without name");
	r = copy_data(s, fd, size, checksum, err);
	if (r < 0)
		return r;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	again = open(self, flags | O_CLOEXEC);
	if (again < 0)
		return hexo_fail_errno(err, "cannot open a deleted file");
	return base_take_fd(again);
}

static int restore_handle(struct restoring *s, const json_t *entry,
			  struct hexo_error *err)
{
	const char *deleted =
		json_string_value(json_object_get(entry, "deleted"));
	struct files_handle *h;
	int fd, flags;

	if (!deleted)
		return files_state_open(s->files, entry, &s->how, err);
	h = files_state_handle(s->files, entry, err);
	if (!h)
		return -EINVAL;
	flags = files_state_access(entry, err);
	if (flags < 0)
		return flags;
	fd = open_deleted(s, deleted, flags, entry, err);
	if (fd < 0)
		return fd;
	h->fd = fd;
	h->readonly = json_is_true(json_object_get(entry, "readonly"));
	return 0;
}

/* A standard stream that was a file: goes on in it where it was, if it is
 * the same now. */
static int restore_stream(struct restoring *s, const json_t *entry,
			  struct hexo_error *err)
{
	static const char *const names[] = { "standard input",
					     "standard output",
					     "standard error" };
	uint64_t number, offset, ino;
	cleanup_free char *host = NULL;
	struct stat st, same;
	const char *was;
	int r = cli_checkpoint_number(entry, "handle", &number, err);

	if (r == 0)
		r = cli_checkpoint_number(entry, "offset", &offset, err);
	if (r == 0)
		r = cli_checkpoint_number(entry, "ino", &ino, err);
	if (r == 0)
		r = cli_checkpoint_text(entry, "host", &was, err);
	if (r < 0)
		return r;
	if (number > STDERR_FILENO || offset > INT64_MAX)
		return hexo_fail(err, -EINVAL,
				 "stream %" PRIu64 " in its state", number);
	if (fstat((int)number, &st) < 0 || !S_ISREG(st.st_mode) ||
	    st.st_ino != ino || stat(was, &same) < 0 ||
	    same.st_ino != st.st_ino || same.st_dev != st.st_dev) {
		base_buffer_printf(s->how.notes,
				   "%s was %s at byte %" PRIu64
				   " at the checkpoint, and is not that file "
				   "now\n",
				   names[number], was, offset);
		return 0;
	}
	if (number != STDIN_FILENO && (uint64_t)st.st_size > offset)
		files_state_plan(&s->files->at[number], &s->how, names[number],
				 offset, (uint64_t)st.st_size);
	if (lseek((int)number, (off_t)offset, SEEK_SET) < 0)
		return hexo_fail_errno(err, "cannot go on in %s",
				       names[number]);
	return 0;
}

int cli_files_restore(struct files *files, const struct cli_checkpoint *c,
		      bool local, bool keep, struct base_buffer *notes,
		      struct hexo_error *err)
{
	struct restoring s = {
		.files = files,
		.c = c,
		.data_at = c->head.data_at,
		.how = { .keep = keep, .notes = notes },
	};
	const json_t *entry;
	size_t i;
	int r = 0;

	json_array_foreach(json_object_get(c->state, "files"), i, entry)
	{
		if (local || !files_state_is_local(entry))
			r = restore_handle(&s, entry, err);
		if (r < 0)
			return r;
	}
	json_array_foreach(json_object_get(c->state, "streams"), i, entry)
	{
		r = restore_stream(&s, entry, err);
		if (r < 0)
			return r;
	}
	return 0;
}
