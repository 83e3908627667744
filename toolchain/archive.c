/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/archive.h"

#include <ar.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

struct reader {
	struct tc_archive *a;
	const char *names; /* GNU's table of long names; NULL: none */
	size_t names_len;
	const char *index;
	size_t index_len;
	unsigned index_word; /* bytes of a number in the index */
};

bool tc_archive_is(const char *data, size_t len)
{
	return len >= SARMAG && memcmp(data, ARMAG, SARMAG) == 0;
}

/* A decimal number padded with blanks. */
static int parse_number(const char *field, size_t len, uint64_t *value)
{
	size_t k = 0;

	*value = 0;
	for (; k < len && field[k] >= '0' && field[k] <= '9'; k++)
		*value = *value * 10 + (uint64_t)(field[k] - '0');
	if (k == 0)
		return -EINVAL;
	for (; k < len; k++)
		if (field[k] != ' ')
			return -EINVAL;
	return 0;
}

static char *copy_name(const char *s, size_t len, char end)
{
	const char *stop = memchr(s, end, len);

	return base_printf("%.*s", (int)(stop ? (size_t)(stop - s) : len), s);
}

/* The member's name: "name/" (GNU), "name  " (BSD), "/offset" into the table
 * of long names, or "#1/len" with the name before the data. */
static char *member_name(const struct reader *r, const struct ar_hdr *h,
			 const char **data, size_t *size)
{
	uint64_t n;

	if (h->ar_name[0] == '/' &&
	    parse_number(h->ar_name + 1, sizeof(h->ar_name) - 1, &n) == 0) {
		if (n >= r->names_len)
			return NULL;
		return copy_name(r->names + n, r->names_len - n, '/');
	}
	if (strncmp(h->ar_name, "#1/", 3) == 0 &&
	    parse_number(h->ar_name + 3, sizeof(h->ar_name) - 3, &n) == 0) {
		char *name;

		if (n > *size)
			return NULL;
		name = copy_name(*data, (size_t)n, '\0');
		*data += n;
		*size -= (size_t)n;
		return name;
	}
	return copy_name(h->ar_name, sizeof(h->ar_name),
			 memchr(h->ar_name, '/', sizeof(h->ar_name)) ? '/'
								     : ' ');
}

static bool name_is(const struct ar_hdr *h, const char *name)
{
	size_t n = strlen(name);

	if (strncmp(h->ar_name, name, n) != 0)
		return false;
	for (; n < sizeof(h->ar_name); n++)
		if (h->ar_name[n] != ' ')
			return false;
	return true;
}

static int read_member(struct reader *r, size_t offset, const char *data,
		       size_t size, struct hexo_error *err)
{
	struct tc_archive *a = r->a;
	const struct ar_hdr *h = (const void *)(a->data + offset);
	char *name;

	if (name_is(h, "/") || name_is(h, "/SYM64/")) {
		r->index = data;
		r->index_len = size;
		r->index_word = name_is(h, "/") ? 4 : 8;
		return 0;
	}
	if (name_is(h, "//")) {
		r->names = data;
		r->names_len = size;
		return 0;
	}
	name = member_name(r, h, &data, &size);
	if (!name)
		return hexo_fail(err, -EINVAL,
				 "%s: broken archive: bad name of the member "
				 "at offset %zu",
				 a->path, offset);
	if (strncmp(name, "__.SYMDEF", 9) == 0) { /* BSD's index: do without */
		free(name);
		return 0;
	}
	a->members = base_realloc(a->members,
				  (a->n_members + 1) * sizeof(*a->members));
	a->members[a->n_members++] = (struct tc_member){
		.name = name,
		.data = data,
		.size = size,
		.offset = offset,
	};
	return 0;
}

static int read_members(struct reader *r, struct hexo_error *err)
{
	struct tc_archive *a = r->a;
	size_t at = SARMAG;

	while (at < a->len) {
		const struct ar_hdr *h = (const void *)(a->data + at);
		uint64_t size;
		int ret;

		if (a->len - at < sizeof(*h) ||
		    memcmp(h->ar_fmag, ARFMAG, 2) != 0 ||
		    parse_number(h->ar_size, sizeof(h->ar_size), &size) < 0 ||
		    size > a->len - at - sizeof(*h))
			return hexo_fail(err, -EINVAL,
					 "%s: broken archive at offset %zu",
					 a->path, at);
		ret = read_member(r, at, a->data + at + sizeof(*h),
				  (size_t)size, err);
		if (ret < 0)
			return ret;
		at += sizeof(*h) + (size_t)size;
		at += at & 1;
	}
	return 0;
}

static uint64_t big_endian(const char *p, unsigned bytes)
{
	uint64_t v = 0;

	for (unsigned k = 0; k < bytes; k++)
		v = v << 8 | (unsigned char)p[k];
	return v;
}

/* Members stand in the order of their offsets. */
static struct tc_member *find_member(struct tc_archive *a, uint64_t offset)
{
	size_t low = 0, high = a->n_members;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (a->members[mid].offset < offset)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == a->n_members || a->members[low].offset != offset)
		return NULL;
	return &a->members[low];
}

/* GNU's index: the count, the offset of the member for each symbol, then
 * the symbols, NUL-terminated. */
static int read_index(struct reader *r, struct hexo_error *err)
{
	struct tc_archive *a = r->a;
	unsigned word = r->index_word;
	const char *end = r->index + r->index_len;
	const char *name;
	uint64_t n;

	if (r->index_len < word)
		return 0;
	n = big_endian(r->index, word);
	if (n > (r->index_len - word) / (word + 1))
		goto broken;
	name = r->index + word + n * word;
	a->index = base_alloc((size_t)n * sizeof(*a->index));
	for (uint64_t k = 0; k < n; k++) {
		const char *p = r->index + word + k * word;
		struct tc_member *m = find_member(a, big_endian(p, word));
		const char *stop = memchr(name, '\0', (size_t)(end - name));

		if (!m || !stop)
			goto broken;
		m->indexed = true;
		a->index[a->n_index++] = (struct tc_index_entry){
			.symbol = name,
			.member = (size_t)(m - a->members),
		};
		name = stop + 1;
	}
	return 0;
broken:
	return hexo_fail(err, -EINVAL,
			 "%s: broken archive: bad symbol index; run ranlib",
			 a->path);
}

int tc_archive_open(struct tc_archive *a, const char *path, char *data,
		    size_t len, struct hexo_error *err)
{
	struct reader r = { .a = a };
	int ret;

	*a = (struct tc_archive){
		.path = base_strdup(path),
		.data = data,
		.len = len,
	};
	ret = read_members(&r, err);
	if (ret == 0 && r.index)
		ret = read_index(&r, err);
	return ret;
}

void tc_archive_free(struct tc_archive *a)
{
	for (size_t k = 0; k < a->n_members; k++)
		free(a->members[k].name);
	free(a->members);
	free(a->index);
	free(a->path);
	free(a->data);
	*a = (struct tc_archive){ 0 };
}
