/* SPDX-License-Identifier: Apache-2.0 */
/* Operations on paths: all within volumes, see files/volume.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "files/op.h"

/* What a guest may set of a mode: never set-user-ID or set-group-ID on a
 * file of the host. */

/* The guest's open flags and this machine's (they differ between ISAs). */
static const struct {
	int guest, host;
} files_flags[] = {
	{ HEXO_O_CREAT, O_CREAT },       { HEXO_O_EXCL, O_EXCL },
	{ HEXO_O_TRUNC, O_TRUNC },       { HEXO_O_DIRECTORY, O_DIRECTORY },
	{ HEXO_O_NOFOLLOW, O_NOFOLLOW },
};

static int files_open_flags(int64_t guest)
{
	/* Append and non-blocking are the guest kernel's business: it says
	 * where each write goes. */
	int flags = (int)(guest & HEXO_O_ACCMODE);

	for (size_t i = 0; i < sizeof(files_flags) / sizeof(*files_flags); i++)
		if (guest & files_flags[i].guest)
			flags |= files_flags[i].host;
	return flags;
}

/* Finds the path; 0, 1 if it is a directory above volumes, -errno. */
static int files_find(struct files_op *op, struct files_path *path)
{
	int r = files_path(op, path);

	if (r < 0 || path->volume)
		return r;
	return files_volume_is_above(op->files->volumes, op->data) ? 1
								   : -ENOENT;
}

int64_t files_open(struct files_op *op)
{
	int flags = files_open_flags(op->arg[0]);
	bool writes = (flags & O_ACCMODE) != O_RDONLY ||
		      (flags & (O_CREAT | O_TRUNC));
	cleanup_close int fd = -1;
	struct files_path path;
	struct stat st;
	int r = files_find(op, &path);

	if ((op->arg[0] & HEXO_O_ACCMODE) == HEXO_O_ACCMODE)
		return -EINVAL;
	if (r < 0)
		return r;
	if (r > 0)
		return writes ? -EISDIR
			      : files_handle_new(op, -1, op->data, true);
	if (path.volume->readonly && (flags & O_CREAT) &&
	    (flags & O_ACCMODE) == O_RDONLY && !(flags & (O_EXCL | O_TRUNC))) {
		/* Opening what exists is no write. */
		flags &= ~O_CREAT;
		writes = false;
	}
	if (path.volume->readonly && writes)
		return -EROFS;
	fd = files_volume_open(&path, flags, (unsigned)op->arg[1] & FILES_MODE);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	/* Devices would give the job more of the host than its files, and a
	 * FIFO's opening is what waits. */
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return -ENXIO;
	return files_handle_new(op, base_take_fd(fd), NULL,
				path.volume->readonly);
}

int64_t files_stat(struct files_op *op)
{
	int nofollow = op->arg[0] ? O_NOFOLLOW : 0;
	cleanup_close int fd = -1;
	struct files_path path;
	struct stat st;
	int r = files_find(op, &path);

	if (r < 0)
		return r;
	if (r > 0) {
		files_above_stat(op->files->volumes, op->data, &st);
		return files_answer_stat(op, &st);
	}
	fd = files_volume_open(&path, O_PATH | nofollow, 0);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	return files_answer_stat(op, &st);
}

int64_t files_access(struct files_op *op)
{
	int mode = (int)op->arg[0];
	cleanup_close int fd = -1;
	struct files_path path;
	int r = files_find(op, &path);

	if (r < 0)
		return r;
	if (mode & ~(R_OK | W_OK | X_OK))
		return -EINVAL;
	if (r > 0)
		return mode & W_OK ? -EROFS : 0;
	fd = files_volume_open(&path, O_PATH, 0);
	if (fd < 0)
		return fd;
	if ((mode & W_OK) && path.volume->readonly)
		return -EROFS;
	if (faccessat(fd, "", mode, AT_EMPTY_PATH | AT_EACCESS) < 0)
		return -errno;
	return 0;
}

int64_t files_readlink(struct files_op *op)
{
	cleanup_close int fd = -1;
	struct files_path path;
	ssize_t n;
	int r = files_find(op, &path);

	if (r < 0)
		return r;
	if (r > 0)
		return -EINVAL;
	fd = files_volume_open(&path, O_PATH | O_NOFOLLOW, 0);
	if (fd < 0)
		return fd;
	n = readlinkat(fd, "", op->out, op->out_room);
	/* The kernel says ENOENT of an empty path to what is no link. */
	if (n < 0)
		return errno == ENOENT ? -EINVAL : -errno;
	op->out_len = (size_t)n;
	return n;
}

/* Finds a path that is to be changed: the directory that holds it, and its
 * name there, or -errno. */
static int files_find_entry(struct files_op *op, const char *text,
			    const char **name, struct files_path *path)
{
	int r = files_volume_find(op->files->volumes, text, path);

	if (r < 0)
		return r;
	if (!path->volume)
		return files_volume_is_above(op->files->volumes, text)
			       ? -EROFS
			       : -ENOENT;
	if (path->volume->readonly)
		return -EROFS;
	return files_volume_parent(path, name);
}

