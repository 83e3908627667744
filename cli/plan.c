/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

/* "1000" or "20ms". Changes text. */
static int plan_parse_when(char *text, struct cli_plan_hop *hop)
{
	size_t len = strlen(text);
	bool timed = len > 2 && !strcmp(text + len - 2, "ms");
	uint64_t *value = timed ? &hop->ms : &hop->poll;

	if (timed)
		text[len - 2] = '\0';
	return base_parse_u64(text, value) < 0 || !*value ? -EINVAL : 0;
}

/* How two hops follow each other: < 0, 0, > 0. */
static int plan_compare(const struct cli_plan_hop *a,
			const struct cli_plan_hop *b)
{
	if (a->poll != b->poll)
		return a->poll < b->poll ? -1 : 1;
	return (a->ms > b->ms) - (a->ms < b->ms);
}

int cli_plan_add(struct cli_plan *plan, const char *text,
		 struct hexo_error *err)
{
	cleanup_free char *copy = base_strdup(text);
	char *where = strchr(copy, ':');
	struct cli_plan_hop hop = { 0 };
	unsigned at;

	if (where)
		*where++ = '\0';
	if (!where || !*where || plan_parse_when(copy, &hop) < 0)
		return hexo_fail(err, -EINVAL,
				 "'%s' is not POLLS:WHERE, like 1000:aarch64, "
				 "nor like 20ms:server",
				 text);
	for (at = plan->count; at > 0; at--)
		if (plan_compare(&plan->hops[at - 1], &hop) <= 0)
			break;
	if (at > 0 && plan_compare(&plan->hops[at - 1], &hop) == 0)
		return hexo_fail(err, -EINVAL, "two hops at the same %s, %s",
				 hop.ms ? "time" : "poll", copy);
	hop.where = base_strdup(where);
	plan->hops = base_realloc(plan->hops,
				  (plan->count + 1) * sizeof(*plan->hops));
	memmove(plan->hops + at + 1, plan->hops + at,
		(plan->count - at) * sizeof(*plan->hops));
	plan->hops[at] = hop;
	plan->count++;
	return 0;
}

void cli_plan_free(struct cli_plan *plan)
{
	for (unsigned i = 0; i < plan->count; i++)
		free(plan->hops[i].where);
	free(plan->hops);
	*plan = (struct cli_plan){ 0 };
}

uint64_t cli_plan_next(const struct cli_plan *plan, uint64_t polls)
{
	uint64_t next = 0;

	if (plan->every && polls / plan->every < UINT64_MAX / plan->every)
		next = (polls / plan->every + 1) * plan->every;
	for (unsigned i = 0; i < plan->count; i++) {
		uint64_t poll = plan->hops[i].poll;

		if (poll > polls && (!next || poll < next))
			next = poll;
	}
	return next;
}

const char *cli_plan_where(const struct cli_plan *plan, uint64_t poll)
{
	for (unsigned i = 0; i < plan->count; i++)
		if (plan->hops[i].poll == poll)
			return plan->hops[i].where;
	return NULL;
}

const struct cli_plan_hop *cli_plan_timed(const struct cli_plan *plan,
					  unsigned number)
{
	if (number >= plan->count || plan->hops[number].poll)
		return NULL;
	return &plan->hops[number];
}

static const char *const mode_names[] = {
	[CLI_MODE_AUTO] = "auto",
	[CLI_MODE_STOP] = "stop",
	[CLI_MODE_PRE_COPY] = "pre-copy",
	[CLI_MODE_POST_COPY] = "post-copy",
};

const char *cli_mode_name(enum cli_mode mode)
{
	return mode_names[mode];
}

int cli_mode_parse(const char *text, enum cli_mode *mode,
		   struct hexo_error *err)
{
	for (size_t i = 0; i < sizeof(mode_names) / sizeof(mode_names[0]); i++)
		if (!strcmp(text, mode_names[i])) {
			*mode = (enum cli_mode)i;
			return 0;
		}
	return hexo_fail(err, -EINVAL,
			 "'%s' is not auto, stop, pre-copy or post-copy", text);
}

int cli_compress_parse(const char *text, enum hexo_compress *compress,
		       struct hexo_error *err)
{
	static const char *const names[] = {
		[HEXO_COMPRESS_NEVER] = "never",
		[HEXO_COMPRESS_AUTO] = "auto",
		[HEXO_COMPRESS_ALWAYS] = "always",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(text, names[i])) {
			*compress = (enum hexo_compress)i;
			return 0;
		}
	return hexo_fail(err, -EINVAL, "'%s' is not auto, never or always",
			 text);
}
