/* SPDX-License-Identifier: Apache-2.0 */
/* hexo node: which nodes this user knows, and whom this node lets in. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "board/state.h"
#include "cli/commands.h"
#include "cli/isa.h"
#include "cli/place.h"
#include "node/client.h"
#include "node/clients.h"
#include "node/identity.h"
#include "node/list.h"

struct node_options {
	const char *fingerprint, *ssh, *state, *name;
	bool json, clients;
};

enum node_option {
	NODE_FINGERPRINT,
	NODE_SSH,
	NODE_STATE,
	NODE_NAME,
	NODE_JSON,
	NODE_CLIENTS,
	NODE_HELP,
};

/* One table for all verbs; what a verb has no use for it refuses. */
static const struct cli_option node_options[] = {
	[NODE_FINGERPRINT] = { "fingerprint", "F",
			       "add: the key that the node must show" },
	[NODE_SSH] = { "ssh", "[USER@]HOST",
		       "add: exchange both keys through ssh, with the\n"
		       "hexod that is there" },
	[NODE_STATE] = { "state", "DIR",
			 "accept, list, remove: where hexod keeps its keys\n"
			 "($XDG_STATE_HOME/hexod)" },
	[NODE_NAME] = { "name", "NAME", "accept: what to call the client" },
	[NODE_JSON] = { "json", NULL, "list: print JSON" },
	[NODE_CLIENTS] = { "clients", NULL,
			   "list, remove: not nodes, but the clients that\n"
			   "this machine's hexod accepts" },
	[NODE_HELP] = { "help", NULL, "show this" },
	{ 0 },
};

static int node_set(void *ctx, int option, const char *value,
		    struct hexo_error *err)
{
	struct node_options *o = ctx;

	switch (option) {
	case NODE_FINGERPRINT:
		o->fingerprint = value;
		return 0;
	case NODE_SSH:
		o->ssh = value;
		return 0;
	case NODE_STATE:
		o->state = value;
		return 0;
	case NODE_NAME:
		o->name = value;
		return 0;
	case NODE_JSON:
		o->json = true;
		return 0;
	case NODE_CLIENTS:
		o->clients = true;
		return 0;
	default:
		return 0;
	}
}

static int own_key(char text[NODE_KEY_TEXT], struct hexo_error *err)
{
	cleanup_free char *directory = NULL;
	struct node_identity identity;
	int r = node_config_directory(&directory, err);

	if (r == 0)
		r = node_identity_open(directory, &identity, err);
	if (r < 0)
		return r;
	node_key_text(&identity.key, text);
	node_identity_close(&identity);
	return 0;
}

static int state_directory(const struct node_options *o, char **path,
			   struct hexo_error *err)
{
	if (!o->state)
		return node_state_directory(path, err);
	*path = base_strdup(o->state);
	return 0;
}

/* Runs ssh; what it prints goes to *said. Returns 0 or -errno. */
static int run_ssh(const char *host, const char *command,
		   struct base_buffer *said, struct hexo_error *err)
{
	const char *argv[] = { "ssh", "--", host, command, NULL };
	posix_spawn_file_actions_t actions;
	int out[2], status = 0, r;
	char piece[512];
	ssize_t n;
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) < 0)
		return hexo_fail_errno(err, "cannot make a pipe");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
	r = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)argv,
			 environ);
	posix_spawn_file_actions_destroy(&actions);
	close(out[1]);
	while (r == 0 && said->len < 4096 &&
	       (n = read(out[0], piece, sizeof(piece))) > 0)
		base_buffer_add(said, piece, (size_t)n);
	close(out[0]);
	if (r)
		return hexo_fail(err, -r, "cannot run ssh: %s", strerror(r));
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (status)
		return hexo_fail(err, -EIO,
				 "ssh %s failed: is hexod there, in its PATH "
				 "or in the directory hexo?",
				 host);
	return 0;
}

/* Has the node accept our key and tell its own. */
static int exchange(const char *host, struct node_key *key,
		    struct hexo_error *err)
{
	cleanup_free char *command = NULL;
	struct base_buffer said = { 0 };
	char own[NODE_KEY_TEXT];
	int r = own_key(own, err);

