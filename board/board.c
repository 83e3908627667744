/* SPDX-License-Identifier: Apache-2.0 */
#include "board/board.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "board/qemu.h"
#include "board/start.h"
#include "board/state.h"
#include "hexo/layout.h"

static const char usage[] =
	"usage: hexo board start [--name N] [--cpus N] [--memory SIZE]\n"
	"                        [--netem WORDS]\n"
	"       hexo board stop [NAME | --all]\n"
	"       hexo board list [--json]\n"
	"       hexo board log NAME\n"
	"Emulated ARM64 boards on this machine, with KVM and hexod inside.\n"
	"  --name    what to call it (board0, board1, ...)\n"
	"  --cpus    1 to 8 (2)\n"
	"  --memory  of the board (1G)\n"
	"  --netem   makes its network a bad one, both ways, for tests: what\n"
	"            tc-netem(8) is to do, like \"delay 5ms loss 1%\"\n";

enum { STATUS_FAILED = 1, STATUS_USAGE = 2, INFO_MS = 1000 };

#define cleanup_list __attribute__((cleanup(board_list_free)))

struct board_options {
	struct board board;
	bool all, json;
	const char *name; /* the operand */
};

/* The directory and what lives there; the lock is held only meanwhile. */
static int read_boards(char **directory, struct board_list *list,
		       struct hexo_error *err)
{
	cleanup_close int lock = -1;
	int r = board_directory(directory, err);

	*list = (struct board_list){ 0 };
	if (r < 0)
		return r;
	lock = board_lock(*directory, err);
	return lock < 0 ? lock : board_read_all(*directory, list, err);
}

int board_find(const char *name_or_isa, struct node_address *address,
	       char *name, size_t size, struct hexo_error *err)
{
	cleanup_list struct board_list list = { 0 };
	cleanup_free char *directory = NULL;
	int r = read_boards(&directory, &list, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < list.count; i++) {
		if (strcmp(list.board[i].name, name_or_isa) != 0 &&
		    strcmp(list.board[i].isa, name_or_isa) != 0)
			continue;
		board_address(&list.board[i], address);
		snprintf(name, size, "%s", list.board[i].name);
		return 0;
	}
	return hexo_fail(err, -ENOENT, "no board %s is up: hexo board start",
			 name_or_isa);
}

static int command_start(struct board_options *o, struct hexo_error *err)
{
	cleanup_free char *directory = NULL;
	struct board *board = &o->board;
	uint64_t begin = base_now_ns();
	int r = board_directory(&directory, err);

	if (r == 0)
		r = board_start(directory, board, err);
	if (r < 0)
		return r;
	fprintf(stderr, "board %s: booting, %u CPUs, %" PRIu64 " MiB\n",
		board->name, board->cpus, board->memory >> 20);
	r = board_await(directory, board, err);
	if (r < 0)
		return r;
	printf("board %s: ready after %.1f s, hexod at 127.0.0.1:%u\n",
	       board->name, (double)(base_now_ns() - begin) / 1e9, board->port);
	return 0;
}

static int stop_one(const char *directory, const struct board *board,
		    struct hexo_error *err)
{
	cleanup_close int lock = -1;
	int r = board_qemu_stop(directory, board, err);

	if (r < 0)
		return hexo_fail_context(err, "board %s", board->name);
	lock = board_lock(directory, err);
	if (lock < 0)
		return lock;
	/* Another may have started under its name since. */
	if (!board_pid(directory, board->name))
		board_remove(directory, board->name);
	printf("board %s: stopped\n", board->name);
	return 0;
}

