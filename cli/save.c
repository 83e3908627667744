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

static void save_forget(struct cli_save *save)
{
	if (save->fd >= 0)
		close(save->fd);
	for (int i = 0; i < save->count; i++)
		close(save->volumes[i]);
	if (save->done.fd >= 0)
		close(save->done.fd);
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

int cli_save_open(struct cli_save *save, const char *path,
		  struct hexo_error *err)
{
	const struct cli_watch done = save->done;

	*save = (struct cli_save){
		.path = base_strdup(path),
		.temporary = base_printf("%s.%d.tmp", path, (int)getpid()),
		.fd = -1,
		.done = done,
	};
	save->done.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (save->done.fd >= 0)
		save->fd = open(save->temporary,
				O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (save->fd < 0) {
		hexo_fail_errno(err, "cannot write %s", save->temporary);
		save_forget(save);
		return err ? err->code : -EIO;
	}
	return 0;
}

int cli_save_write(void *ctx, const void *data, size_t len,
		   struct hexo_error *err)
{
	struct cli_save *save = ctx;
	int r = base_write_all(save->fd, data, len);

	if (r < 0)
		return hexo_fail(err, r, "cannot write %s: %s", save->temporary,
				 strerror(-r));
	save->bytes += len;
	return 0;
}

/* The directory's entry must last as well. */
static int save_sync_directory(const char *path)
{
	cleanup_free char *copy = base_strdup(path);
	cleanup_close int fd =
		open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -1 : fsync(fd);
}

static void save_sync(struct cli_save *save)
{
	for (int i = 0; i < save->count; i++)
		if (syncfs(save->volumes[i]) < 0) {
			hexo_fail_errno(&save->why, "cannot sync a volume");
			return;
		}
	if (fsync(save->fd) < 0)
		hexo_fail_errno(&save->why, "cannot write %s", save->temporary);
	else if (rename(save->temporary, save->path) < 0)
		hexo_fail_errno(&save->why, "cannot rename %s to %s",
				save->temporary, save->path);
	else if (save_sync_directory(save->path) < 0)
		hexo_fail_errno(&save->why, "cannot sync the directory of %s",
				save->path);
}

static void *save_thread(void *ctx)
{
	struct cli_save *save = ctx;
	const uint64_t one = 1;

	save_sync(save);
	/* An eventfd that holds nothing takes it. */
	if (write(save->done.fd, &one, sizeof(one)) < 0)
		abort();
	return NULL;
}

static int save_add_volume(struct cli_save *save, const struct cli_volume *v)
{
	const struct cli_path root = { .volume = v, .rest = "" };
	int fd = cli_volume_open(&root, O_RDONLY | O_DIRECTORY, 0);

	if (fd < 0)
		return fd;
	save->volumes[save->count++] = fd;
	return 0;
}

int cli_save_sync(struct cli_save *save, const struct cli_volumes *volumes,
		  struct hexo_error *err)
{
	int r = 0;

	for (int i = 0; r == 0 && i < volumes->count; i++)
		if (!volumes->at[i].readonly)
			r = save_add_volume(save, &volumes->at[i]);
	if (r < 0)
		return hexo_fail(err, r, "cannot sync a volume: %s",
				 strerror(-r));
	r = base_thread_start(&save->thread, save_thread, save, err);
	if (r < 0)
		return r;
	save->syncing = true;
	return 0;
}

int cli_save_result(struct cli_save *save, struct hexo_error *err)
{
	struct hexo_error why;

	pthread_join(save->thread, NULL);
	save->syncing = false;
	why = save->why;
	if (why.code < 0)
		unlink(save->temporary);
	save_forget(save);
	if (why.code < 0 && err)
		*err = why;
	return why.code;
}

void cli_save_close(struct cli_save *save)
{
	if (!save->path)
		return;
	if (save->syncing) {
		cli_save_result(save, NULL);
		return;
	}
	unlink(save->temporary);
	save_forget(save);
}
