/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/save.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/base.h"
#include "base/thread.h"

enum { SAVE_BATCH = 8 << 20 }; /* bytes that the disk begins with at once */

static void save_end(struct cli_save *save)
{
	if (save->fd >= 0)
		close(save->fd);
	for (int i = 0; i < save->count; i++)
		close(save->volumes[i]);
	if (save->done.fd >= 0)
		close(save->done.fd);
	if (save->path) {
		pthread_mutex_destroy(&save->lock);
		pthread_cond_destroy(&save->changed);
	}
	free(save->path);
	free(save->temporary);
	save->fd = save->done.fd = -1;
	save->count = 0;
	save->path = save->temporary = NULL;
}

bool cli_save_is_open(const struct cli_save *save)
{
	return save->path != NULL;
}

static void save_tell(struct cli_save *save, enum cli_save_order order)
{
	pthread_mutex_lock(&save->lock);
	save->ready = save->bytes;
	save->order = order;
	pthread_cond_signal(&save->changed);
	pthread_mutex_unlock(&save->lock);
}

static const char *save_name(const struct cli_save *save)
{
	return save->temporary ? save->temporary : save->path;
}

int cli_save_write(void *ctx, const void *data, size_t len,
		   struct hexo_error *err)
{
	struct cli_save *save = ctx;
	int r = base_write_all(save->fd, data, len);

	if (r < 0)
		return hexo_fail(err, r, "cannot write %s: %s", save_name(save),
				 strerror(-r));
	save->bytes += len;
	/* Else all of it would wait for the end. */
	if (save->bytes - save->ready >= SAVE_BATCH)
		save_tell(save, CLI_SAVE_BEGIN);
	return 0;
}

void cli_save_head(struct cli_save *save, const void *data, size_t len,
		   uint64_t at)
{
	memcpy(save->head.data, data, len);
	save->head.len = len;
	save->head.at = (off_t)at;
}

/* The directory's entry must last as well. */
static int save_sync_directory(const char *path)
{
	cleanup_free char *copy = base_strdup(path);
	cleanup_close int fd =
		open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -1 : fsync(fd);
}

/* A head must not be there before what it speaks of. */
static int save_sync_file(struct cli_save *save)
{
	const ssize_t len = (ssize_t)save->head.len;

	if (!save->temporary && fsync(save->fd) < 0)
		return -1;
	if (pwrite(save->fd, save->head.data, save->head.len, save->head.at) !=
	    len)
		return -1;
	return fsync(save->fd);
}

static void save_sync(struct cli_save *save)
{
	for (int i = 0; i < save->count; i++)
		if (syncfs(save->volumes[i]) < 0) {
			hexo_fail_errno(&save->why, "cannot sync a volume");
			return;
		}
	if (save_sync_file(save) < 0)
		hexo_fail_errno(&save->why, "cannot write %s", save_name(save));
	else if (!save->temporary)
		return;
	else if (rename(save->temporary, save->path) < 0)
		hexo_fail_errno(&save->why, "cannot rename %s to %s",
				save->temporary, save->path);
	else if (save_sync_directory(save->path) < 0)
		hexo_fail_errno(&save->why, "cannot sync the directory of %s",
				save->path);
}

/* Has the disk begin until there is nothing left but to wait for it. */
static enum cli_save_order save_begin(struct cli_save *save)
{
	enum cli_save_order order;
	uint64_t at = save->begin, ready;

	for (;;) {
		pthread_mutex_lock(&save->lock);
		while (save->order == CLI_SAVE_BEGIN && save->ready == at)
			pthread_cond_wait(&save->changed, &save->lock);
		order = save->order;
		ready = save->ready;
		pthread_mutex_unlock(&save->lock);
		if (order != CLI_SAVE_BEGIN)
			return order;
		/* What fails here fails at the sync, too. */
		(void)sync_file_range(save->fd, (off64_t)at,
				      (off64_t)(ready - at),
				      SYNC_FILE_RANGE_WRITE);
		at = ready;
	}
}

