/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/input.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"

static const char *const rules[] = {
	[POLICY_NONE] = "none",
	[POLICY_PAPER] = "paper",
	[POLICY_HEXO] = "hexo",
};

static const char *const goals[] = {
	[POLICY_THROUGHPUT] = "throughput",
	[POLICY_ENERGY] = "energy",
};

const char *sim_rule_name(enum policy_rule rule)
{
	return rules[rule];
}

/* The number of a text in a table; -EINVAL says what there is. */
static int name_find(const char *const *names, int count, const char *text,
		     const char *all, struct hexo_error *err)
{
	for (int i = 0; i < count; i++)
		if (!strcmp(text, names[i]))
			return i;
	return hexo_fail(err, -EINVAL, "'%s' is not %s", text, all);
}

int sim_rule_parse(const char *text, enum policy_rule *rule,
		   struct hexo_error *err)
{
	int r = name_find(rules, POLICY_HEXO + 1, text, "none, paper or hexo",
			  err);

	*rule = (enum policy_rule)(r < 0 ? 0 : r);
	return r < 0 ? r : 0;
}

int sim_goal_parse(const char *text, enum policy_goal *goal,
		   struct hexo_error *err)
{
	int r = name_find(goals, POLICY_ENERGY + 1, text,
			  "throughput or energy", err);

	*goal = (enum policy_goal)(r < 0 ? 0 : r);
	return r < 0 ? r : 0;
}

int sim_kind_find(const struct sim_input *in, const char *name)
{
	for (uint32_t k = 0; k < in->kinds; k++)
		if (!strcmp(in->kind[k].name, name))
			return (int)k;
	return -1;
}

static int job_find(const struct sim_input *in, const char *name)
{
	for (uint32_t i = 0; i < in->jobs; i++)
		if (!strcmp(in->job[i].name, name))
			return (int)i;
	return -1;
}

/* ---- values ---- */

/* A number in a range; one that is absent is fallback, if that is in it. */
static int get_number(const json_t *o, const char *key, double fallback,
		      double min, double max, double *number,
		      struct hexo_error *err)
{
	const json_t *v = json_object_get(o, key);

	*number = v ? json_number_value(v) : fallback;
	if ((v && !json_is_number(v)) || !(*number >= min && *number <= max))
		return hexo_fail(err, -EINVAL,
				 "\"%s\" must be a number from %g to %g", key,
				 min, max);
	return 0;
}

static int get_count(const json_t *o, const char *key, double fallback,
		     double max, uint32_t *count, struct hexo_error *err)
{
	double n;
	int r = get_number(o, key, fallback, 0, max, &n, err);

	if (r < 0)
		return r;
	if (n != floor(n))
		return hexo_fail(err, -EINVAL, "\"%s\" must be whole", key);
	*count = (uint32_t)n;
	return 0;
}

/* A size as text: "2G". */
static int get_size(const json_t *o, const char *key, uint64_t *size,
		    struct hexo_error *err)
{
	const char *text = json_string_value(json_object_get(o, key));

	if (!text || base_parse_size(text, size) < 0 || !*size)
		return hexo_fail(err, -EINVAL,
				 "\"%s\" must be a size like \"512M\"", key);
	return 0;
}

static int get_name(const json_t *o, char name[SIM_NAME_MAX],
		    struct hexo_error *err)
{
	const char *text = json_string_value(json_object_get(o, "name"));

	if (!text || !*text || strlen(text) >= SIM_NAME_MAX)
		return hexo_fail(err, -EINVAL,
				 "\"name\" must be 1 to %d characters",
				 SIM_NAME_MAX - 1);
	strcpy(name, text);
	return 0;
}

/* ---- parts of the file ---- */

static int read_kind(struct sim_input *in, const json_t *o,
		     struct hexo_error *err)
{
	struct sim_kind *k = &in->kind[in->kinds];
	int r = get_name(o, k->name, err);