static int command_stop(struct board_options *o, struct hexo_error *err)
{
	cleanup_list struct board_list list = { 0 };
	cleanup_free char *directory = NULL;
	const struct board *board;
	int r = read_boards(&directory, &list, err);

	if (r < 0)
		return r;
	if (o->all) {
		for (size_t i = 0; r == 0 && i < list.count; i++)
			r = stop_one(directory, &list.board[i], err);
		return r;
	}
	if (!o->name && list.count > 1)
		return hexo_fail(err, -EINVAL,
				 "%zu boards are up: name one or say --all",
				 list.count);
	if (!o->name && !list.count)
		return hexo_fail(err, -ENOENT, "no board is up");
	board = o->name ? board_list_find(&list, o->name) : list.board;
	if (!board)
		return hexo_fail(err, -ENOENT, "no board %s is up", o->name);
	return stop_one(directory, board, err);
}

/* What the board says of itself; NULL if it does not answer. */
static json_t *ask_board(const struct board *board)
{
	struct node_address address;
	struct node_info info;
	json_t *answer;

	board_address(board, &address);
	if (node_info(&address, INFO_MS, &info, NULL) < 0)
		return NULL;
	answer = json_loads(info.json, 0, NULL);
	free(info.json);
	return answer;
}

static int command_list(struct board_options *o, struct hexo_error *err)
{
	cleanup_list struct board_list list = { 0 };
	cleanup_free char *directory = NULL;
	json_t *array = json_array();
	int r = read_boards(&directory, &list, err);

	if (r == 0 && !o->json)
		printf("%-12s %-8s %4s %8s %-15s %6s %s\n", "NAME", "ISA",
		       "CPUS", "MEMORY", "ADDRESS", "PID", "STATE");
	for (size_t i = 0; i < list.count; i++) {
		const struct board *b = &list.board[i];
		struct node_address address;
		json_t *node = ask_board(b);

		board_address(b, &address);
		if (!o->json)
			printf("%-12s %-8s %4u %7" PRIu64
			       "M %-15s %6d %s, %zu VMs\n",
			       b->name, b->isa, b->cpus, b->memory >> 20,
			       address.text, (int)b->pid,
			       node ? "ready" : "silent",
			       json_array_size(json_object_get(node, "vms")));
		json_array_append_new(
			array, json_pack("{s:s, s:s, s:I, s:I, s:s, s:I, s:o*}",
					 "name", b->name, "isa", b->isa, "cpus",
					 (json_int_t)b->cpus, "memory",
					 (json_int_t)b->memory, "address",
					 address.text, "pid",
					 (json_int_t)b->pid, "node", node));
	}
	if (r == 0 && o->json) {
		json_dumpf(array, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	json_decref(array);
	return r;
}

static int command_log(struct board_options *o, struct hexo_error *err)
{
	cleanup_list struct board_list list = { 0 };
	cleanup_free char *directory = NULL, *path = NULL, *text = NULL;
	size_t len;
	int r = read_boards(&directory, &list, err);

	if (r < 0)
		return r;
	if (!o->name)
		return hexo_fail(err, -EINVAL, "the log of which board?");
	if (!board_list_find(&list, o->name))
		return hexo_fail(err, -ENOENT, "no board %s is up", o->name);
	path = board_file(directory, o->name, "console.log");
	r = base_read_file(path, 1 << 30, &text, &len, err);
	if (r == 0)
		fwrite(text, 1, len, stdout);
	return r;
}

static int parse_cpus(const char *text, struct board *board,
		      struct hexo_error *err)
{
	uint64_t n;

	if (base_parse_u64(text, &n) < 0 || n < 1 || n > BOARD_CPUS_MAX)
		return hexo_fail(err, -EINVAL, "--cpus %s: 1 to %d", text,
				 BOARD_CPUS_MAX);
	board->cpus = (uint32_t)n;
	return 0;
}

static int parse_memory(const char *text, struct board *board,
			struct hexo_error *err)
{
	if (base_parse_size(text, &board->memory) < 0 ||
	    board->memory < BOARD_MEMORY_MIN || board->memory > HEXO_MEMORY_MAX)
		return hexo_fail(err, -EINVAL,
				 "--memory %s: a size from %" PRIu64
				 "M to %" PRIu64 "M",
				 text, BOARD_MEMORY_MIN >> 20,
				 HEXO_MEMORY_MAX >> 20);
	return 0;
}

/* The words go to the kernel's command line and to a shell: they have no
 * character that means anything there. */
static int parse_netem(const char *text, struct board *board,
		       struct hexo_error *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789.% ";

	if (!*text || text[strspn(text, allowed)] ||
	    strlen(text) > BOARD_NETEM_MAX)
		return hexo_fail(err, -EINVAL,
				 "--netem '%s': at most %d letters, digits, "
				 "dots, percent signs and blanks",
				 text, BOARD_NETEM_MAX);
	snprintf(board->netem, sizeof(board->netem), "%s", text);
	for (char *c = board->netem; *c; c++)
		if (*c == ' ')
			*c = ',';
	return 0;
}

static const struct option start_options[] = {
	{ "name", required_argument, NULL, 'n' },
	{ "cpus", required_argument, NULL, 'c' },
	{ "memory", required_argument, NULL, 'm' },
	{ "netem", required_argument, NULL, 'e' },
	{ 0 },
};
static const struct option stop_options[] = {
	{ "all", no_argument, NULL, 'a' },
	{ 0 },
};
static const struct option list_options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ 0 },
};
static const struct option log_options[] = { { 0 } };

