/* SPDX-License-Identifier: Apache-2.0 */
#include "files/volume.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/base.h"

bool files_path_is_normalised(const char *path)
{
	if (path[0] != '/')
		return false;
	if (!path[1])
		return true;
	while (*path) {
		size_t len = strcspn(++path, "/");

		if (len == 0 || (len == 1 && path[0] == '.') ||
		    (len == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		path += len;
	}
	return true;
}

const char *files_path_rest(const char *path, const char *prefix)
{
	size_t len = strlen(prefix);

	if (len == 1)
		return path + 1;
	if (strncmp(path, prefix, len) || (path[len] && path[len] != '/'))
		return NULL;
	return path[len] ? path + len + 1 : path + len;
}

/* A place for one more volume: NULL if it cannot be. */
static struct files_volume *volume_new(struct files_volumes *volumes,
				       const char *guest,
				       struct hexo_error *err)
{
	if (volumes->count == FILES_VOLUMES_MAX) {
		hexo_fail(err, -E2BIG, "more than %d volumes",
			  FILES_VOLUMES_MAX);
		return NULL;
	}
	if (strlen(guest) >= PATH_MAX) {
		hexo_fail(err, -ENAMETOOLONG,
			  "the path of a volume is longer "
			  "than paths can be");
		return NULL;
	}
	if (!files_path_is_normalised(guest)) {
		hexo_fail(err, -EINVAL,
			  "'%s' is not an absolute path without '.' and '..'",
			  guest);
		return NULL;
	}
	if (files_volume_at(volumes, guest)) {
		hexo_fail(err, -EEXIST, "two volumes at %s", guest);
		return NULL;
	}
	return &volumes->at[volumes->count];
}

int files_volume_add_at(struct files_volumes *volumes, const char *host,
			const char *guest, bool readonly,
			struct hexo_error *err)
{
	struct files_volume *v = volume_new(volumes, guest, err);
	int root;

	if (!v)
		return -EINVAL;
	root = open(host, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return hexo_fail_errno(err, "cannot open directory %s", host);
	*v = (struct files_volume){
		.prefix = base_strdup(guest),
		.root = root,
		.readonly = readonly,
	};
	volumes->count++;
	return 0;
}

int files_volume_add_local(struct files_volumes *volumes, const char *host,
			   const char *guest, bool readonly,
			   struct hexo_error *err)
{
	struct files_volume *v = volume_new(volumes, guest, err);

	if (!v)
		return -EINVAL;
	if (host &&
	    (strlen(host) >= PATH_MAX || !files_path_is_normalised(host)))
		return hexo_fail(err, -EINVAL,
				 "'%s' is not an absolute path without '.' and "
				 "'..', as a directory of each machine must be",
				 host);
	*v = (struct files_volume){
		.prefix = base_strdup(guest),
		.local = host ? base_strdup(host) : NULL,
		.root = -1,
		.readonly = readonly,
	};
	volumes->count++;
	return 0;
}

int files_volumes_open_local(struct files_volumes *volumes,
			     struct hexo_error *err)
{
	for (int i = 0; i < volumes->count; i++) {
		struct files_volume *v = &volumes->at[i];

		if (!v->local || v->root >= 0)
			continue;
		v->root = open(v->local, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (v->root < 0) {
			int r = hexo_fail_errno(
				err,
				"cannot open directory %s, local volume %s",
				v->local, v->prefix);

			files_volumes_close_local(volumes);
			return r;
		}
	}
	return 0;
}

void files_volumes_close_local(struct files_volumes *volumes)
{
	for (int i = 0; i < volumes->count; i++) {
		struct files_volume *v = &volumes->at[i];

		if (v->local && v->root >= 0)
			close(base_take_fd(v->root));
	}
}

bool files_volumes_have_local(const struct files_volumes *volumes)
{
	for (int i = 0; i < volumes->count; i++)
		if (volumes->at[i].local)
			return true;
	return false;
}

int files_volume_add(struct files_volumes *volumes, const char *text,
		     bool local, struct hexo_error *err)
{
	cleanup_free char *host = base_strdup(text);
	char *guest = strchr(host, ':');
	char *access = guest ? strchr(guest + 1, ':') : NULL;
	bool readonly;

	if (!guest || guest == host)
		return hexo_fail(err, -EINVAL, "'%s' is not HOST:GUEST[:ro]",
				 text);
	*guest++ = '\0';
	if (access)
		*access++ = '\0';
	if (access && strcmp(access, "ro") && strcmp(access, "rw"))
		return hexo_fail(err, -EINVAL,
				 "'%s' ends in neither :ro nor :rw", text);
	readonly = access && !strcmp(access, "ro");
	return local ? files_volume_add_local(volumes, host, guest, readonly,
					      err)
		     : files_volume_add_at(volumes, host, guest, readonly, err);
}

const struct files_volume *files_volume_at(const struct files_volumes *volumes,
					   const char *guest)
{
	for (int i = 0; i < volumes->count; i++)
		if (!strcmp(volumes->at[i].prefix, guest))
			return &volumes->at[i];
	return NULL;
}

void files_volumes_free(struct files_volumes *volumes)
{
	for (int i = 0; i < volumes->count; i++) {
		free(volumes->at[i].prefix);
		free(volumes->at[i].local);
		if (volumes->at[i].root >= 0)
			close(volumes->at[i].root);
	}
	volumes->count = 0;
}

int files_volume_find(const struct files_volumes *volumes, const char *path,
		      struct files_path *found)
{
	size_t longest = 0;

	*found = (struct files_path){ 0 };
	if (!files_path_is_normalised(path))
		return -EINVAL;
	for (int i = 0; i < volumes->count; i++) {
		const struct files_volume *v = &volumes->at[i];
		const char *rest = files_path_rest(path, v->prefix);

		if (!rest || strlen(v->prefix) <= longest)
			continue;
		longest = strlen(v->prefix);
		*found = (struct files_path){ v, rest };
	}
	return 0;
}

int files_descriptor_path(int fd, char path[PATH_MAX])
{
	static const char deleted[] = " (deleted)";
	const size_t mark = sizeof(deleted) - 1;
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, PATH_MAX - 1);
	if (n < 0)
		return -errno;
	path[n] = '\0';
	if ((size_t)n > mark && !strcmp(path + (size_t)n - mark, deleted)) {
		path[(size_t)n - mark] = '\0';
		return 1;
	}
	return 0;
}

char *files_volume_host(const struct files_volume *v)
{
	char path[PATH_MAX];

	if (v->root < 0 || files_descriptor_path(v->root, path) != 0)
		return NULL;
	return base_strdup(path);
}

char *files_volume_show(const struct files_volumes *volumes, const char *host,
			bool local)
{
	size_t longest = 0;
	char *shown = NULL;

	for (int i = 0; i < volumes->count; i++) {
		const struct files_volume *v = &volumes->at[i];
		cleanup_free char *root = files_volume_host(v);
		const char *rest;

		if (!root || local != !!v->local)
			continue;
		rest = files_path_rest(host, root);
		if (!rest || strlen(root) <= longest)
			continue;
		longest = strlen(root);
		free(shown);
		shown = base_printf("%s%s%s", v->prefix,
				    *rest && v->prefix[1] ? "/" : "", rest);
	}
	return shown;
}

int files_volume_open(const struct files_path *path, int flags, unsigned mode)
{
	struct open_how how = {
		.flags = (unsigned)(flags | O_CLOEXEC),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	const char *rest = *path->rest ? path->rest : ".";
	int tries = 16;
	long fd;

	if (path->volume->root < 0)
		return -EIO;
	/* O_PATH and these exclude each other in openat2(). Without
	 * O_NONBLOCK a FIFO would hold up the job's home. */
	if (!(flags & O_PATH))
		how.flags |= O_NONBLOCK | O_NOCTTY;
	if (flags & O_CREAT)
		how.mode = mode;
	/* EAGAIN: something was renamed while ".." was being resolved. */
	do
		fd = syscall(SYS_openat2, path->volume->root, rest, &how,
			     sizeof(how));
	while (fd < 0 && (errno == EINTR || (errno == EAGAIN && tries-- > 0)));
	return fd < 0 ? -errno : (int)fd;
}

int files_volume_parent(const struct files_path *path, const char **name)
{
	const char *slash = strrchr(path->rest, '/');
	cleanup_free char *above = NULL;
	struct files_path parent = { path->volume, "" };

	if (!*path->rest)
		return -EBUSY;
	*name = path->rest;
	if (slash) {
		above = base_strdup(path->rest);
		above[slash - path->rest] = '\0';
		parent.rest = above;
		*name = slash + 1;
	}
	return files_volume_open(&parent, O_PATH | O_DIRECTORY, 0);
}

bool files_volume_is_above(const struct files_volumes *volumes,
			   const char *path)
{
	if (!strcmp(path, "/"))
		return true;
	for (int i = 0; i < volumes->count; i++)
		if (files_path_rest(volumes->at[i].prefix, path))
			return true;
	return false;
}

const char *files_volume_above_name(const struct files_volumes *volumes,
				    const char *path, unsigned index,
				    size_t *len)
{
	for (int i = 0; i < volumes->count; i++) {
		const char *name = files_path_rest(volumes->at[i].prefix, path);
		bool seen = false;

		if (!name || !*name)
			continue;
		*len = strcspn(name, "/");
		for (int k = 0; k < i && !seen; k++) {
			const char *other =
				files_path_rest(volumes->at[k].prefix, path);

			seen = other && strcspn(other, "/") == *len &&
			       !strncmp(other, name, *len);
		}
		if (!seen && index-- == 0)
			return name;
	}
	return NULL;
}
