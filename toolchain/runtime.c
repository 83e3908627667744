/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/runtime.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/base.h"

enum { ARCHIVE_MAX = 64 << 20, INDEX_MAX = 4 << 20 };

const char *const tc_runtime_archives[TC_RUNTIME_ARCHIVES] = { "libkernel.a",
							       "libc.a" };

int tc_runtime_hash(const char *dir, uint64_t *hash, struct hexo_error *err)
{
	for (size_t k = 0; k < TC_RUNTIME_ARCHIVES; k++) {
		cleanup_free char *path =
			base_printf("%s/%s", dir, tc_runtime_archives[k]);
		cleanup_free char *data = NULL;
		size_t len;
		int r = base_read_file(path, ARCHIVE_MAX, &data, &len, err);

		if (r < 0)
			return r;
		hash[k] = XXH3_64bits(data, len);
	}
	return 0;
}

static int check_head(const struct tc_runtime *rt, const char *line,
		      const char *path, struct hexo_error *err)
{
	cleanup_free char *wanted =
		base_printf(TC_RUNTIME_MAGIC " %016" PRIx64 " %016" PRIx64,
			    rt->hash[0], rt->hash[1]);

	if (line && strcmp(line, wanted) == 0)
		return 0;
	return hexo_fail(err, -ESTALE,
			 "%s: made from another libc or by another hexo-cc; "
			 "run make",
			 path);
}

int tc_runtime_open(struct tc_runtime *rt, const char *dir,
		    struct hexo_error *err)
{
	cleanup_free char *path = base_printf("%s/" TC_RUNTIME_INDEX, dir);
	cleanup_free char *data = NULL;
	static const char reaches[] = "reaches ";
	char *rest, *line;
	size_t len;
	int r = tc_runtime_hash(dir, rt->hash, err);

	if (r == 0)
		r = base_read_file(path, INDEX_MAX, &data, &len, err);
	if (r < 0)
		return r;
	line = strtok_r(data, "\n", &rest);
	r = check_head(rt, line, path, err);
	if (r < 0)
		return r;
	while ((line = strtok_r(NULL, "\n", &rest))) {
		if (strncmp(line, reaches, sizeof(reaches) - 1) != 0)
			return hexo_fail(err, -EINVAL,
					 "%s: a line that is not understood: "
					 "%s",
					 path, line);
		tc_symbols_get(&rt->reaching, line + sizeof(reaches) - 1);
	}
	return 0;
}

void tc_runtime_free(struct tc_runtime *rt)
{
	tc_symbols_free(&rt->reaching);
}

static bool reaches(const void *context, const char *name)
{
	const struct tc_runtime *rt = context;

	return tc_symbols_find(&rt->reaching, name);
}

struct pass_outside tc_runtime_outside(const struct tc_runtime *rt)
{
	return (struct pass_outside){ .reaches = reaches, .context = rt };
}

char *tc_runtime_object(const char *dir, const char *isa, size_t archive,
			size_t member)
{
	const char *name = tc_runtime_archives[archive];

	return base_printf("%s/%s/runtime/%.*s-%04zu.o", dir, isa,
			   (int)strcspn(name, "."), name, member);
}