	if (r < 0)
		return r;
	/* The program's name has the ISA as hexo spells it. */
	command = base_printf("PATH=$PATH:$HOME/hexo; "
			      "d=hexod-$(uname -m | tr _ -); "
			      "$d accept %s && $d key",
			      own);
	r = run_ssh(host, command, &said, err);
	if (r == 0) {
		char *text = said.data ? said.data : (char *)"";

		text[strcspn(text, "\r\n")] = '\0';
		r = node_key_parse(text, key, err);
		if (r < 0)
			r = hexo_fail_context(err, "ssh %s", host);
	}
	base_buffer_free(&said);
	return r;
}

/* The node's key as it shows it now; the user decides. */
static int ask_user(const struct node_address *address, struct node_key *key,
		    struct hexo_error *err)
{
	char text[NODE_KEY_TEXT], answer[16] = "";
	int r = node_see_key(address, NODE_TIMEOUT_MS, key, err);

	if (r < 0)
		return r;
	node_key_text(key, text);
	if (!isatty(STDIN_FILENO))
		return hexo_fail(err, -ENOKEY,
				 "%s shows the key %s; if that is what `hexod "
				 "key` prints there, say --fingerprint %s",
				 address->text, text, text);
	fprintf(stderr,
		"%s shows the key\n  %s\nIs that what `hexod key` prints "
		"there? [y/N] ",
		address->text, text);
	if (!fgets(answer, sizeof(answer), stdin) ||
	    (answer[0] != 'y' && answer[0] != 'Y'))
		return hexo_fail(err, -ECANCELED, "nothing was added");
	return 0;
}

static int check_name(const char *name, struct hexo_error *err)
{
	if (!strcmp(name, CLI_PLACE_SERVER))
		return hexo_fail(err, -EINVAL,
				 "'%s' is this machine's own name", name);
	return board_check_name(name, err);
}

static int node_add(struct node_options *o, const struct cli_operands *at,
		    struct hexo_error *err)
{
	struct node_list_entry entry = { 0 };
	cleanup_free char *directory = NULL;
	struct node_address address;
	struct node_info info;
	int r = check_name(at->at[0], err);

	if (r == 0)
		r = node_address_parse(at->at[1], &address, err);
	if (r == 0)
		r = node_config_directory(&directory, err);
	if (r == 0 && o->fingerprint)
		r = node_key_parse(o->fingerprint, &address.key, err);
	if (r == 0 && o->ssh)
		r = exchange(o->ssh, &address.key, err);
	else if (r == 0 && !o->fingerprint)
		r = ask_user(&address, &address.key, err);
	if (r < 0)
		return r;
	address.key_known = true;
	entry.key = address.key;
	strcpy(entry.word[0], at->at[0]);
	snprintf(entry.word[1], sizeof(entry.word[1]), "%s", address.text);
	/* Whether it lets us in can change; whose key it shows must not. */
	r = node_info(&address, NODE_TIMEOUT_MS, &info, err);
	if (r == 0)
		free(info.json);
	else if (r != -ECONNREFUSED || o->ssh)
		return r;
	else
		fprintf(stderr, "hexo node add: %s\n", err->text);
	err->code = 0;
	r = node_list_change(directory, NODE_LIST_NODES, &entry, false, true,
			     NODE_LIST_MAX, err);
	return r < 0 ? r : 0;
}

static int node_accept(struct node_options *o, const struct cli_operands *at,
		       struct hexo_error *err)
{
	cleanup_free char *directory = NULL;
	int r = state_directory(o, &directory, err);

	if (r == 0)
		r = node_clients_accept(directory, at->at[0], o->name, err);
	if (r == 0)
		fprintf(stderr,
			"hexo node accept: accepted; it has not tried to "
			"connect so far\n");
	return r < 0 ? r : 0;
}

static int node_list_nodes(struct node_options *o,
			   const struct cli_operands *at,
			   struct hexo_error *err)
{
	cleanup_free struct node_list *list = NULL;
	cleanup_free char *directory = NULL;
	json_t *array = json_array();
	int r;