	if (r == 0 && sim_kind_find(in, k->name) >= 0)
		r = hexo_fail(err, -EINVAL, "kind %s comes twice", k->name);
	if (r == 0)
		r = get_count(o, "slots", -1, 1024, &k->slots, err);
	if (r == 0)
		r = get_size(o, "memory", &k->memory, err);
	if (r == 0)
		r = get_number(o, "idle_watts", -1, 0, 1e6, &k->idle_watts,
			       err);
	if (r == 0)
		r = get_number(o, "core_watts", -1, 0, 1e6, &k->core_watts,
			       err);
	if (r == 0)
		r = get_count(o, "count", 1, SIM_NODES_MAX, &k->count, err);
	in->kinds += r == 0;
	return r;
}

static int read_slowdowns(struct sim_input *in, const json_t *o,
			  struct sim_job *job, struct hexo_error *err)
{
	json_t *table = json_object_get(o, "slowdown");
	const char *name;
	json_t *value;
	int r = 0;

	job->slowdown[0] = 1;
	if (table && !json_is_object(table))
		return hexo_fail(err, -EINVAL,
				 "\"slowdown\" must be an object");
	json_object_foreach(table, name, value)
	{
		int k = sim_kind_find(in, name);

		if (k < 0)
			r = hexo_fail(err, -EINVAL, "no kind %s", name);
		else
			r = get_number(table, name, -1, 0.001, 1e6,
				       &job->slowdown[k], err);
		if (r < 0)
			return r;
	}
	return r;
}

static int read_job(struct sim_input *in, const json_t *o,
		    struct hexo_error *err)
{
	struct sim_job *j = &in->job[in->jobs];
	double priority = 0;
	int r = get_name(o, j->name, err);

	if (r == 0 && job_find(in, j->name) >= 0)
		r = hexo_fail(err, -EINVAL, "job %s comes twice", j->name);
	if (r == 0)
		r = get_number(o, "seconds", -1, 1e-3, 1e9, &j->seconds, err);
	if (r == 0)
		r = get_size(o, "memory", &j->memory, err);
	if (r == 0)
		r = get_number(o, "score", 0, 0, 1e18, &j->score, err);
	if (r == 0)
		r = get_number(o, "pressure", 0, 0, 100, &j->pressure, err);
	if (r == 0)
		r = get_number(o, "priority", 0, -1000, 1000, &priority, err);
	if (r == 0)
		r = read_slowdowns(in, o, j, err);
	if (r < 0)
		return hexo_fail_context(err, "job %u", in->jobs + 1);
	j->priority = (int32_t)priority;
	in->jobs++;
	return 0;
}

/* All of an array, each by its own function. */
static int read_array(struct sim_input *in, const json_t *root, const char *key,
		      size_t max,
		      int (*one)(struct sim_input *, const json_t *,
				 struct hexo_error *),
		      struct hexo_error *err)
{
	const json_t *list = json_object_get(root, key);
	size_t n = json_array_size(list);

	if (!n || n > max)
		return hexo_fail(err, -EINVAL,
				 "\"%s\" must be an array of 1 to %zu", key,
				 max);
	for (size_t i = 0; i < n; i++) {
		int r = one(in, json_array_get(list, i), err);

		if (r < 0)
			return hexo_fail_context(err, "%s", key);
	}
	return 0;
}

static int read_mix(struct sim_input *in, const json_t *o,
		    struct hexo_error *err)
{
	const char *name = json_string_value(o);
	int job = name ? job_find(in, name) : -1;

	if (job < 0)
		return hexo_fail(err, -EINVAL, "no job %s", name ? name : "");
	in->mix[in->mix_len++] = (uint32_t)job;
	return 0;
}

static int read_arrivals(struct sim_input *in, const json_t *root,
			 struct hexo_error *err)
{
	uint32_t count;
	int r = get_number(root, "per_hour", 0, 0, 1e9, &in->per_hour, err);

