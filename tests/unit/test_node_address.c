/* SPDX-License-Identifier: Apache-2.0 */
// LINK: node/address.c base/base.c base/error.c
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
#include "node/address.h"

static void accepts_numbers_and_unix(void **state)
{
	static const char *const texts[] = {
		"127.0.0.1:1",      "127.0.0.1:0", "127.0.0.1:65535",
		"[::1]:7411",       "unix:/a/b",   "unix:relative",
		"unix:/0.0.0.0:1",  "0.0.0.0:1",   "[::]:7411",
		"192.168.1.2:7411",
	};
	struct node_address address;
	struct hexo_error err;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(node_address_parse(texts[i], &address, &err),
				 0);
		assert_string_equal(address.text, texts[i]);
		assert_true(address.len > 0);
	}
}

static void refuses_all_else(void **state)
{
	static const char *const texts[] = {
		"",
		"7411",
		":7411",
		"*:7411",
		"::1:7411",
		"[::1]7411",
		"[::1:7411",
		"[127.0.0.1]:7411",
		"1.2.3:7411",
		"1.2.3.4.5:7411",
		"[1:2:3:4:5:6:7:8:9:a:b:c:d:e:f:1:2:3:4:5:6:7]:1",
		"[::1]",
		"127.0.0.1",
		"127.0.0.1:",
		"127.0.0.1:x",
		"127.0.0.1:-1",
		"127.0.0.1:65536",
		"127.0.0.1:1 ",
		"127.0.0.1.example.org:1",
		"localhost:7411",
		"board.example.org:7411",
		"unix:",
		"UNIX:/a",
		"/a/b",
	};
	struct node_address address;
	struct hexo_error err;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(node_address_parse(texts[i], &address, &err),
				 -EINVAL);
	assert_int_equal(node_address_parse("node.example:7411", &address,
					    &err),
			 -EINVAL);
	assert_non_null(strstr(err.text, "node.example:7411"));
	assert_non_null(strstr(err.text, "IPV4:PORT"));
}

static void refuses_long_unix_paths(void **state)
{
	struct node_address address;
	struct hexo_error err;
	char text[256];

	memset(text, 'x', sizeof(text));
	memcpy(text, "unix:/", 6);
	text[5 + 107] = '\0';
	assert_int_equal(node_address_parse(text, &address, &err), 0);
	assert_string_equal(address.text, text);
	text[5 + 107] = 'x';
	text[5 + 108] = '\0';
	assert_int_equal(node_address_parse(text, &address, &err), -EINVAL);
}

static void listens_on_a_port_of_its_choice(void **state)
{
	struct node_address address, same;
	struct hexo_error err;
	int fd, other;

	assert_int_equal(node_address_parse("127.0.0.1:0", &address, &err), 0);
	fd = node_address_listen(&address, &err);
	assert_true(fd >= 0);
	assert_string_not_equal(address.text, "127.0.0.1:0");
	assert_int_equal(node_address_parse(address.text, &same, &err), 0);
	other = node_address_listen(&same, &err);
	assert_int_equal(other, -EADDRINUSE);
	close(fd);
}

static void replaces_only_dead_unix_sockets(void **state)
{
	char directory[] = "/tmp/hexo-test-XXXXXX";
	cleanup_free char *text = NULL;
	struct node_address address;
	struct hexo_error err;
	struct stat st;
	int fd, other;

	assert_non_null(mkdtemp(directory));
	text = base_printf("unix:%s/s", directory);
	assert_int_equal(node_address_parse(text, &address, &err), 0);
	fd = node_address_listen(&address, &err);
	assert_true(fd >= 0);
	assert_int_equal(stat(text + 5, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	other = node_address_listen(&address, &err);
	assert_int_equal(other, -EADDRINUSE);
	close(fd);
	fd = node_address_listen(&address, &err);
	assert_true(fd >= 0);
	close(fd);
	node_address_unlink(&address);
	assert_int_equal(rmdir(directory), 0);
}

static void leaves_other_files_alone(void **state)
{
	char path[] = "/tmp/hexo-test-XXXXXX";
	cleanup_free char *text = base_printf("unix:%s", path);
	struct node_address address;
	struct hexo_error err;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	memcpy(text + 5, path, strlen(path));
	assert_int_equal(node_address_parse(text, &address, &err), 0);
	assert_true(node_address_listen(&address, &err) < 0);
	assert_int_equal(access(path, F_OK), 0);
	close(fd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_numbers_and_unix),
		cmocka_unit_test(refuses_all_else),
		cmocka_unit_test(refuses_long_unix_paths),
		cmocka_unit_test(listens_on_a_port_of_its_choice),
		cmocka_unit_test(replaces_only_dead_unix_sockets),
		cmocka_unit_test(leaves_other_files_alone),
	};

	return cmocka_run_group_tests_name("node address", tests, NULL, NULL);
}
