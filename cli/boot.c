/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/boot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hexo/hypercall.h"

int cli_environment_set(struct cli_environment *env, const char *text,
			struct hexo_error *err)
{
	size_t name = strcspn(text, "=");

	if (!name || !text[name])
		return hexo_fail(err, -EINVAL, "'%s' is not NAME=VALUE", text);
	for (unsigned i = 0; i < env->count; i++)
		if (!strncmp(env->at[i], text, name + 1)) {
			free(env->at[i]);
			env->at[i] = base_strdup(text);
			return 0;
		}
	env->at = base_realloc(env->at, (env->count + 1) * sizeof(*env->at));
	env->at[env->count++] = base_strdup(text);
	return 0;
}

bool cli_environment_has(const struct cli_environment *env, const char *name)
{
	size_t len = strlen(name);

	for (unsigned i = 0; i < env->count; i++)
		if (!strncmp(env->at[i], name, len) && env->at[i][len] == '=')
			return true;
	return false;
}

void cli_environment_init(struct cli_environment *env)
{
	static const char *const passed[] = { "TERM", "LANG", "LC_ALL", "TZ",
					      "USER" };

	*env = (struct cli_environment){ 0 };
	for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++) {
		const char *value = getenv(passed[i]);
		cleanup_free char *text = NULL;

		if (!value)
			continue;
		text = base_printf("%s=%s", passed[i], value);
		cli_environment_set(env, text, NULL);
	}
	cli_environment_set(env, "HOME=/", NULL);
}

void cli_environment_free(struct cli_environment *env)
{
	for (unsigned i = 0; i < env->count; i++)
		free(env->at[i]);
	free(env->at);
	*env = (struct cli_environment){ 0 };
}

int cli_boot_make(struct base_buffer *block, int argc, char **argv,
		  const struct cli_environment *env, struct hexo_error *err)
{
	uint32_t counts[2] = { (uint32_t)argc, env->count };

	base_buffer_add(block, counts, sizeof(counts));
	for (int i = 0; i < argc; i++)
		base_buffer_add(block, argv[i], strlen(argv[i]) + 1);
	for (unsigned i = 0; i < env->count; i++)
		base_buffer_add(block, env->at[i], strlen(env->at[i]) + 1);
	if (block->len > HEXO_BOOT_MAX)
		return hexo_fail(err, -E2BIG,
				 "arguments and environment take %zu bytes, "
				 "more than %d",
				 block->len, HEXO_BOOT_MAX);
	return 0;
}
