/* SPDX-License-Identifier: Apache-2.0 */
#include "node/list.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"

enum { LIST_BYTES_MAX = 128 << 10 };

static int directory_of(const char *variable, const char *in_home,
			const char *name, char **path, struct hexo_error *err)
{
	const char *top = getenv(variable), *home = getenv("HOME");

	*path = NULL;
	if (top && *top == '/')
		*path = base_printf("%s/%s", top, name);
	else if (home && *home == '/')
		*path = base_printf("%s/%s/%s", home, in_home, name);
	else
		return hexo_fail(err, -ENOENT,
				 "where are keys to be kept? Neither %s nor "
				 "HOME is set",
				 variable);
	return 0;
}

int node_config_directory(char **path, struct hexo_error *err)
{
	return directory_of("XDG_CONFIG_HOME", ".config", "hexo", path, err);
}

int node_state_directory(char **path, struct hexo_error *err)
{
	return directory_of("XDG_STATE_HOME", ".local/state", "hexod", path,
			    err);
}

int node_own_directory(const char *path, struct hexo_error *err)
{
	cleanup_free char *part = base_strdup(path);
	struct stat st;

	for (char *c = part; *c; c++) {
		if (*c != '/' || c == part)
			continue;
		*c = '\0';
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return hexo_fail_errno(err, "cannot make %s", part);
		*c = '/';
	}
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return hexo_fail_errno(err, "cannot make %s", path);
	if (stat(path, &st) < 0)
		return hexo_fail_errno(err, "cannot stat %s", path);
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
	    (st.st_mode & 022))
		return hexo_fail(err, -EPERM,
				 "%s must be a directory that only its owner, "
				 "this user, can change",
				 path);
	return 0;
}

static bool good_word(const char *word)
{
	size_t len = strlen(word);

	for (const char *c = word; *c; c++)
		if (*c <= ' ' || *c > '~')
			return false;
	return len && len <= NODE_LIST_WORD_MAX;
}

static int parse_line(char *line, struct node_list_entry *entry,
		      struct hexo_error *err)
{
	char *state, *word[4];

	for (int i = 0; i < 4; i++)
		word[i] = strtok_r(i ? NULL : line, " ", &state);
	if (!word[2] || word[3] || !good_word(word[1]) || !good_word(word[2]))
		return hexo_fail(err, -EINVAL,
				 "not a fingerprint and two words");
	strcpy(entry->word[0], word[1]);
	strcpy(entry->word[1], word[2]);
	return node_key_parse(word[0], &entry->key, err);
}

static int parse(char *text, size_t len, struct node_list *list,
		 struct hexo_error *err)
{
	char *end;

	if (strlen(text) != len || (len && text[len - 1] != '\n'))
		return hexo_fail(err, -EINVAL, "it does not end with a line");
	for (char *line = text; *line; line = end + 1) {
		end = strchr(line, '\n');
		*end = '\0';
		if (list->count == NODE_LIST_MAX)
			return hexo_fail(err, -E2BIG, "more than %d lines",
					 NODE_LIST_MAX);
		if (parse_line(line, &list->entry[list->count], err) < 0)
			return hexo_fail_context(err, "line %u",
						 list->count + 1);
		list->count++;
	}
	return 0;
}

static int open_list(const char *path, struct hexo_error *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return errno == ENOENT
			       ? -ENOENT
			       : hexo_fail_errno(err, "cannot open %s", path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    st.st_uid != geteuid() || (st.st_mode & 022))
		return hexo_fail(err, -EPERM,
				 "%s must be a file that only its owner, this "
				 "user, can change",
				 path);
	if (st.st_size > LIST_BYTES_MAX)
		return hexo_fail(err, -E2BIG, "%s is longer than %d bytes",
				 path, LIST_BYTES_MAX);
	return base_take_fd(fd);
}

