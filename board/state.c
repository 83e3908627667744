/* SPDX-License-Identifier: Apache-2.0 */
#include "board/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "hexo/isa.h"

static const char *const files[] = { "board.json", "board.json.new", "pid",
				     "console.log" };

/* A directory of ours that nobody else can change. */
static int own_directory(const char *path, struct hexo_error *err)
{
	struct stat st;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return hexo_fail_errno(err, "cannot make %s", path);
	if (lstat(path, &st) < 0)
		return hexo_fail_errno(err, "cannot stat %s", path);
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
	    (st.st_mode & 077))
		return hexo_fail(err, -EPERM,
				 "%s is not a directory of this user alone",
				 path);
	return 0;
}

int board_directory(char **path, struct hexo_error *err)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	cleanup_free char *top = NULL;
	int r;

	*path = NULL;
	if (runtime && *runtime == '/' && access(runtime, W_OK) == 0)
		top = base_printf("%s/hexo", runtime);
	else
		top = base_printf("/tmp/hexo-%u", (unsigned)geteuid());
	r = own_directory(top, err);
	if (r < 0)
		return r;
	*path = base_printf("%s/boards", top);
	return own_directory(*path, err);
}

int board_lock(const char *directory, struct hexo_error *err)
{
	cleanup_free char *path = base_printf("%s/lock", directory);
	cleanup_close int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || flock(fd, LOCK_EX) < 0)
		return hexo_fail_errno(err, "cannot lock %s", path);
	return base_take_fd(fd);
}

static bool is_isa(const char *name)
{
#define X(number, id, isa_name, machine) \
	if (!strcmp(name, isa_name))     \
		return true;
	HEXO_ISA_LIST(X)
#undef X
	return false;
}

int board_check_name(const char *name, struct hexo_error *err)
{
	size_t n = strlen(name);

	if (*name < 'a' || *name > 'z' || n > BOARD_NAME_MAX ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != n ||
	    is_isa(name))
		return hexo_fail(err, -EINVAL,
				 "\"%s\" cannot be a board's name: lower case "
				 "letters, digits and dashes, a letter first, "
				 "at most %d, no ISA",
				 name, BOARD_NAME_MAX);
	return 0;
}

char *board_file(const char *directory, const char *name, const char *file)
{
	return base_printf("%s/%s/%s", directory, name, file);
}

pid_t board_pid(const char *directory, const char *name)
{
	cleanup_free char *path = board_file(directory, name, "pid");
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char text[32] = "";
	int pid;

	if (fd < 0 || fcntl(fd, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK)
		return 0;
	if (read(fd, text, sizeof(text) - 1) <= 0 ||
	    sscanf(text, "%d", &pid) != 1 || pid <= 1)
		return 0;
	return pid;
}

static int board_read(const char *directory, const char *name,
		      struct board *board)
{
	cleanup_free char *path = board_file(directory, name, "board.json");
	json_t *root = json_load_file(path, 0, NULL);
	json_int_t cpus, memory, port;
	const char *isa, *key = "";
	int r = -EINVAL;

	if (root && json_unpack(root, "{s:s, s:I, s:I, s:I, s?s}", "isa", &isa,
				"cpus", &cpus, "memory", &memory, "port", &port,
				"key", &key) == 0) {
		*board = (struct board){
			.cpus = (uint32_t)cpus,
			.memory = (uint64_t)memory,
			.port = (uint16_t)port,
			.pid = board_pid(directory, name),
		};
		snprintf(board->name, sizeof(board->name), "%.*s",
			 BOARD_NAME_MAX, name);
		snprintf(board->isa, sizeof(board->isa), "%s", isa);
		snprintf(board->key, sizeof(board->key), "%s", key);
		r = board->pid ? 0 : -ESRCH;
	}
	json_decref(root);
	return r;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct board *)a)->name,
		      ((const struct board *)b)->name);
}

int board_read_all(const char *directory, struct board_list *list,
		   struct hexo_error *err)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	struct board board;

	*list = (struct board_list){ 0 };
	if (!dir)
		return hexo_fail_errno(err, "cannot read %s", directory);
	while ((entry = readdir(dir))) {
		if (entry->d_type != DT_DIR ||
		    board_check_name(entry->d_name, NULL) < 0)
			continue;
		if (board_read(directory, entry->d_name, &board) < 0) {
			board_remove(directory, entry->d_name);
			continue;
		}
		list->board = base_realloc(list->board,
					   (list->count + 1) * sizeof(board));
		list->board[list->count++] = board;
	}
	closedir(dir);
	if (list->count)
		qsort(list->board, list->count, sizeof(board), by_name);
	return 0;
}

void board_list_free(struct board_list *list)
{
	free(list->board);
	*list = (struct board_list){ 0 };
}

const struct board *board_list_find(const struct board_list *list,
				    const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (!strcmp(list->board[i].name, name))
			return &list->board[i];
	return NULL;
}

int board_write(const char *directory, const struct board *board,
		struct hexo_error *err)
{
	cleanup_free char *path =
		board_file(directory, board->name, "board.json");
	cleanup_free char *new = base_printf("%s.new", path);
	json_t *root =
		json_pack("{s:s, s:s, s:I, s:I, s:I, s:s}", "name", board->name,
			  "isa", board->isa, "cpus", (json_int_t)board->cpus,
			  "memory", (json_int_t)board->memory, "port",
			  (json_int_t)board->port, "key", board->key);
	int r = json_dump_file(root, new, JSON_INDENT(2));

	json_decref(root);
	/* Others may be reading it. */
	if (r < 0 || rename(new, path) < 0)
		return hexo_fail(err, -EIO, "cannot write %s", path);
	return 0;
}

int board_create(const char *directory, const struct board *board,
		 struct hexo_error *err)
{
	cleanup_free char *own = base_printf("%s/%s", directory, board->name);

	if (mkdir(own, 0700) < 0)
		return hexo_fail_errno(err, "cannot make %s", own);
	return board_write(directory, board, err);
}

void board_remove(const char *directory, const char *name)
{
	cleanup_free char *own = base_printf("%s/%s", directory, name);

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		cleanup_free char *path = board_file(directory, name, files[i]);

		unlink(path);
	}
	rmdir(own);
}
