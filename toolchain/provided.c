/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/provided.h"

#include "base/base.h"
#include "toolchain/archive.h"
#include "toolchain/isa.h"

enum { RUNTIME_MAX = 64 << 20 };

/* Enters the symbols of an archive of native code. */
static int add_native(struct tc_symbols *provided, const char *home,
		      const char *name, struct hexo_error *err)
{
	cleanup_free char *path =
		base_printf("%s/%s/%s", home, tc_isas[0].name, name);
	struct tc_archive a = { 0 };
	char *data;
	size_t len;
	int r = base_read_file(path, RUNTIME_MAX, &data, &len, err);

	if (r < 0)
		return r;
	r = tc_archive_open(&a, path, data, len, err);
	for (size_t k = 0; r == 0 && k < a.n_index; k++)
		tc_symbols_get(provided, a.index[k].symbol);
	tc_archive_free(&a);
	return r;
}

/* The ISAs' native code is the same source, so one ISA's says it for all;
 * where it is not, linking fails. */
int tc_provided_find(struct tc_symbols *provided, const char *home,
		     struct hexo_error *err)
{
	static const char *const made[] = {
		"hexo_constructors",
		"hexo_destructors",
		"__hexo_bss_start",
		"__hexo_image_end",
		"__hexo_resume_start",
		"__hexo_resume_end",
		"setjmp",
		"_setjmp",
	};
	static const char *const archives[] = { "native.a", "libgcc.a" };
	int r = 0;

	for (size_t k = 0; k < sizeof(made) / sizeof(made[0]); k++)
		tc_symbols_get(provided, made[k]);
	for (size_t k = 0; k < 2 && r == 0; k++)
		r = add_native(provided, home, archives[k], err);
	return r;
}