static const struct board_verb {
	const char *name;
	int (*run)(struct board_options *o, struct hexo_error *err);
	const struct option *options;
	int operands;
} verbs[] = {
	{ "start", command_start, start_options, 0 },
	{ "stop", command_stop, stop_options, 1 },
	{ "list", command_list, list_options, 0 },
	{ "log", command_log, log_options, 1 },
};

static int parse_option(struct board_options *o, int option, char **argv,
			struct hexo_error *err)
{
	switch (option) {
	case 'n':
		if (board_check_name(optarg, err) < 0)
			return err->code;
		snprintf(o->board.name, sizeof(o->board.name), "%s", optarg);
		return 0;
	case 'c':
		return parse_cpus(optarg, &o->board, err);
	case 'm':
		return parse_memory(optarg, &o->board, err);
	case 'e':
		return parse_netem(optarg, &o->board, err);
	case 'a':
		o->all = true;
		return 0;
	case 'j':
		o->json = true;
		return 0;
	default:
		return hexo_fail(err, -EINVAL,
				 "%s: unknown, or its value is missing",
				 argv[optind - 1]);
	}
}

static int parse_options(const struct board_verb *verb, struct board_options *o,
			 int argc, char **argv, struct hexo_error *err)
{
	int option, r;

	opterr = 0;
	optind = 0; /* start anew: the caller may have used getopt, too */
	while ((option = getopt_long(argc, argv, ":", verb->options, NULL)) !=
	       -1) {
		r = parse_option(o, option, argv, err);
		if (r < 0)
			return r;
	}
	if (argc - optind > verb->operands)
		return hexo_fail(err, -EINVAL, "unexpected argument %s",
				 argv[optind + verb->operands]);
	o->name = optind < argc ? argv[optind] : NULL;
	return 0;
}

static const struct board_verb *find_verb(const char *name)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

int board_command(int argc, char **argv)
{
	struct board_options o = {
		.board = { .cpus = 2, .memory = UINT64_C(1) << 30 },
	};
	const struct board_verb *verb = argc > 1 ? find_verb(argv[1]) : NULL;
	struct hexo_error err;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") != 0)
			continue;
		fputs(usage, stdout);
		return 0;
	}
	if (!verb) {
		fputs(usage, stderr);
		return STATUS_USAGE;
	}
	if (parse_options(verb, &o, argc - 1, argv + 1, &err) < 0) {
		fprintf(stderr, "hexo board %s: %s\n", verb->name, err.text);
		return STATUS_USAGE;
	}
	if (verb->run(&o, &err) < 0) {
		fprintf(stderr, "hexo board %s: %s\n", verb->name, err.text);
		return STATUS_FAILED;
	}
	return 0;
}
