/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

int cli_plan_add(struct cli_plan *plan, const char *text,
		 struct hexo_error *err)
{
	cleanup_free char *copy = base_strdup(text);
	char *where = strchr(copy, ':');
	uint64_t poll;
	unsigned at;

	if (where)
		*where++ = '\0';
	if (!where || !*where || base_parse_u64(copy, &poll) < 0 || !poll)
		return hexo_fail(err, -EINVAL,
				 "'%s' is not POLLS:WHERE, like 1000:aarch64",
				 text);
	for (at = plan->count; at > 0; at--)
		if (plan->hops[at - 1].poll <= poll)
			break;
	if (at > 0 && plan->hops[at - 1].poll == poll)
		return hexo_fail(err, -EINVAL, "two hops at the same poll, %s",
				 copy);
	plan->hops = base_realloc(plan->hops,
				  (plan->count + 1) * sizeof(*plan->hops));
	memmove(plan->hops + at + 1, plan->hops + at,
		(plan->count - at) * sizeof(*plan->hops));
	plan->hops[at] = (struct cli_plan_hop){ poll, base_strdup(where) };
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

bool cli_plan_is_empty(const struct cli_plan *plan)
{
	return !plan->count && !plan->every;
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
