/* SPDX-License-Identifier: Apache-2.0 */
#include "node/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "node/hash.h"

static const char part_prefix[] = "part-";

enum { NAME_ROOM = 48 };

static void image_name(char name[NAME_ROOM], const uint64_t hash[2])
{
	snprintf(name, NAME_ROOM, "%016" PRIx64 "%016" PRIx64 ".elf", hash[0],
		 hash[1]);
}

static void part_name(char name[NAME_ROOM], pid_t pid)
{
	snprintf(name, NAME_ROOM, "%s%d", part_prefix, (int)pid);
}

static bool is_part(const char *name)
{
	return !strncmp(name, part_prefix, strlen(part_prefix));
}

static bool is_image(const char *name)
{
	return strlen(name) == 36 && !strcmp(name + 32, ".elf") &&
	       strspn(name, "0123456789abcdef") == 32;
}

static void cleanup_dir_at(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

#define cleanup_dir __attribute__((cleanup(cleanup_dir_at)))

/* A stream over the cache's directory with a position of its own. */
static DIR *cache_list(const struct node_cache *cache)
{
	int fd = openat(cache->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir && fd >= 0)
		close(fd);
	return dir;
}

/* Held while sizes are added up and files come and go. */
static int cache_lock(const struct node_cache *cache)
{
	int fd = openat(cache->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd >= 0 && flock(fd, LOCK_EX) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

int node_cache_open(struct node_cache *cache, const char *path, uint64_t limit,
		    struct hexo_error *err)
{
	cleanup_dir DIR *dir = NULL;
	struct dirent *entry;
	struct stat st;

	*cache = (struct node_cache){ .dir = -1, .limit = limit };
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return hexo_fail_errno(err, "cannot make the cache %s", path);
	cache->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cache->dir < 0)
		return hexo_fail_errno(err, "cannot open the cache %s", path);
	if (fstat(cache->dir, &st) < 0 || st.st_uid != geteuid() ||
	    (st.st_mode & 022))
		return hexo_fail(err, -EPERM,
				 "cache %s: others may write to it", path);
	dir = cache_list(cache);
	if (!dir)
		return hexo_fail_errno(err, "cannot read the cache %s", path);
	while ((entry = readdir(dir)))
		if (is_part(entry->d_name))
			unlinkat(cache->dir, entry->d_name, 0);
	return 0;
}

void node_cache_close(struct node_cache *cache)
{
	if (cache->dir >= 0)
		close(cache->dir);
	cache->dir = -1;
}

/* The hash of a file from its start on. */
static int hash_file(int fd, uint64_t hash[2])
{
	struct node_hasher *hasher = node_hash_begin();
	cleanup_free char *buffer = malloc(1 << 18);
	off_t at = 0;
	ssize_t n = -1;

	if (hasher && buffer) {
		while ((n = pread(fd, buffer, 1 << 18, at)) > 0) {
			node_hash_add(hasher, buffer, (size_t)n);
			at += n;
		}
		node_hash_end(hasher, hash);
	}
	node_hash_free(hasher);
	return n < 0 ? -EIO : 0;
}

int node_cache_get(const struct node_cache *cache, const uint64_t hash[2],
		   uint64_t *size, struct hexo_error *err)
{
	cleanup_close int fd = -1;
	char name[NAME_ROOM];
	uint64_t found[2];
	struct stat st;

	image_name(name, hash);
	fd = openat(cache->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT)
		return hexo_fail(err, -ENOENT, "image %s is not in the cache",
				 name);
	if (fd < 0)
		return hexo_fail_errno(err, "cannot open image %s", name);
	if (fstat(fd, &st) < 0 || hash_file(fd, found) < 0)
		return hexo_fail(err, -EIO, "cannot read image %s", name);
	if (found[0] != hash[0] || found[1] != hash[1]) {
		unlinkat(cache->dir, name, 0);
		return hexo_fail(err, -ENOENT, "image %s was damaged", name);
	}
	futimens(fd, NULL);
	*size = (uint64_t)st.st_size;
	return base_take_fd(fd);
}

/* The size of all files, and the name of the least recently used image
 * (empty: there is none). */
static int cache_survey(const struct node_cache *cache, uint64_t *total,
			char oldest[NAME_ROOM])
{
	cleanup_dir DIR *dir = cache_list(cache);
	struct timespec least = { 0 };
	struct dirent *entry;
	struct stat st;

	*total = 0;
	oldest[0] = '\0';
	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		const char *name = entry->d_name;

		if (!is_image(name) && !is_part(name))
			continue;
		if (fstatat(cache->dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		*total += (uint64_t)st.st_size;
		if (!is_image(name))
			continue;
		if (!*oldest || st.st_mtim.tv_sec < least.tv_sec ||
		    (st.st_mtim.tv_sec == least.tv_sec &&
		     st.st_mtim.tv_nsec < least.tv_nsec)) {
			least = st.st_mtim;
			snprintf(oldest, NAME_ROOM, "%.36s", name);
		}
	}
	return 0;
}

/* With the lock held. */
static int cache_make_room(const struct node_cache *cache, uint64_t size,
			   struct hexo_error *err)
{
	char oldest[NAME_ROOM];
	uint64_t total;

	for (;;) {
		int r = cache_survey(cache, &total, oldest);

		if (r < 0)
			return hexo_fail(err, r, "cannot read the cache: %s",
					 strerror(-r));
		if (total + size <= cache->limit)
			return 0;
		if (!*oldest)
			return hexo_fail(err, -ENOSPC,
					 "the cache is full of images that "
					 "are still coming in");
		if (unlinkat(cache->dir, oldest, 0) < 0)
			return hexo_fail_errno(err, "cannot remove image %s",
					       oldest);
	}
}

int node_put_begin(const struct node_cache *cache,
		   const struct hexo_msg_image *image, struct node_put *put,
		   struct hexo_error *err)
{
	cleanup_close int lock = -1;
	char name[NAME_ROOM];
	int r;

	*put = (struct node_put){ .cache = cache, .image = *image, .fd = -1 };
	if (!image->size || image->size > NODE_ELF_MAX ||
	    image->size > cache->limit)
		return hexo_fail(err, -EFBIG,
				 "an image of %" PRIu64 " bytes; at most "
				 "%" PRIu64,
				 image->size,
				 cache->limit < NODE_ELF_MAX ? cache->limit
							     : NODE_ELF_MAX);
	lock = cache_lock(cache);
	if (lock < 0)
		return hexo_fail_errno(err, "cannot lock the cache");
	r = cache_make_room(cache, image->size, err);
	if (r < 0)
		return r;
	part_name(name, getpid());
	put->fd = openat(cache->dir, name,
			 O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (put->fd < 0)
		return hexo_fail_errno(err, "cannot write to the cache");
	/* Allocated now, it counts for whoever makes room next. */
	r = posix_fallocate(put->fd, 0, (off_t)image->size);
	if (r)
		return hexo_fail(err, -r, "no room for an image: %s",
				 strerror(r));
	put->hasher = node_hash_begin();
	if (!put->hasher)
		return hexo_fail(err, -ENOMEM, "no memory to take an image");
	return 0;
}

int node_put_data(struct node_put *put, const void *data, size_t len,
		  struct hexo_error *err)
{
	const char *from = data;

	if (len > put->image.size - put->done)
		return hexo_fail(err, -EPROTO,
				 "more data than the announced %" PRIu64
				 " bytes",
				 put->image.size);
	node_hash_add(put->hasher, data, len);
	while (len) {
		ssize_t n = pwrite(put->fd, from, len, (off_t)put->done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return hexo_fail_errno(err, "cannot write an image");
		from += n;
		len -= (size_t)n;
		put->done += (uint64_t)n;
	}
	return 0;
}

int node_put_end(struct node_put *put, struct hexo_error *err)
{
	char part[NAME_ROOM], name[NAME_ROOM];
	uint64_t hash[2];

	node_hash_end(put->hasher, hash);
	if (put->done != put->image.size || hash[0] != put->image.hash[0] ||
	    hash[1] != put->image.hash[1])
		return hexo_fail(err, -EBADMSG,
				 "the image is not what was announced: its "
				 "hash differs");
	part_name(part, getpid());
	image_name(name, hash);
	if (renameat(put->cache->dir, part, put->cache->dir, name) < 0)
		return hexo_fail_errno(err, "cannot file image %s", name);
	close(put->fd);
	put->fd = -1;
	node_hash_free(put->hasher);
	put->hasher = NULL;
	return 0;
}

void node_put_abort(struct node_put *put)
{
	if (put->fd >= 0) {
		close(put->fd);
		node_cache_sweep(put->cache, getpid());
	}
	put->fd = -1;
	node_hash_free(put->hasher);
	put->hasher = NULL;
}

void node_cache_sweep(const struct node_cache *cache, pid_t pid)
{
	char name[NAME_ROOM];

	part_name(name, pid);
	unlinkat(cache->dir, name, 0);
}