	if (o->clients) {
		json_decref(array);
		r = state_directory(o, &directory, err);
		return r < 0 ? r : node_clients_print(directory, stdout, err);
	}
	r = node_config_directory(&directory, err);
	if (r == 0)
		r = node_list_read(directory, NODE_LIST_NODES, &list, err);
	for (unsigned i = 0; r == 0 && i < list->count; i++) {
		const struct node_list_entry *e = &list->entry[i];
		char key[NODE_KEY_TEXT];

		node_key_text(&e->key, key);
		json_array_append_new(array,
				      json_pack("{s:s, s:s, s:s}", "name",
						e->word[0], "address",
						e->word[1], "key", key));
		if (!o->json)
			printf("%-12s %-22s %s\n", e->word[0], e->word[1], key);
	}
	if (r == 0 && o->json) {
		json_dumpf(array, stdout, JSON_INDENT(2));
		putchar('\n');
	}
	json_decref(array);
	return r;
}

static int node_remove(struct node_options *o, const struct cli_operands *at,
		       struct hexo_error *err)
{
	struct node_list_entry entry = { 0 };
	cleanup_free char *directory = NULL;
	int r = o->clients ? state_directory(o, &directory, err)
			   : node_config_directory(&directory, err);

	if (r == 0 && o->clients)
		return node_clients_remove(directory, at->at[0], err);
	snprintf(entry.word[0], sizeof(entry.word[0]), "%s", at->at[0]);
	if (r == 0)
		r = node_list_change(directory, NODE_LIST_NODES, &entry, false,
				     false, NODE_LIST_MAX, err);
	if (r == 0)
		return hexo_fail(err, -ENOENT, "no node %s is known",
				 at->at[0]);
	return r < 0 ? r : 0;
}

static int node_key(struct node_options *o, const struct cli_operands *at,
		    struct hexo_error *err)
{
	char text[NODE_KEY_TEXT];
	int r = own_key(text, err);

	if (r == 0)
		puts(text);
	return r;
}

static const struct node_verb {
	struct cli_command command;
	int (*run)(struct node_options *o, const struct cli_operands *at,
		   struct hexo_error *err);
} verbs[] = {
	{ { .name = "node add",
	    .operands = "NAME ADDRESS",
	    .options = node_options,
	    .operands_min = 2,
	    .operands_max = 2 },
	  node_add },
	{ { .name = "node accept",
	    .operands = "FINGERPRINT",
	    .options = node_options,
	    .operands_min = 1,
	    .operands_max = 1 },
	  node_accept },
	{ { .name = "node list", .operands = "", .options = node_options },
	  node_list_nodes },
	{ { .name = "node remove",
	    .operands = "NAME",
	    .options = node_options,
	    .operands_min = 1,
	    .operands_max = 1 },
	  node_remove },
	{ { .name = "node key", .operands = "", .options = node_options },
	  node_key },
};

static int node_main(int argc, char **argv, struct hexo_error *err)
{
	const struct node_verb *verb = NULL;
	struct node_options o = { 0 };
	struct cli_operands operands;

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (argc > 1 && !strcmp(verbs[i].command.name + 5, argv[1]))
			verb = &verbs[i];
	if (!verb) {
		hexo_fail(err, -EINVAL,
			  "hexo node: add, accept, list, remove "
			  "or key; see hexo node --help");
		return CLI_USAGE;
	}
	if (cli_parse(&verb->command, argc - 1, argv + 1, node_set, &o,
		      &operands, err) < 0)
		return CLI_USAGE;
	if (verb->run(&o, &operands, err) < 0) {
		hexo_fail_context(err, "hexo %s", verb->command.name);
		return CLI_FAILED;
	}
	return 0;
}

const struct cli_command cli_node_command = {
	.name = "node",
	.operands = "add NAME ADDRESS | accept FINGERPRINT | list |\n"
		    "       remove NAME | key",
	.summary = "Nodes: whose keys are known, here and there.",
	.details =
		"add     remember a node; its hexod must show the key given "
		"by\n"
		"        --fingerprint or --ssh, or confirmed on the terminal\n"
		"accept  on a node: let the client with this key in\n"
		"list    the nodes that are known, or the clients (--clients)\n"
		"remove  forget a node or a client\n"
		"key     print this user's own key, for accept on a node",
	.options = node_options,
	.main = node_main,
};
