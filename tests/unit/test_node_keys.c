/* SPDX-License-Identifier: Apache-2.0 */
// LINK: node/key.c node/list.c node/identity.c node/clients.c
// LINK: base/base.c base/error.c; -lssl -lcrypto
/* Fingerprints, lists of them, and the key of one's own. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "node/clients.h"
#include "node/identity.h"
#include "node/list.h"

static char directory[] = "/tmp/hexo-test-XXXXXX";

static int start(void **state)
{
	return mkdtemp(directory) ? 0 : -1;
}

static int stop(void **state)
{
	cleanup_free char *command = base_printf("rm -r %s", directory);

	return system(command);
}

static void put(const char *name, const char *text, mode_t mode)
{
	cleanup_free char *path = base_printf("%s/%s", directory, name);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(chmod(path, mode), 0);
}

static struct node_key some_key(unsigned seed)
{
	struct node_key key;

	for (int i = 0; i < NODE_KEY_SIZE; i++)
		key.hash[i] = (uint8_t)(seed * 7 + (unsigned)i * 37);
	return key;
}

static void keys_have_one_text(void **state)
{
	struct node_key key = some_key(1), back;
	char text[NODE_KEY_TEXT];

	node_key_text(&key, text);
	assert_int_equal(strlen(text), NODE_KEY_TEXT - 1);
	assert_int_equal(node_key_parse(text, &back, NULL), 0);
	assert_true(node_key_equal(&key, &back));
	for (char *c = text; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	assert_int_equal(node_key_parse(text, &back, NULL), 0);
	assert_true(node_key_equal(&key, &back));
	memset(&key, 0xff, sizeof(key));
	node_key_text(&key, text);
	assert_int_equal(node_key_parse(text, &back, NULL), 0);
	assert_true(node_key_equal(&key, &back));
	/* Bits that belong to no byte. */
	text[NODE_KEY_TEXT - 2] = '7';
	assert_int_equal(node_key_parse(text, &back, NULL), -EINVAL);
}

static void refuses_other_texts(void **state)
{
	static const char *const texts[] = {
		"",
		"ABCD",
		"ABCD-ABCD-ABCD-ABCD-ABCD-ABCD-ABCD-ABCD-ABCD-ABCD-ABCD-ABCD",
		"ABCD-ABCD-ABCD-ABCD-ABCD-ABCD-ABCD-ABCD-ABCD-ABCD-ABCD-ABCD-"
		"ABCD-ABCD",
		"0BCD-ABCD-ABCD-ABCD-ABCD-ABCD-ABCD-ABCD-ABCD-ABCD-ABCD-ABCD-"
		"ABCA",
		"ABCD ABCD-ABCD-ABCD-ABCD-ABCD-ABCD-ABCD-ABCD-ABCD-ABCD-ABCD-"
		"ABCA",
	};
	struct node_key key;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(node_key_parse(texts[i], &key, NULL), -EINVAL);
}

static void lists_come_and_go(void **state)
{
	struct node_list_entry entry = { .word = { "name", "1.2.3.4:5" } };
	cleanup_free struct node_list *list = NULL;

	for (unsigned i = 0; i < 5; i++) {
		entry.key = some_key(i);
		assert_int_equal(node_list_change(directory, "l", &entry, true,
						  true, 3, NULL),
				 0);
	}
	assert_int_equal(node_list_read(directory, "l", &list, NULL), 0);
	assert_int_equal(list->count, 3);
	assert_null(node_list_find(list, &(struct node_key){ { 0 } }));
	assert_ptr_equal(node_list_find(list, &entry.key), &list->entry[2]);
	assert_int_equal(node_list_change(directory, "l", &entry, true, false,
					  3, NULL),
			 1);
	assert_int_equal(node_list_change(directory, "l", &entry, true, false,
					  3, NULL),
			 0);
	strcpy(entry.word[0], "two words");
	assert_int_equal(node_list_change(directory, "l", &entry, true, true, 3,
					  NULL),
			 -EINVAL);
}