int node_list_read(const char *directory, const char *name,
		   struct node_list **list, struct hexo_error *err)
{
	cleanup_free char *path = base_printf("%s/%s", directory, name);
	cleanup_free char *text = base_alloc(LIST_BYTES_MAX + 1);
	cleanup_close int fd = open_list(path, err);
	struct hexo_error why = { 0 };
	size_t len = 0;
	ssize_t n = 0;

	*list = base_alloc(sizeof(**list));
	if (fd == -ENOENT)
		return 0;
	while (fd >= 0 && len < LIST_BYTES_MAX &&
	       (n = read(fd, text + len, LIST_BYTES_MAX - len)) > 0)
		len += (size_t)n;
	if (n < 0)
		hexo_fail_errno(&why, "cannot read it");
	else if (fd >= 0)
		parse(text, len, *list, &why);
	if (fd >= 0 && !why.code)
		return 0;
	free(base_take_ptr(*list));
	return fd < 0 ? fd : hexo_fail(err, why.code, "%s: %s", path, why.text);
}

struct node_list_entry *node_list_find(struct node_list *list,
				       const struct node_key *key)
{
	for (unsigned i = 0; i < list->count; i++)
		if (node_key_equal(&list->entry[i].key, key))
			return &list->entry[i];
	return NULL;
}

struct node_list_entry *node_list_find_word(struct node_list *list, int which,
					    const char *word)
{
	for (unsigned i = 0; i < list->count; i++)
		if (!strcmp(list->entry[i].word[which], word))
			return &list->entry[i];
	return NULL;
}

static int write_list(const char *directory, const char *name,
		      const struct node_list *list, struct hexo_error *err)
{
	cleanup_free char *path = base_printf("%s/%s", directory, name);
	cleanup_free char *new = base_printf("%s.new", path);
	cleanup_close int fd =
		open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		     0600);
	struct base_buffer text = { 0 };
	int r;

	if (fd < 0)
		return hexo_fail_errno(err, "cannot write %s", new);
	for (unsigned i = 0; i < list->count; i++) {
		const struct node_list_entry *e = &list->entry[i];
		char key[NODE_KEY_TEXT];

		node_key_text(&e->key, key);
		base_buffer_printf(&text, "%s %s %s\n", key, e->word[0],
				   e->word[1]);
	}
	r = base_write_all(fd, text.data, text.len);
	base_buffer_free(&text);
	if (r == 0 && (fsync(fd) < 0 || rename(new, path) < 0))
		r = -errno;
	if (r < 0)
		return hexo_fail(err, r, "cannot write %s: %s", path,
				 strerror(-r));
	return 0;
}

static void remove_at(struct node_list *list, unsigned at)
{
	list->count--;
	memmove(&list->entry[at], &list->entry[at + 1],
		(list->count - at) * sizeof(list->entry[0]));
}

int node_list_change(const char *directory, const char *name,
		     const struct node_list_entry *entry, bool by_key, bool add,
		     unsigned max, struct hexo_error *err)
{
	cleanup_free char *lock = base_printf("%s/lock", directory);
	cleanup_free struct node_list *list = NULL;
	struct node_list_entry *old;
	cleanup_close int fd = -1;
	int r = node_own_directory(directory, err);

	if (r < 0)
		return r;
	fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || flock(fd, LOCK_EX) < 0)
		return hexo_fail_errno(err, "cannot lock %s", lock);
	r = node_list_read(directory, name, &list, err);
	if (r < 0)
		return r;
	old = by_key ? node_list_find(list, &entry->key)
		     : node_list_find_word(list, 0, entry->word[0]);
	if (old)
		remove_at(list, (unsigned)(old - list->entry));
	if (add) {
		if (!good_word(entry->word[0]) || !good_word(entry->word[1]))
			return hexo_fail(err, -EINVAL,
					 "'%s' and '%s' must be words of "
					 "printable characters",
					 entry->word[0], entry->word[1]);
		while (list->count >= max)
			remove_at(list, 0);
		list->entry[list->count++] = *entry;
	}
	if (old || add)
		r = write_list(directory, name, list, err);
	return r < 0 ? r : old != NULL;
}
