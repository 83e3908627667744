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

/* Where a descriptor's file is on this machine; false if no name leads to it
 * any more. */
static bool host_path(int fd, char path[PATH_MAX])
{
	struct stat open_one, named;
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, PATH_MAX - 1);
	if (n < 0)
		return false;
	path[n] = '\0';
	return fstat(fd, &open_one) == 0 && stat(path, &named) == 0 &&
	       open_one.st_dev == named.st_dev &&
	       open_one.st_ino == named.st_ino;
}

/* A file without a name: its directory, and a checksum of what it holds. */
static int save_deleted(const struct files *files, int number, char *path,
			json_t *entry, uint64_t *data_len,
			struct hexo_error *err)
{
	int fd = files->at[number].fd;
	cleanup_free char *shown = NULL;
	char *slash = strrchr(path, '/');
	uint64_t checksum;
	struct stat st;
	char text[17];
	int r;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return hexo_fail(err, -ENOTSUP,
				 "the job has a directory open that was "
				 "removed");
	if (slash)
		slash[slash == path] = '\0';
	shown = files_volume_show(files->volumes, path,
				  number >= HEXO_LOCAL_HANDLE);
	r = cli_checkpoint_copy(fd, 0, (uint64_t)st.st_size, NULL, NULL,
				&checksum, err);
	if (r < 0)
		return r;
	snprintf(text, sizeof(text), "%016" PRIx64, checksum);
	json_object_set_new(entry, "deleted", json_string(shown ? shown : ""));
	json_object_set_new(entry, "xxh3", json_string(text));
	*data_len += (uint64_t)st.st_size +
		     cli_checkpoint_padding((uint64_t)st.st_size);
	return 0;
}

static int save_handle(const struct files *files, int number, json_t *entry,
		       uint64_t *data_len, struct hexo_error *err)
{
	cleanup_free char *path = NULL;
	int r = files_state_save(files, number, entry, &path, err);

	return r > 0 ? save_deleted(files, number, path, entry, data_len, err)
		     : r;
}

/* What standard streams are redirected to has a position of its own. */
static void save_stream(int fd, json_t *streams)
{
	char path[PATH_MAX] = "";
	struct stat st;
	off_t at;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !host_path(fd, path))
		return;
	at = lseek(fd, 0, SEEK_CUR);
	/* Others may have written to it, too: what counts is its end. */
	if (fcntl(fd, F_GETFL) & O_APPEND)
		at = st.st_size;
	if (at >= 0)
		json_array_append_new(streams,
				      json_pack("{s:i, s:s, s:I, s:I}",
						"handle", fd, "host", path,
						"ino", (json_int_t)st.st_ino,
						"offset", (json_int_t)at));
}

static json_t *save_volumes(const struct files_volumes *volumes)
{
	json_t *all = json_array();

	for (int i = 0; i < volumes->count; i++) {
		const struct files_volume *v = &volumes->at[i];
		cleanup_free char *host =
			v->local ? base_strdup(v->local) : files_volume_host(v);

		json_array_append_new(all, json_pack("{s:s, s:s, s:b, s:b}",
						     "guest", v->prefix, "host",
						     host ? host : "",
						     "readonly", v->readonly,
						     "local", !!v->local));
	}
	return all;
}

int cli_files_save(const struct files *files, json_t *state, uint64_t *data_len,
		   struct hexo_error *err)
{
	json_t *all = json_array(), *streams = json_array();
	int r = 0;

	*data_len = 0;
	json_object_set_new(state, "volumes", save_volumes(files->volumes));
	json_object_set_new(state, "files", all);
	json_object_set_new(state, "streams", streams);
	for (int i = 0; r == 0 && i < FILES_HANDLES_MAX; i++) {
		const struct files_handle *h = &files->at[i];
		json_t *entry;

		if (h->fd >= 0 && h->fd <= STDERR_FILENO) {
			save_stream(h->fd, streams);
			continue;
		}
		if (h->fd < 0 && !h->above)
			continue;
		entry = json_pack("{s:i}", "handle", i);
		json_array_append_new(all, entry);
		if (h->above)
			json_object_set_new(entry, "above",
					    json_string(h->above));
		else
			r = save_handle(files, i, entry, data_len, err);
	}
	return r;
}

int cli_files_put_data(const struct files *files, const json_t *state,
		       cli_checkpoint_put *put, void *ctx,
		       struct hexo_error *err)
{
	static const char zeros[8];
	const json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(state, "files"), i, entry)
	{
		uint64_t number, size, checksum;
		int r;

		if (!json_object_get(entry, "deleted"))
			continue;
		r = cli_checkpoint_number(entry, "handle", &number, err);
		if (r == 0)
			r = cli_checkpoint_number(entry, "size", &size, err);
		if (r == 0 && number >= FILES_HANDLES_MAX)
			r = hexo_fail(err, -EINVAL, "no handle %" PRIu64,
				      number);
		if (r == 0)
			r = cli_checkpoint_copy(files->at[number].fd, 0, size,
						put, ctx, &checksum, err);
		if (r == 0)
			r = put(ctx, zeros, cli_checkpoint_padding(size), err);
		if (r < 0)
			return r;
	}
	return 0;
}