/* The same for a path that is all of the request's data. */
static int files_find_one(struct files_op *op, const char **name)
{
	struct files_path path;
	int r = files_path(op, &path);

	return r < 0 ? r : files_find_entry(op, op->data, name, &path);
}

int64_t files_unlink(struct files_op *op)
{
	const char *name;
	cleanup_close int parent = files_find_one(op, &name);

	if (parent < 0)
		return parent;
	if (unlinkat(parent, name, op->arg[0] ? AT_REMOVEDIR : 0) < 0)
		return -errno;
	return 0;
}

int64_t files_mkdir(struct files_op *op)
{
	const char *name;
	cleanup_close int parent = files_find_one(op, &name);

	if (parent == -EBUSY)
		return -EEXIST;
	if (parent < 0)
		return parent;
	if (mkdirat(parent, name, (mode_t)op->arg[0] & FILES_MODE) < 0)
		return -errno;
	return 0;
}

/* Splits the data "first NUL second"; both shorter than a path may be. */
static int files_two(struct files_op *op, const char **second)
{
	size_t first = strlen(op->data);

	if (first >= op->len)
		return -EINVAL;
	*second = op->data + first + 1;
	if (first + 1 + strlen(*second) != op->len)
		return -EINVAL;
	if (first >= HEXO_IO_PATH_MAX ||
	    op->len - first - 1 >= HEXO_IO_PATH_MAX)
		return -ENAMETOOLONG;
	return 0;
}

/* RENAME and LINK differ in the last step only. */
static int64_t files_two_entries(struct files_op *op, bool link)
{
	const char *new_text, *old_name, *new_name;
	cleanup_close int from = -1, to = -1;
	struct files_path old, new;
	int r = files_two(op, &new_text);

	if (r == 0)
		r = files_volume_find(op->files->volumes, op->data, &old);
	if (r == 0)
		r = files_volume_find(op->files->volumes, new_text, &new);
	if (r < 0)
		return r;
	/* Before either is opened: another process serves one of them. */
	if (old.volume && new.volume &&
	    !old.volume->local != !new.volume->local)
		return -EXDEV;
	from = files_find_entry(op, op->data, &old_name, &old);
	if (from < 0)
		return from;
	to = files_find_entry(op, new_text, &new_name, &new);
	if (to < 0)
		return to;
	if (old.volume != new.volume)
		return -EXDEV;
	if (link)
		r = linkat(from, old_name, to, new_name, 0);
	else
		r = renameat(from, old_name, to, new_name);
	return r < 0 ? -errno : 0;
}

int64_t files_rename(struct files_op *op)
{
	return files_two_entries(op, false);
}

int64_t files_link(struct files_op *op)
{
	return files_two_entries(op, true);
}

int64_t files_symlink(struct files_op *op)
{
	const char *text, *name;
	cleanup_close int parent = -1;
	struct files_path path;
	int r = files_two(op, &text);

	if (r < 0)
		return r;
	parent = files_find_entry(op, text, &name, &path);
	if (parent == -EBUSY)
		return -EEXIST;
	if (parent < 0)
		return parent;
	return symlinkat(op->data, parent, name) < 0 ? -errno : 0;
}

/* What the path is, as an O_PATH descriptor, where it may be changed. */
static int files_open_change(struct files_op *op)
{
	struct files_path path;
	int r = files_find(op, &path);

	if (r < 0)
		return r;
	if (r > 0 || path.volume->readonly)
		return -EROFS;
	return files_volume_open(&path, O_PATH, 0);
}

int64_t files_chmod(struct files_op *op)
{
	cleanup_close int fd = files_open_change(op);
	char self[32];

	if (fd < 0)
		return fd;
	/* An O_PATH descriptor cannot be changed but through its name. */
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (chmod(self, (mode_t)op->arg[0] & FILES_MODE) < 0)
		return -errno;
	return 0;
}

static bool files_is_time(int64_t nsec)
{
	return (nsec >= 0 && nsec < 1000000000) || nsec == UTIME_NOW ||
	       nsec == UTIME_OMIT;
}

int64_t files_utimens(struct files_op *op)
{
	int64_t raw[4];
	struct timespec times[2];
	cleanup_close int path = -1;
	int fd;

	if (op->len < sizeof(raw))
		return -EINVAL;
	memcpy(raw, op->data, sizeof(raw));
	if (!files_is_time(raw[1]) || !files_is_time(raw[3]))
		return -EINVAL;
	times[0] = (struct timespec){ raw[0], raw[1] };
	times[1] = (struct timespec){ raw[2], raw[3] };
	if (op->arg[0] >= 0) {
		fd = files_handle_change(op);
		if (fd < 0)
			return fd;
		return futimens(fd, times) < 0 ? -errno : 0;
	}
	op->data += sizeof(raw);
	op->len -= sizeof(raw);
	path = files_open_change(op);
	if (path < 0)
		return path;
	if (utimensat(path, "", times, AT_EMPTY_PATH) < 0)
		return -errno;
	return 0;
}
