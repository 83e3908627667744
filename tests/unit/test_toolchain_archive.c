/* SPDX-License-Identifier: Apache-2.0 */
// LINK: toolchain/archive.c base/base.c base/error.c
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ar.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "toolchain/archive.h"

static struct base_buffer file;

static void begin(void)
{
	base_buffer_free(&file);
	base_buffer_add(&file, ARMAG, SARMAG);
}

/* size is what the header says, len what really follows. */
static void add_header(const char *name, size_t size)
{
	base_buffer_printf(&file, "%-16s%-12d%-6d%-6d%-8o%-10zu" ARFMAG, name,
			   0, 0, 0, 0644, size);
}

static void add_member(const char *name, const void *data, size_t len)
{
	add_header(name, len);
	base_buffer_add(&file, data, len);
	if (len & 1)
		base_buffer_add(&file, "\n", 1);
}

static int open_archive(struct tc_archive *a)
{
	struct hexo_error err;
	char *copy = malloc(file.len);

	memcpy(copy, file.data, file.len);
	return tc_archive_open(a, "x.a", copy, file.len, &err);
}

static void assert_refused(void)
{
	struct tc_archive a = { 0 };

	assert_true(open_archive(&a) < 0);
	tc_archive_free(&a);
}

static void assert_member(const struct tc_archive *a, size_t k,
			  const char *name, const char *data)
{
	assert_true(k < a->n_members);
	assert_string_equal(a->members[k].name, name);
	assert_int_equal(a->members[k].size, strlen(data));
	assert_memory_equal(a->members[k].data, data, strlen(data));
}

static void empty_archive(void **unused)
{
	struct tc_archive a = { 0 };

	begin();
	assert_int_equal(open_archive(&a), 0);
	assert_int_equal(a.n_members, 0);
	tc_archive_free(&a);
}

static void names_of_all_kinds(void **unused)
{
	static const char names[] = "a_name_longer_than_16.o/\nother.o/\n";
	struct tc_archive a = { 0 };

	begin();
	add_member("//", names, sizeof(names) - 1);
	add_member("gnu.o/", "abc", 3);
	add_member("/0", "defg", 4);
	add_member("/25", "", 0);
	add_member("bsd.o", "h", 1);
	add_member("#1/8", "long.o\0\0data", 12);
	assert_int_equal(open_archive(&a), 0);
	assert_int_equal(a.n_members, 5);
	assert_member(&a, 0, "gnu.o", "abc");
	assert_member(&a, 1, "a_name_longer_than_16.o", "defg");
	assert_member(&a, 2, "other.o", "");
	assert_member(&a, 3, "bsd.o", "h");
	assert_member(&a, 4, "long.o", "data");
	tc_archive_free(&a);
}

static void index_names_members(void **unused)
{
	/* magic 8, index 60 + 18: a.o is at 0x56, b.o 60 + 2 further */
	static const char index[] = "\0\0\0\2\0\0\0\x56\0\0\0\x94"
				    "f\0g\0\0";
	struct tc_archive a = { 0 };

	begin();
	add_member("/", index, 18);
	add_member("a.o/", "xy", 2);
	add_member("b.o/", "z", 1);
	assert_int_equal(open_archive(&a), 0);
	assert_int_equal(a.n_index, 2);
	assert_string_equal(a.index[0].symbol, "f");
	assert_int_equal(a.index[0].member, 0);
	assert_string_equal(a.index[1].symbol, "g");
	assert_int_equal(a.index[1].member, 1);
	assert_true(a.members[0].indexed);
	tc_archive_free(&a);
}

static void broken_archives(void **unused)
{
	begin();
	base_buffer_add(&file, "short", 5);
	assert_refused(); /* header cut off */

	begin();
	add_header("a.o/", 100);
	assert_refused(); /* data cut off */

	begin();
	add_member("a.o/", "x", 1);
	file.data[SARMAG + offsetof(struct ar_hdr, ar_size)] = '-';
	assert_refused(); /* size not a number */

	begin();
	add_member("a.o/", "x", 1);
	file.data[SARMAG + offsetof(struct ar_hdr, ar_fmag)] = 'x';
	assert_refused();

	begin();
	add_member("/17", "x", 1);
	assert_refused(); /* long name, but no table */

	begin();
	add_member("#1/99", "x", 1);
	assert_refused(); /* name longer than the member */
}

static void broken_index(void **unused)
{
	begin();
	add_member("/", "\xff\xff\xff\xff", 4);
	assert_refused(); /* more symbols than bytes */

	begin();
	add_member("/", "\0\0\0\1\0\0\0\1f\0", 10);
	add_member("a.o/", "x", 1);
	assert_refused(); /* no member at that offset */

	begin();
	add_member("/", "\0\0\0\1\0\0\0\116f!", 10);
	add_member("a.o/", "x", 1);
	assert_refused(); /* symbol without end */
}

static int free_file(void **unused)
{
	base_buffer_free(&file);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_archive),
		cmocka_unit_test(names_of_all_kinds),
		cmocka_unit_test(index_names_members),
		cmocka_unit_test(broken_archives),
		cmocka_unit_test(broken_index),
	};

	return cmocka_run_group_tests(tests, NULL, free_file);
}