static void *save_thread(void *ctx)
{
	struct cli_save *save = ctx;
	const uint64_t one = 1;

	if (save_begin(save) == CLI_SAVE_FORGET)
		return NULL;
	save_sync(save);
	/* An eventfd that holds nothing takes it. */
	if (write(save->done.fd, &one, sizeof(one)) < 0)
		abort();
	return NULL;
}

/* With everything but the thread. */
static void save_init(struct cli_save *save, const char *path, int fd,
		      uint64_t begin)
{
	const struct cli_watch done = save->done;

	*save = (struct cli_save){
		.path = base_strdup(path),
		.fd = fd,
		.begin = begin,
		.bytes = begin,
		.ready = begin,
		.done = done,
	};
	pthread_mutex_init(&save->lock, NULL);
	pthread_cond_init(&save->changed, NULL);
	save->done.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

/* Nothing of what was written is to stay. A file that grows is as good with
 * it, only longer. */
static void save_undo(struct cli_save *save)
{
	if (save->temporary)
		unlink(save->temporary);
	else
		(void)!ftruncate(save->fd, (off_t)save->begin);
}

int cli_save_open(struct cli_save *save, const char *path,
		  struct hexo_error *err)
{
	int r = 0;

	save_init(save, path, -1, 0);
	save->temporary = base_printf("%s.%d.tmp", path, (int)getpid());
	if (save->done.fd >= 0)
		save->fd = open(save->temporary,
				O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (save->fd < 0)
		r = hexo_fail_errno(err, "cannot write %s", save->temporary);
	else
		r = base_thread_start(&save->thread, save_thread, save, err);
	if (r == 0)
		return 0;
	if (save->fd >= 0)
		save_undo(save);
	save_end(save);
	return r;
}

int cli_save_grow(struct cli_save *save, const char *path, int fd,
		  uint64_t begin, struct hexo_error *err)
{
	int r;

	save_init(save, path, fd, begin);
	if (save->done.fd < 0 || lseek(fd, (off_t)begin, SEEK_SET) < 0)
		r = hexo_fail_errno(err, "cannot write %s", path);
	else
		r = base_thread_start(&save->thread, save_thread, save, err);
	if (r < 0)
		save_end(save);
	return r;
}

static int save_add_volume(struct cli_save *save, const struct files_volume *v)
{
	const struct files_path root = { .volume = v, .rest = "" };
	int fd = files_volume_open(&root, O_RDONLY | O_DIRECTORY, 0);

	if (fd < 0)
		return fd;
	save->volumes[save->count++] = fd;
	return 0;
}

int cli_save_sync(struct cli_save *save, const struct files_volumes *volumes,
		  struct hexo_error *err)
{
	int r = 0;

	for (int i = 0; r == 0 && i < volumes->count; i++)
		if (!volumes->at[i].readonly && volumes->at[i].root >= 0)
			r = save_add_volume(save, &volumes->at[i]);
	if (r < 0)
		return hexo_fail(err, r, "cannot sync a volume: %s",
				 strerror(-r));
	save->syncing = true;
	save_tell(save, CLI_SAVE_FINISH);
	return 0;
}

int cli_save_result(struct cli_save *save, int *fd, struct hexo_error *err)
{
	struct hexo_error why;

	pthread_join(save->thread, NULL);
	save->syncing = false;
	why = save->why;
	if (why.code < 0)
		save_undo(save);
	else if (fd)
		*fd = base_take_fd(save->fd);
	save_end(save);
	if (why.code < 0 && err)
		*err = why;
	return why.code;
}

void cli_save_close(struct cli_save *save)
{
	if (!save->path)
		return;
	if (save->syncing) {
		cli_save_result(save, NULL, NULL);
		return;
	}
	save_tell(save, CLI_SAVE_FORGET);
	pthread_join(save->thread, NULL);
	save_undo(save);
	save_end(save);
}
