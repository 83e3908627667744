/* SPDX-License-Identifier: Apache-2.0 */
// LINK: node/key.c node/list.c node/identity.c node/clients.c
// LINK: base/base.c base/error.c; -lssl -lcrypto
// OPTIONS: -max_len=32768 -malloc_limit_mb=64
/* The lists of keys as files, and fingerprints as text: what was read is
 * what is written again. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "node/clients.h"
#include "node/list.h"
#include "tests/fuzz/shared/fuzz.h"

static const char *directory;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	directory = fuzz_scratch();
	return 0;
}

static void write_file(const char *name, const void *data, size_t size)
{
	cleanup_free char *path = base_printf("%s/%s", directory, name);
	cleanup_close int fd =
		open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	fuzz_check(fd >= 0 && base_write_all(fd, data, size) == 0);
}

/* Each key and word is found, and the list is the same once it was changed
 * and changed back. */
static void check_list(struct node_list *list)
{
	cleanup_free struct node_list *again = NULL;
	struct node_list_entry extra = { .word = { "extra!", "-" } };
	struct hexo_error err;

	fuzz_check(list->count <= NODE_LIST_MAX);
	for (unsigned i = 0; i < list->count; i++) {
		const struct node_list_entry *e = &list->entry[i];
		char text[NODE_KEY_TEXT];
		struct node_key key;

		node_key_text(&e->key, text);
		fuzz_check(node_key_parse(text, &key, &err) == 0);
		fuzz_check(node_key_equal(&key, &e->key));
		fuzz_check(node_list_find(list, &key));
		fuzz_check(node_list_find_word(list, 0, e->word[0]));
	}
	if (list->count == NODE_LIST_MAX ||
	    node_list_find_word(list, 0, extra.word[0]))
		return;
	fuzz_check(node_list_change(directory, NODE_LIST_CLIENTS, &extra, false,
				    true, NODE_LIST_MAX, &err) == 0);
	fuzz_check(node_list_change(directory, NODE_LIST_CLIENTS, &extra, false,
				    false, NODE_LIST_MAX, &err) == 1);
	fuzz_check(node_list_read(directory, NODE_LIST_CLIENTS, &again, &err) ==
		   0);
	fuzz_check(again->count == list->count);
	fuzz_check(!memcmp(again->entry, list->entry,
			   list->count * sizeof(list->entry[0])));
}

/* What hexod does with its lists. */
static void use_clients(const struct node_key *key, const char *word)
{
	FILE *out = fopen("/dev/null", "w");
	struct hexo_error err;

	fuzz_check(out);
	(void)node_clients_print(directory, out, &err);
	fclose(out);
	(void)node_clients_admit(directory, key, "192.0.2.1", &err);
	(void)node_clients_accept(directory, word, NULL, &err);
	(void)node_clients_accept(directory, word, word, &err);
	(void)node_clients_remove(directory, word, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free struct node_list *list = NULL;
	unsigned before = fuzz_descriptors();
	struct node_key key = { { 0 } };
	struct hexo_error err;
	char word[200] = { 0 };

	memcpy(&key, data, size < sizeof(key) ? size : sizeof(key));
	memcpy(word, data, size < sizeof(word) - 1 ? size : sizeof(word) - 1);
	word[strcspn(word, " \n")] = '\0';
	write_file(NODE_LIST_CLIENTS, data, size);
	write_file(NODE_LIST_REFUSED, data, size);
	if (node_list_read(directory, NODE_LIST_CLIENTS, &list, &err) == 0)
		check_list(list);
	use_clients(&key, word);
	fuzz_check(fuzz_descriptors() == before);
	return 0;
}
