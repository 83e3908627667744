/* SPDX-License-Identifier: Apache-2.0 */
#include "files/state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- saving ---- */

static int64_t mtime_of(const struct stat *st)
{
	return st->st_mtim.tv_sec * INT64_C(1000000000) + st->st_mtim.tv_nsec;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Whether a path of the guest's leads to just that file. By way of its volume:
 * what is above that may be nobody's to search. */
static bool leads_to(const struct files *files, const char *guest,
		     const struct stat *st)
{
	cleanup_close int fd = -1;
	struct files_path path;
	struct stat named;

	if (files_volume_find(files->volumes, guest, &path) < 0 || !path.volume)
		return false;
	fd = files_volume_open(&path, O_PATH | O_NOFOLLOW, 0);
	return fd >= 0 && fstat(fd, &named) == 0 && is_same(st, &named);
}

static const char *access_name(int flags)
{
	switch (flags & O_ACCMODE) {
	case O_RDONLY:
		return "r";
	case O_WRONLY:
		return "w";
	default:
		return "rw";
	}
}

int files_state_save(const struct files *files, int number, json_t *entry,
		     char **path, struct hexo_error *err)
{
	const struct files_handle *h = &files->at[number];
	int flags = fcntl(h->fd, F_GETFL), r;
	cleanup_free char *shown = NULL;
	struct stat st, named;
	char text[PATH_MAX];

	*path = NULL;
	if (flags < 0 || fstat(h->fd, &st) < 0)
		return hexo_fail_errno(err, "cannot stat an open file");
	r = files_descriptor_path(h->fd, text);
	if (r < 0)
		return hexo_fail(err, r, "cannot tell an open file's name: %s",
				 strerror(-r));
	json_object_set_new(entry, "access", json_string(access_name(flags)));
	json_object_set_new(entry, "readonly", json_boolean(h->readonly));
	json_object_set_new(entry, "size", json_integer(st.st_size));
	json_object_set_new(entry, "mtime_ns", json_integer(mtime_of(&st)));
	json_object_set_new(entry, "ino", json_integer((json_int_t)st.st_ino));
	shown = files_volume_show(files->volumes, text,
				  number >= HEXO_LOCAL_HANDLE);
	if (shown && leads_to(files, shown, &st)) {
		if (json_object_set_new(entry, "guest", json_string(shown)) ==
		    0)
			return 0;
		return hexo_fail(err, -EILSEQ,
				 "a file is open whose name is no UTF-8");
	}
	if (r == 0 && !shown && stat(text, &named) == 0 && is_same(&st, &named))
		return hexo_fail(err, -EXDEV,
				 "%s was moved out of the job's volumes", text);
	*path = base_strdup(text);
	return 1;
}

static int save_local(const struct files *files, int number, json_t *all,
		      struct hexo_error *err)
{
	const struct files_handle *h = &files->at[number];
	json_t *entry = json_pack("{s:i}", "handle", number);
	cleanup_free char *path = NULL;
	int flags = fcntl(h->fd, F_GETFL), r;

	json_array_append_new(all, entry);
	if ((flags & O_ACCMODE) != O_RDONLY && fsync(h->fd) < 0)
		return hexo_fail_errno(err, "cannot sync an open file");
	r = files_state_save(files, number, entry, &path, err);
	if (r > 0)
		return hexo_fail(err, -ENOTSUP,
				 "%s is open, was removed, and is in a local "
				 "volume",
				 path);
	return r;
}

json_t *files_state_local(const struct files *files, struct hexo_error *err)
{
	json_t *all = json_array();
	int r = 0;

	for (int i = HEXO_LOCAL_HANDLE; r == 0 && i < FILES_HANDLES_MAX; i++)
		if (files->at[i].fd >= 0)
			r = save_local(files, i, all, err);
	if (r == 0)
		return all;
	json_decref(all);
	return NULL;
}

/* ---- opening again ---- */

bool files_state_is_local(const json_t *entry)
{
	json_int_t handle =
		json_integer_value(json_object_get(entry, "handle"));

	return handle >= HEXO_LOCAL_HANDLE && handle < FILES_HANDLES_MAX;
}

struct files_handle *files_state_handle(struct files *files,
					const json_t *entry,
					struct hexo_error *err)
{
	const json_t *number = json_object_get(entry, "handle");
	json_int_t n = json_integer_value(number);
	struct files_handle *h;

	if (!json_is_integer(number) || n <= STDERR_FILENO ||
	    n >= FILES_HANDLES_MAX) {
		hexo_fail(err, -EINVAL, "a file of its state has no handle");
		return NULL;
	}
	h = &files->at[n];
	if (h->fd < 0 && !h->above)
		return h;
	hexo_fail(err, -EINVAL,
		  "handle %" JSON_INTEGER_FORMAT " twice in its state", n);
	return NULL;
}

int files_state_access(const json_t *entry, struct hexo_error *err)
{
	const char *access =
		json_string_value(json_object_get(entry, "access"));

	if (!access)
		return hexo_fail(err, -EINVAL, "its state lacks \"access\"");
	if (!strcmp(access, "r"))
		return O_RDONLY;
	return !strcmp(access, "w") ? O_WRONLY : O_RDWR;
}

static void note(const struct files_reopen *how, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void note(const struct files_reopen *how, const char *fmt, ...)
{
	cleanup_free char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = base_vprintf(fmt, ap);
	va_end(ap);
	if (how->notes)
		base_buffer_printf(how->notes, "%s\n", text);
}

void files_state_plan(struct files_handle *h, const struct files_reopen *how,
		      const char *name, uint64_t size, uint64_t now)
{
	if (how->keep)
		note(how,
		     "%s has %" PRIu64 " bytes, %" PRIu64 " at the checkpoint",
		     name, now, size);
	else
		note(how,
		     "%s is cut from %" PRIu64 " bytes to %" PRIu64
		     ", what it had at the checkpoint",
		     name, now, size);
	h->cut = !how->keep;
	h->size = size;
}

int files_state_cut(struct files *files, struct hexo_error *err)
{
	for (int i = 0; i < FILES_HANDLES_MAX; i++) {
		struct files_handle *h = &files->at[i];

		if (h->cut && ftruncate(h->fd, (off_t)h->size) < 0)
			return hexo_fail_errno(err,
					       "cannot cut an open file back");
		h->cut = false;
	}
	return 0;
}

/* Compares a file with what it was. One that the job writes may have got
 * more from it after the checkpoint: that comes again. */
static int compare(struct files_handle *h, int fd, const char *name,
		   bool writes, const json_t *entry,
		   const struct files_reopen *how, struct hexo_error *err)
{
	json_int_t size, mtime, ino;
	struct stat st;
	bool regular;

	if (json_unpack((json_t *)entry, "{s:I, s:I, s:I}", "size", &size,
			"mtime_ns", &mtime, "ino", &ino) < 0 ||
	    size < 0)
		return hexo_fail(err, -EINVAL,
				 "its state does not say what %s was", name);
	if (fstat(fd, &st) < 0)
		return hexo_fail_errno(err, "cannot stat %s", name);
	regular = S_ISREG(st.st_mode);
	if (ino != (json_int_t)st.st_ino)
		note(how, "%s is another file than at the checkpoint", name);
	else if (regular && writes && st.st_size > size)
		files_state_plan(h, how, name, (uint64_t)size,
				 (uint64_t)st.st_size);
	else if (st.st_size != size && regular)
		note(how,
		     "%s has %" PRId64 " bytes, %" PRId64 " at the checkpoint",
		     name, (int64_t)st.st_size, (int64_t)size);
	else if (!writes && regular && mtime != mtime_of(&st))
		note(how, "%s has changed since the checkpoint", name);
	return 0;
}

/* Opens a file within its volume, which must be of the kind that the handle
 * is. */
static int open_named(const struct files *files, struct files_handle *h,
		      const char *guest, int flags, const json_t *entry,
		      const struct files_reopen *how, struct hexo_error *err)
{
	bool local = h - files->at >= HEXO_LOCAL_HANDLE;
	cleanup_close int fd = -1;
	struct files_path path;
	struct stat st;
	int r = files_volume_find(files->volumes, guest, &path);

	if (r == 0 && !path.volume)
		r = -ENOENT;
	if (r == 0 && local != !!path.volume->local)
		return hexo_fail(err, -EINVAL,
				 "%s was in a %s volume and cannot go on in "
				 "one that is %s",
				 guest, local ? "local" : "home's",
				 local ? "the home's" : "local");
	if (r == 0 && path.volume->readonly && flags != O_RDONLY)
		r = -EROFS;
	if (r == 0)
		r = fd = files_volume_open(&path, flags, 0);
	if (r < 0)
		return hexo_fail(err, r, "cannot open %s again: %s", guest,
				 strerror(-r));
	if (fstat(fd, &st) < 0 ||
	    (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)))
		return hexo_fail(err, -ENXIO,
				 "%s is neither a file nor a directory now",
				 guest);
	r = compare(h, fd, guest, flags != O_RDONLY, entry, how, err);
	if (r < 0)
		return r;
	h->readonly = path.volume->readonly ||
		      json_is_true(json_object_get(entry, "readonly"));
	return base_take_fd(fd);
}

int files_state_open(struct files *files, const json_t *entry,
		     const struct files_reopen *how, struct hexo_error *err)
{
	const char *above = json_string_value(json_object_get(entry, "above"));
	const char *guest = json_string_value(json_object_get(entry, "guest"));
	struct files_handle *h = files_state_handle(files, entry, err);
	int fd, flags;

	if (!h)
		return -EINVAL;
	if (above) {
		h->above = base_strdup(above);
		h->readonly = true;
		return 0;
	}
	flags = files_state_access(entry, err);
	if (flags < 0)
		return flags;
	if (!guest && json_object_get(entry, "deleted"))
		return hexo_fail(err, -ENOTSUP,
				 "a file that was removed before the "
				 "checkpoint is open in a local volume: "
				 "restore the job on the home's machine");
	if (!guest)
		return hexo_fail(err, -EINVAL, "its state lacks \"guest\"");
	fd = open_named(files, h, guest, flags, entry, how, err);
	if (fd < 0)
		return fd;
	h->fd = fd;
	return 0;
}