	if (r == 0)
		r = get_count(root, "waiting", 8, 1e6, &in->waiting, err);
	if (r == 0)
		r = get_count(root, "count", 0, 1e9, &count, err);
	if (r < 0)
		return r;
	in->count = count;
	if (!in->count && isinf(in->horizon_s))
		return hexo_fail(err, -EINVAL,
				 "without \"horizon_s\" or \"count\" it would "
				 "never end");
	if (in->per_hour <= 0 && !in->waiting)
		return hexo_fail(err, -EINVAL,
				 "without \"per_hour\" or \"waiting\" no job "
				 "would come");
	return 0;
}

static int read_move(struct sim_input *in, const json_t *root,
		     struct hexo_error *err)
{
	const json_t *o = json_object_get(root, "move");
	const json_t *live = json_object_get(o, "live");
	int r;

	if (o && !json_is_object(o))
		return hexo_fail(err, -EINVAL, "\"move\" must be an object");
	if (live && !json_is_boolean(live))
		return hexo_fail(err, -EINVAL,
				 "\"live\" must be true or false");
	r = get_number(o, "fixed_s", 0.1, 0, 1e6, &in->move.fixed_s, err);

	if (r == 0)
		r = get_number(o, "bytes_per_s", 11e6, 1, 1e12,
			       &in->move.bytes_per_s, err);
	if (r == 0)
		r = get_number(o, "down_s", 0.05, 0, 1e6, &in->move.down_s,
			       err);
	in->move.live = json_is_true(live);
	return r;
}

static int read_numbers(struct sim_input *in, const json_t *root,
			struct hexo_error *err)
{
	double seed;
	int r = get_number(root, "horizon_s", INFINITY, 1, INFINITY,
			   &in->horizon_s, err);

	if (r == 0)
		r = get_number(root, "stay_s", 10, 0, 1e9, &in->stay_s, err);
	if (r == 0)
		r = get_number(root, "ahead_s", 60, 0, 1e9, &in->ahead_s, err);
	if (r == 0)
		r = get_number(root, "start_s", 0, 0, 1e6, &in->start_s, err);
	if (r == 0)
		r = get_number(root, "error", 0, 0, 10, &in->error, err);
	if (r == 0)
		r = get_number(root, "seed", 1, 0, 1e15, &seed, err);
	if (r == 0)
		in->seed = (uint64_t)seed;
	return r;
}

static int read_rule(struct sim_input *in, const json_t *root,
		     struct hexo_error *err)
{
	const char *rule = json_string_value(json_object_get(root, "policy"));
	const char *goal = json_string_value(json_object_get(root, "goal"));
	const char *name = json_string_value(json_object_get(root, "name"));
	int r = sim_rule_parse(rule ? rule : "hexo", &in->rule, err);

	if (r == 0)
		r = sim_goal_parse(goal ? goal : "throughput", &in->goal, err);
	snprintf(in->name, sizeof(in->name), "%s", name ? name : "");
	return r;
}

static int read_all(struct sim_input *in, const json_t *root,
		    struct hexo_error *err)
{
	int r = read_rule(in, root, err);

	if (r == 0)
		r = read_numbers(in, root, err);
	if (r == 0)
		r = read_array(in, root, "kinds", POLICY_KINDS_MAX, read_kind,
			       err);
	if (r == 0)
		r = read_array(in, root, "jobs", SIM_JOBS_MAX, read_job, err);
	if (r == 0)
		r = read_array(in, root, "mix", SIM_MIX_MAX, read_mix, err);
	if (r == 0)
		r = read_arrivals(in, root, err);
	return r < 0 ? r : read_move(in, root, err);
}

int sim_input_read(struct sim_input *in, const char *path,
		   struct hexo_error *err)
{
	json_error_t why;
	json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
	int r;

	*in = (struct sim_input){ 0 };
	if (!root)
		return hexo_fail(err, -EINVAL, "%s, line %d: %s", path,
				 why.line, why.text);
	r = read_all(in, root, err);
	json_decref(root);
	return r < 0 ? hexo_fail_context(err, "%s", path) : 0;
}