static void assert_list_refused(const char *text, mode_t mode, int code)
{
	struct node_list *list = NULL;

	put("bad", text, mode);
	assert_int_equal(node_list_read(directory, "bad", &list, NULL), code);
	assert_null(list);
}

static void refuses_malformed_lists(void **state)
{
	cleanup_free char *line = NULL, *many = NULL;
	struct node_key key = some_key(9);
	struct node_list *list;
	char text[NODE_KEY_TEXT];

	node_key_text(&key, text);
	line = base_printf("%s a b\n", text);
	put("bad", line, 0600);
	assert_int_equal(node_list_read(directory, "bad", &list, NULL), 0);
	assert_int_equal(list->count, 1);
	free(list);
	assert_list_refused(line, 0666, -EPERM);
	line[strlen(line) - 1] = '\0';
	assert_list_refused(line, 0600, -EINVAL);
	assert_list_refused("\n", 0600, -EINVAL);
	assert_list_refused("AAAA a b\n", 0600, -EINVAL);
	assert_list_refused("# hello\n", 0600, -EINVAL);
	many = base_alloc((NODE_LIST_MAX + 1) * (strlen(line) + 1) + 1);
	for (int i = 0; i <= NODE_LIST_MAX; i++)
		strcat(strcat(many, line), "\n");
	assert_list_refused(many, 0600, -E2BIG);
}

static void makes_one_key(void **state)
{
	cleanup_free char *path = base_printf("%s/key.pem", directory);
	struct node_identity first, second;
	struct stat st;

	assert_int_equal(node_identity_open(directory, &first, NULL), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(node_identity_open(directory, &second, NULL), 0);
	assert_true(node_key_equal(&first.key, &second.key));
	node_identity_close(&first);
	node_identity_close(&second);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(node_identity_open(directory, &first, NULL), -EPERM);
	put("key.pem", "not a key\n", 0600);
	assert_int_equal(node_identity_open(directory, &first, NULL), -EINVAL);
	assert_int_equal(unlink(path), 0);
}

static void knows_whom_it_accepted(void **state)
{
	struct node_key key = some_key(20);
	struct hexo_error err;
	char text[NODE_KEY_TEXT];

	node_key_text(&key, text);
	assert_int_equal(node_clients_admit(directory, &key, "1.2.3.4:5", &err),
			 -EACCES);
	assert_non_null(strstr(err.text, "hexo node accept"));
	assert_non_null(strstr(err.text, text));
	assert_int_equal(node_clients_accept(directory, text, NULL, &err), 1);
	assert_int_equal(node_clients_admit(directory, &key, "1.2.3.4:5", &err),
			 0);
	assert_int_equal(node_clients_remove(directory, text, &err), 0);
	assert_int_equal(node_clients_remove(directory, text, &err), -ENOENT);
	assert_int_equal(node_clients_admit(directory, &key, "1.2.3.4:5", &err),
			 -EACCES);
	assert_int_equal(node_clients_accept(directory, text, "n", &err), 1);
	assert_int_equal(node_clients_remove(directory, "n", &err), 0);
	assert_int_equal(node_clients_accept(directory, "x", NULL, &err),
			 -EINVAL);
}

static void forgets_old_refusals(void **state)
{
	cleanup_free struct node_list *list = NULL;

	for (unsigned i = 0; i < NODE_REFUSED_MAX + 8; i++) {
		struct node_key key = some_key(100 + i);

		assert_int_equal(node_clients_admit(directory, &key, "unix",
						    NULL),
				 -EACCES);
	}
	assert_int_equal(node_list_read(directory, NODE_LIST_REFUSED, &list,
					NULL),
			 0);
	assert_int_equal(list->count, NODE_REFUSED_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_have_one_text),
		cmocka_unit_test(refuses_other_texts),
		cmocka_unit_test(lists_come_and_go),
		cmocka_unit_test(refuses_malformed_lists),
		cmocka_unit_test(makes_one_key),
		cmocka_unit_test(knows_whom_it_accepted),
		cmocka_unit_test(forgets_old_refusals),
	};

	return cmocka_run_group_tests_name("node keys", tests, start, stop);
}
