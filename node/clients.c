/* SPDX-License-Identifier: Apache-2.0 */
#include "node/clients.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/base.h"
#include "node/identity.h"
#include "node/list.h"

/* " --state DIR" where that is not the directory meant without it. */
static char *state_option(const char *directory)
{
	cleanup_free char *usual = NULL;

	if (node_state_directory(&usual, NULL) == 0 &&
	    !strcmp(usual, directory))
		return base_strdup("");
	return base_printf(" --state %s", directory);
}

int node_clients_admit(const char *directory, const struct node_key *key,
		       const char *address, struct hexo_error *err)
{
	cleanup_free char *state = state_option(directory);
	cleanup_free struct node_list *list = NULL;
	struct node_list_entry entry = { .key = *key };
	char text[NODE_KEY_TEXT];
	int r = node_list_read(directory, NODE_LIST_CLIENTS, &list, err);

	if (r < 0)
		return r;
	if (node_list_find(list, key))
		return 0;
	snprintf(entry.word[0], sizeof(entry.word[0]), "%s", address);
	snprintf(entry.word[1], sizeof(entry.word[1]), "%" PRId64,
		 (int64_t)time(NULL));
	r = node_list_change(directory, NODE_LIST_REFUSED, &entry, true, true,
			     NODE_REFUSED_MAX, err);
	if (r < 0)
		return r;
	node_key_text(key, text);
	return hexo_fail(err, -EACCES,
			 "this node does not know your key: run `hexo node "
			 "accept %s%s` there",
			 text, state);
}

static int parse_name(const char *name, const char *fingerprint,
		      struct node_list_entry *entry, struct hexo_error *err)
{
	char text[NODE_KEY_TEXT];

	if (node_key_parse(fingerprint, &entry->key, err) < 0)
		return -EINVAL;
	node_key_text(&entry->key, text);
	if (strlen(name ? name : "") > NODE_LIST_WORD_MAX)
		return hexo_fail(err, -EINVAL, "the name %s is too long", name);
	if (name)
		strcpy(entry->word[0], name);
	else
		snprintf(entry->word[0], sizeof(entry->word[0]), "%.9s", text);
	strcpy(entry->word[1], "-");
	return 0;
}

int node_clients_accept(const char *directory, const char *fingerprint,
			const char *name, struct hexo_error *err)
{
	cleanup_free struct node_list *list = NULL;
	struct node_list_entry entry = { 0 };
	int r = parse_name(name, fingerprint, &entry, err);

	if (r < 0)
		return r;
	/* A full list loses nobody: the new one has to wait. */
	r = node_list_read(directory, NODE_LIST_CLIENTS, &list, err);
	if (r < 0)
		return r;
	if (list->count == NODE_LIST_MAX && !node_list_find(list, &entry.key))
		return hexo_fail(err, -ENOSPC,
				 "%u clients are accepted already; remove one",
				 list->count);
	r = node_list_change(directory, NODE_LIST_CLIENTS, &entry, true, true,
			     NODE_LIST_MAX, err);
	if (r < 0)
		return r;
	return node_list_change(directory, NODE_LIST_REFUSED, &entry, true,
				false, NODE_REFUSED_MAX, err);
}

int node_clients_remove(const char *directory, const char *which,
			struct hexo_error *err)
{
	struct node_list_entry entry = { 0 };
	bool by_key = node_key_parse(which, &entry.key, NULL) == 0;
	int r;

	if (!by_key)
		snprintf(entry.word[0], sizeof(entry.word[0]), "%s", which);
	r = node_list_change(directory, NODE_LIST_CLIENTS, &entry, by_key,
			     false, NODE_LIST_MAX, err);
	if (r == 0)
		r = hexo_fail(err, -ENOENT, "no client %s is accepted", which);
	return r < 0 ? r : 0;
}

static void print_time(const char *seconds, char *text, size_t size)
{
	time_t when = (time_t)strtoll(seconds, NULL, 10);
	struct tm tm;

	if (!localtime_r(&when, &tm) ||
	    !strftime(text, size, "%Y-%m-%d %H:%M:%S", &tm))
		snprintf(text, size, "?");
}

static int print_list(const char *directory, const char *name, bool accepted,
		      FILE *to, struct hexo_error *err)
{
	cleanup_free struct node_list *list = NULL;
	int r = node_list_read(directory, name, &list, err);

	for (unsigned i = 0; r == 0 && i < list->count; i++) {
		const struct node_list_entry *e = &list->entry[i];
		char key[NODE_KEY_TEXT], when[32];

		node_key_text(&e->key, key);
		print_time(e->word[1], when, sizeof(when));
		if (accepted)
			fprintf(to, "%s accepted %s\n", key, e->word[0]);
		else
			fprintf(to, "%s refused  %s %s\n", key, when,
				e->word[0]);
	}
	return r;
}

int node_clients_print(const char *directory, FILE *to, struct hexo_error *err)
{
	int r = print_list(directory, NODE_LIST_CLIENTS, true, to, err);

	return r < 0 ? r
		     : print_list(directory, NODE_LIST_REFUSED, false, to, err);
}

static int print_key(const char *directory, struct hexo_error *err)
{
	struct node_identity identity;
	char text[NODE_KEY_TEXT];
	int r = node_identity_open(directory, &identity, err);

	if (r < 0)
		return r;
	node_key_text(&identity.key, text);
	node_identity_close(&identity);
	puts(text);
	return 0;
}

int node_clients_command(const char *directory, int argc, char **argv,
			 struct hexo_error *err)
{
	const char *verb = argv[0];
	int r;

	if (!strcmp(verb, "key") && argc == 1)
		return print_key(directory, err);
	if (!strcmp(verb, "clients") && argc == 1)
		return node_clients_print(directory, stdout, err);
	if (!strcmp(verb, "remove") && argc == 2)
		return node_clients_remove(directory, argv[1], err);
	if (!strcmp(verb, "accept") && (argc == 2 || argc == 3)) {
		r = node_clients_accept(directory, argv[1],
					argc == 3 ? argv[2] : NULL, err);
		return r < 0 ? r : 0;
	}
	return hexo_fail(err, -EINVAL,
			 "%s: not a command, or not its arguments; see hexod "
			 "--help",
			 verb);
}
