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
	struct cli_files *files;
	const struct cli_checkpoint *c;
	uint64_t data_at; /* of the next deleted file's contents */
	bool keep;        /* files that grew stay as they are */
	struct base_buffer *notes;
};

int cli_files_restore_volumes(struct cli_volumes *volumes, const json_t *state,
			      struct hexo_error *err)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(state, "volumes"), i, entry)
	{
		const char *guest, *host;
		int r = cli_checkpoint_text(entry, "guest", &guest, err);

		if (r == 0)
			r = cli_checkpoint_text(entry, "host", &host, err);
		if (r == 0 && !cli_volume_at(volumes, guest))
			r = cli_volume_add_at(volumes, host, guest,
					      json_is_true(json_object_get(
						      entry, "readonly")),
					      err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Has a file cut back to what it had, once it is sure that the job runs. */
static void plan_cut(struct restoring *s, struct cli_handle *h,
		     const char *name, uint64_t size, uint64_t now)
{
	base_buffer_printf(s->notes,
			   s->keep ? "%s has %" PRIu64 " bytes, %" PRIu64
				     " at the checkpoint\n"
				   : "%s is cut from %" PRIu64
				     " bytes to %" PRIu64
				     ", what it had at the checkpoint\n",
			   name, now, size);
	h->cut = !s->keep;
	h->size = size;
}

int cli_files_restored(struct cli_files *files, struct hexo_error *err)
{
	for (int i = 0; i < CLI_HANDLES_MAX; i++) {
		struct cli_handle *h = &files->at[i];

		if (h->cut && ftruncate(h->fd, (off_t)h->size) < 0)
			return hexo_fail_errno(err,
					       "cannot cut an open file back");
		h->cut = false;
	}
	return 0;
}

/* Compares a file with what it was. One that the job writes may have got
 * more from it after the checkpoint: that comes again. */
static int compare(struct restoring *s, struct cli_handle *h, int fd,
		   const char *name, bool writes, const json_t *entry,
		   struct hexo_error *err)
{
	uint64_t size, mtime, ino, now;
	struct stat st;
	int r;

	r = cli_checkpoint_number(entry, "size", &size, err);
	if (r == 0)
		r = cli_checkpoint_number(entry, "mtime_ns", &mtime, err);
	if (r == 0)
		r = cli_checkpoint_number(entry, "ino", &ino, err);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return hexo_fail_errno(err, "cannot stat %s", name);
	now = (uint64_t)st.st_size;
	if (ino != st.st_ino)
		base_buffer_printf(s->notes,
				   "%s is another file than at the "
				   "checkpoint\n",
				   name);
	else if (S_ISREG(st.st_mode) && writes && now > size)
		plan_cut(s, h, name, size, now);
	else if (now != size && S_ISREG(st.st_mode))
		base_buffer_printf(s->notes,
				   "%s has %" PRIu64 " bytes, %" PRIu64
				   " at the checkpoint\n",
				   name, now, size);
	else if (!writes && S_ISREG(st.st_mode) &&
		 mtime != (uint64_t)st.st_mtim.tv_sec * 1000000000 +
				  (uint64_t)st.st_mtim.tv_nsec)
		base_buffer_printf(s->notes,
				   "%s has changed since the checkpoint\n",
				   name);
	return 0;
}

static int access_flags(const char *access)
{
	if (!strcmp(access, "r"))
		return O_RDONLY;
	return !strcmp(access, "w") ? O_WRONLY : O_RDWR;
}

/* A file with a name: opens it within its volume. */
static int open_named(struct restoring *s, struct cli_handle *h,
		      const char *guest, int flags, const json_t *entry,
		      struct hexo_error *err)
{
	struct cli_path path;
	cleanup_close int fd = -1;
	struct stat st;
	int r = cli_volume_find(s->files->volumes, guest, &path);

	if (r == 0 && !path.volume)
		r = -ENOENT;
	if (r == 0 && path.volume->readonly && flags != O_RDONLY)
		r = -EROFS;
	if (r == 0)
		r = fd = cli_volume_open(&path, flags, 0);
	if (r < 0)
		return hexo_fail(err, r, "cannot open %s again: %s", guest,
				 strerror(-r));
	if (fstat(fd, &st) < 0 ||
	    (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)))
		return hexo_fail(err, -ENXIO,
				 "%s is neither a file nor a directory now",
				 guest);
	r = compare(s, h, fd, guest, flags != O_RDONLY, entry, err);
	return r < 0 ? r : base_take_fd(fd);
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
	struct cli_path path = { 0 };
	cleanup_close int fd = -1, again = -1;
	const char *checksum;
	uint64_t size;
	char self[32];
	int r = cli_checkpoint_number(entry, "size", &size, err);

	if (r == 0)
		r = cli_checkpoint_text(entry, "xxh64", &checksum, err);
	if (r < 0)
		return r;
	if (*guest && cli_volume_find(s->files->volumes, guest, &path) == 0 &&
	    path.volume)
		fd = cli_volume_open(&path, O_TMPFILE | O_RDWR, 0600);
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
	const char *guest, *access;
	const char *above = json_string_value(json_object_get(entry, "above"));
	const char *deleted =
		json_string_value(json_object_get(entry, "deleted"));
	struct cli_handle *h;
	uint64_t number;
	int fd, r = cli_checkpoint_number(entry, "handle", &number, err);

	if (r < 0)
		return r;
	if (number <= STDERR_FILENO || number >= CLI_HANDLES_MAX)
		return hexo_fail(err, -EINVAL,
				 "handle %" PRIu64 " in its state", number);
	h = &s->files->at[number];
	if (h->fd >= 0 || h->above)
		return hexo_fail(err, -EINVAL,
				 "handle %" PRIu64 " twice in its state",
				 number);
	if (above) {
		h->above = base_strdup(above);
		h->readonly = true;
		return 0;
	}
	r = cli_checkpoint_text(entry, "access", &access, err);
	if (r == 0 && !deleted)
		r = cli_checkpoint_text(entry, "guest", &guest, err);
	if (r < 0)
		return r;
	if (deleted)
		fd = open_deleted(s, deleted, access_flags(access), entry, err);
	else
		fd = open_named(s, h, guest, access_flags(access), entry, err);
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
		base_buffer_printf(s->notes,
				   "%s was %s at byte %" PRIu64
				   " at the checkpoint, and is not that file "
				   "now\n",
				   names[number], was, offset);
		return 0;
	}
	if (number != STDIN_FILENO && (uint64_t)st.st_size > offset)
		plan_cut(s, &s->files->at[number], names[number], offset,
			 (uint64_t)st.st_size);
	if (lseek((int)number, (off_t)offset, SEEK_SET) < 0)
		return hexo_fail_errno(err, "cannot go on in %s",
				       names[number]);
	return 0;
}

int cli_files_restore(struct cli_files *files, const struct cli_checkpoint *c,
		      bool keep, struct base_buffer *notes,
		      struct hexo_error *err)
{
	struct restoring s = {
		.files = files,
		.c = c,
		.data_at = c->head.data_at,
		.keep = keep,
		.notes = notes,
	};
	const json_t *entry;
	size_t i;
	int r = 0;

	json_array_foreach(json_object_get(c->state, "files"), i, entry)
	{
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
