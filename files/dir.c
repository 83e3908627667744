/* SPDX-License-Identifier: Apache-2.0 */
/* Listing directories, those above volumes included. */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/base.h"
#include "files/op.h"

/* As getdents64() fills them. */
struct files_dirent64 {
	uint64_t ino;
	int64_t off;
	uint16_t reclen;
	uint8_t type;
	char name[];
};

void files_above_stat(const struct files_volumes *volumes, const char *path,
		      struct stat *st)
{
	uint64_t ino = 1;
	size_t len;
	nlink_t links = 2;

	/* Some number of its own: programs tell directories apart by it. */
	for (const char *c = path; *c; c++)
		ino = ino * 31 + (unsigned char)*c;
	for (unsigned i = 0; files_volume_above_name(volumes, path, i, &len);
	     i++)
		links++;
	*st = (struct stat){
		.st_ino = ino,
		.st_mode = S_IFDIR | 0555,
		.st_nlink = links,
		.st_blksize = 4096,
	};
}

/* Adds an entry to the answer; -ERANGE when it is full. */
static int files_answer_entry(struct files_op *op, uint64_t ino,
			      uint64_t cookie, uint8_t type, const char *name,
			      size_t name_len)
{
	struct hexo_io_dirent e = {
		.ino = ino,
		.cookie = cookie,
		.type = type,
		.name_len = (uint8_t)name_len,
	};
	const size_t head = offsetof(struct hexo_io_dirent, name);
	/* At least one NUL follows the name. */
	size_t size = (head + name_len + 1 + 7) & ~(size_t)7;
	char *to = op->out + op->out_len;

	if (size > op->out_room - op->out_len)
		return -ERANGE;
	e.size = (uint16_t)size;
	memset(to, 0, size);
	memcpy(to, &e, head);
	memcpy(to + head, name, name_len);
	op->out_len += size;
	return 0;
}

static int64_t files_readdir_above(struct files_op *op, const char *path)
{
	const struct files_volumes *volumes = op->files->volumes;
	uint64_t cookie = (uint64_t)op->arg[1];

	for (; cookie < FILES_VOLUMES_MAX + 2; cookie++) {
		const char *name = cookie == 0 ? "." : "..";
		size_t len = cookie + 1;

		if (cookie >= 2)
			name = files_volume_above_name(volumes, path,
						       (unsigned)cookie - 2,
						       &len);
		if (!name)
			break;
		if (files_answer_entry(op, cookie + 1, cookie + 1, DT_DIR, name,
				       len) < 0)
			return op->out_len ? (int64_t)op->out_len : -EINVAL;
	}
	return (int64_t)op->out_len;
}

/* Packs what getdents64() gave; 1 when the answer is full. */
static int files_pack(struct files_op *op, const char *raw, size_t len)
{
	for (size_t at = 0; at < len;) {
		const struct files_dirent64 *d = (const void *)(raw + at);
		size_t name = strnlen(d->name, 255);

		if (files_answer_entry(op, d->ino, (uint64_t)d->off, d->type,
				       d->name, name) < 0)
			return 1;
		at += d->reclen;
	}
	return 0;
}

int64_t files_readdir(struct files_op *op)
{
	struct files_handle *h = files_handle(op);
	char raw[32768] __attribute__((aligned(8)));
	long n;

	if (!h)
		return -EBADF;
	if (op->arg[1] < 0)
		return -EINVAL;
	if (h->above)
		return files_readdir_above(op, h->above);
	/* The cookie is what the file system calls the position; each
	 * request stands alone, so the handle's own does not matter. */
	if (lseek(h->fd, op->arg[1], SEEK_SET) < 0)
		return errno == ESPIPE ? -ENOTDIR : -errno;
	do {
		n = syscall(SYS_getdents64, h->fd, raw, sizeof(raw));
		if (n < 0)
			return op->out_len ? (int64_t)op->out_len : -errno;
	} while (n > 0 && !files_pack(op, raw, (size_t)n));
	if (n > 0 && !op->out_len)
		return -EINVAL;
	return (int64_t)op->out_len;
}
