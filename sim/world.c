/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/world.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/base.h"
#include "sim/random.h"

struct sim_vm {
	uint64_t number; /* of the job, from 1 */
	uint32_t job;
	uint32_t next;   /* on its node, or of the free ones */
	uint32_t node;   /* where it runs or stands still */
	uint32_t target; /* where it is going */
	/* Of a swap: the second goes when the first has arrived. */
	uint32_t first, second;
	bool going, started;
	double arrives; /* going: when */
	double left;    /* work, in seconds of a server */
	double rate;    /* of it */
	double at;      /* when left was right */
	double came;
	double wrong[POLICY_KINDS_MAX]; /* factor of what is predicted */
};

struct sim_node {
	uint32_t kind, first; /* VM that is there */
	uint32_t busy;
	double pressure; /* of all of them */
};

struct world {
	const struct sim_input *in;
	struct sim_result *result;
	struct policy *policy;
	struct sim_random random;
	struct sim_vm *vm;
	struct sim_node *node;
	struct policy_heap next; /* VMs, by the time of what they do next */
	uint32_t vms, nodes, unused;
	uint32_t busy[POLICY_KINDS_MAX];
	double now, arrival; /* the next one */
	float *waits;        /* of those that were started */
	size_t waits_len, waits_room;
	double wait_sum, turn_sum;
	sim_watch *watch;
	void *watch_ctx;
};

static const struct sim_job *vm_job(const struct world *w, uint32_t vm)
{
	return &w->in->job[w->vm[vm].job];
}

/* ---- work ---- */

/* Counts what a VM has done until now. */
static void vm_work(struct world *w, uint32_t vm)
{
	struct sim_vm *v = &w->vm[vm];
	double done = v->rate * (w->now - v->at);

	v->left -= done;
	w->result->work_s += done;
	v->at = w->now;
}

static double vm_rate(const struct world *w, uint32_t vm)
{
	const struct sim_vm *v = &w->vm[vm];
	const struct sim_node *n = &w->node[v->node];
	const struct sim_job *j = vm_job(w, vm);
	double others = n->pressure - j->pressure;

	if (v->going && !w->in->move.live)
		return 0;
	return 1 / (j->slowdown[n->kind] * (1 + j->pressure * others));
}

/* Its rate, and what it does next: to end, or to arrive. */
static void vm_plan(struct world *w, uint32_t vm)
{
	struct sim_vm *v = &w->vm[vm];
	double ends;

	vm_work(w, vm);
	v->rate = vm_rate(w, vm);
	ends = v->rate > 0 ? w->now + v->left / v->rate : INFINITY;
	policy_heap_put(&w->next, vm,
			v->going && v->arrives < ends ? v->arrives : ends);
}

static void node_plan(struct world *w, uint32_t node)
{
	uint32_t vm = w->node[node].first;

	for (; vm != POLICY_NOBODY; vm = w->vm[vm].next)
		vm_plan(w, vm);
}

static void node_enter(struct world *w, uint32_t node, uint32_t vm)
{
	struct sim_node *n = &w->node[node];
	bool others = n->pressure > 0;

	w->vm[vm].node = node;
	w->vm[vm].next = n->first;
	n->first = vm;
	n->busy++;
	n->pressure += vm_job(w, vm)->pressure;
	w->busy[n->kind]++;
	if (others && vm_job(w, vm)->pressure > 0)
		node_plan(w, node);
	else
		vm_plan(w, vm);
}

static void node_leave(struct world *w, uint32_t vm)
{
	struct sim_node *n = &w->node[w->vm[vm].node];
	uint32_t *at = &n->first;

	vm_work(w, vm);
	w->vm[vm].rate = 0;
	while (*at != vm)
		at = &w->vm[*at].next;
	*at = w->vm[vm].next;
	n->pressure -= vm_job(w, vm)->pressure;
	w->busy[n->kind]--;
	if (!--n->busy)
		n->pressure = 0;
	else if (vm_job(w, vm)->pressure > 0)
		node_plan(w, w->vm[vm].node);
}

/* ---- jobs come and go ---- */

static double move_seconds(const struct world *w, uint32_t vm)
{
	return w->in->move.fixed_s +
	       (double)vm_job(w, vm)->memory / w->in->move.bytes_per_s;
}

static int job_comes(struct world *w, struct hexo_error *err)
{
	const struct sim_input *in = w->in;
	uint32_t vm = w->unused;
	struct policy_vm what;
	struct sim_vm *v;

	if (vm == POLICY_NOBODY)
		return hexo_fail(err, -E2BIG,
				 "more than %u jobs wait after %.0f s", w->vms,
				 w->now);
	w->unused = w->vm[vm].next;
	v = &w->vm[vm];
	*v = (struct sim_vm){
		.number = ++w->result->arrived,
		.job = in->mix[(w->result->arrived - 1) % in->mix_len],
		.node = POLICY_NOBODY,
		.first = POLICY_NOBODY,
		.second = POLICY_NOBODY,
		.came = w->now,
	};
	v->left = vm_job(w, vm)->seconds;
	what = (struct policy_vm){
		.memory = vm_job(w, vm)->memory,
		.score = vm_job(w, vm)->score,
		.priority = vm_job(w, vm)->priority,
		.move_s = in->move.live ? in->move.down_s : move_seconds(w, vm),
	};
	for (uint32_t k = 0; k < in->kinds; k++) {
		v->wrong[k] = k && in->error > 0
				      ? exp(in->error * sim_normal(&w->random))
				      : 1;
		what.slowdown[k] = vm_job(w, vm)->slowdown[k] * v->wrong[k];
	}
	policy_vm_wait(w->policy, vm, &what);
	return 0;
}

static void job_started(struct world *w, uint32_t vm)
{
	double wait = w->now - w->vm[vm].came;

	w->vm[vm].started = true;
	w->wait_sum += wait;
	if (w->waits_len == w->waits_room) {
		w->waits_room = 2 * w->waits_room + 1024;
		w->waits = base_realloc(w->waits,
					w->waits_room * sizeof(*w->waits));
	}
	w->waits[w->waits_len++] = (float)wait;
}

static void vm_go(struct world *w, uint32_t vm, double seconds)
{
	struct sim_vm *v = &w->vm[vm];

	v->going = true;
	v->arrives = w->now + seconds;
	if (v->started)
		vm_plan(w, vm);
	else
		policy_heap_put(&w->next, vm, v->arrives);
}

/* The first of a swap has arrived, or has ended: the second goes. */
static void swap_goes_on(struct world *w, uint32_t vm)
{
	uint32_t second = w->vm[vm].second;

	w->vm[vm].second = POLICY_NOBODY;
	if (second == POLICY_NOBODY)
		return;
	w->vm[second].first = POLICY_NOBODY;
	vm_go(w, second, move_seconds(w, second));
}

static void job_ends(struct world *w, uint32_t vm)
{
	struct sim_vm *v = &w->vm[vm];

	swap_goes_on(w, vm);
	if (v->first != POLICY_NOBODY)
		w->vm[v->first].second = POLICY_NOBODY;
	policy_heap_drop(&w->next, vm);
	node_leave(w, vm);
	policy_vm_end(w->policy, vm);
	w->result->finished++;
	w->result->kind[w->node[v->node].kind].finished++;
	w->turn_sum += w->now - v->came;
	v->next = w->unused;
	w->unused = vm;
}

/* More come, at random or whenever too few wait. */
static int jobs_come(struct world *w, struct hexo_error *err)
{
	const struct sim_input *in = w->in;
	int r = 0;

	while (r == 0 && (!in->count || w->result->arrived < in->count)) {
		if (in->per_hour > 0) {
			if (w->arrival > w->now)
				return 0;
			w->arrival += sim_exponential(&w->random) * 3600 /
				      in->per_hour;
		} else if (policy_waiting(w->policy) >= in->waiting) {
			return 0;
		}
		r = job_comes(w, err);
	}
	w->arrival = r == 0 ? INFINITY : w->arrival;
	return r;
}

/* ---- what the policy orders ---- */

static void order_move(struct world *w, uint32_t vm, uint32_t node)
{
	w->vm[vm].target = node;
	policy_vm_go(w->policy, vm, node);
	vm_go(w, vm, move_seconds(w, vm));
}

static void order_swap(struct world *w, const struct policy_decision *d)
{
	uint32_t server = w->vm[d->vm].node;

	w->vm[d->other].second = d->vm;
	w->vm[d->vm].first = d->other;
	w->vm[d->vm].target = d->node;
	policy_vm_go(w->policy, d->vm, d->node);
	order_move(w, d->other, server);
}

static void obey(struct world *w, const struct policy_decision *d)
{
	struct sim_result *result = w->result;

	if (w->watch)
		w->watch(w->watch_ctx, w->now, w->vm[d->vm].number,
			 vm_job(w, d->vm)->name, d);
	switch (d->action) {
	case POLICY_START:
		result->starts_on_boards += w->node[d->node].kind != 0;
		w->vm[d->vm].target = d->node;
		policy_vm_go(w->policy, d->vm, d->node);
		vm_go(w, d->vm, w->in->start_s);
		break;
	case POLICY_MOVE:
		if (w->node[d->node].kind)
			result->offloads++;
		else
			result->returns++;
		order_move(w, d->vm, d->node);
		break;
	case POLICY_SWAP:
		result->swaps++;
		order_swap(w, d);
		break;
	}
}

/* A VM has arrived where it was going. */
static void vm_arrives(struct world *w, uint32_t vm)
{
	struct sim_vm *v = &w->vm[vm];
	uint32_t kind = w->node[v->target].kind;

	v->going = false;
	if (v->started) {
		node_leave(w, vm);
		/* The time that it stands still is work yet to be done. */
		if (w->in->move.live)
			v->left += w->in->move.down_s /
				   vm_job(w, vm)->slowdown[kind];
	} else {
		job_started(w, vm);
	}
	v->at = w->now;
	node_enter(w, v->target, vm);
	policy_vm_run(w->policy, vm, v->target, w->now);
	if (v->wrong[kind] != 1) {
		v->wrong[kind] = 1;
		policy_vm_slowdown(w->policy, vm, kind,
				   vm_job(w, vm)->slowdown[kind]);
	}
	swap_goes_on(w, vm);
}

/* A live move does not keep a job from ending. */
static void vm_event(struct world *w, uint32_t vm)
{
	struct sim_vm *v = &w->vm[vm];

	if (v->started)
		vm_work(w, vm);
	/* vm_plan() has put it in the queue for the one or the other. */
	if (v->going && v->arrives <= w->now)
		vm_arrives(w, vm);
	else
		job_ends(w, vm);
}

/* ---- time ---- */

/* To a time: energy is what the nodes have drawn until then. */
static void world_advance(struct world *w, double to)
{
	double dt = to - w->now;

	for (uint32_t k = 0; k < w->in->kinds; k++) {
		const struct sim_kind *kind = &w->in->kind[k];
		struct sim_kind_result *r = &w->result->kind[k];

		r->busy_s += dt * w->busy[k];
		r->joules += dt * (kind->count * kind->idle_watts +
				   w->busy[k] * kind->core_watts);
	}
	w->now = to;
}

/* Asks the policy until it has nothing more to say. */
static int world_decide(struct world *w, struct hexo_error *err)
{
	struct policy_decision d;
	int r = jobs_come(w, err);

	while (r == 0 && policy_decide(w->policy, w->now, &d)) {
		obey(w, &d);
		r = jobs_come(w, err);
	}
	return r;
}

/* When something happens next, and to which VM if to one. */
static double world_next(const struct world *w, uint32_t *vm)
{
	double to, wake = policy_wake(w->policy);

	*vm = policy_heap_top(&w->next);
	to = *vm == POLICY_NOBODY ? INFINITY : w->next.key[*vm];
	if (w->arrival < to) {
		to = w->arrival;
		*vm = POLICY_NOBODY;
	}
	if (wake > w->now && wake < to) {
		to = wake;
		*vm = POLICY_NOBODY;
	}
	return to;
}

static int world_loop(struct world *w, struct hexo_error *err)
{
	for (;;) {
		uint32_t vm;
		double to;
		int r = world_decide(w, err);

		if (r < 0)
			return r;
		to = world_next(w, &vm);
		if (isinf(to) && policy_waiting(w->policy))
			return hexo_fail(err, -EINVAL,
					 "a job fits no node that it can run "
					 "on");
		if (to > w->in->horizon_s)
			to = w->in->horizon_s;
		if (isinf(to))
			return 0;
		world_advance(w, to);
		if (to >= w->in->horizon_s)
			return 0;
		if (vm != POLICY_NOBODY)
			vm_event(w, vm);
	}
}

/* ---- life ---- */

static int world_policy(struct world *w, struct hexo_error *err)
{
	const struct sim_input *in = w->in;
	struct policy_config config = {
		.rule = in->rule,
		.goal = in->goal,
		.vms_max = w->vms,
		.nodes_max = w->nodes,
		.kinds = in->kinds,
		.stay_s = in->stay_s,
		.ahead_s = in->ahead_s,
	};
	uint32_t node = 0;

	for (uint32_t k = 0; k < in->kinds; k++) {
		config.kind[k].idle_watts = in->kind[k].idle_watts;
		config.kind[k].core_watts = in->kind[k].core_watts;
		config.kind[k].slots = in->kind[k].slots;
	}
	w->policy = policy_create(&config);
	if (!w->policy)
		return hexo_fail(err, -ENOMEM, "no memory for %u jobs", w->vms);
	for (uint32_t k = 0; k < in->kinds; k++)
		for (uint32_t i = 0; i < in->kind[k].count; i++) {
			const struct policy_node what = {
				.kind = k,
				.slots = in->kind[k].slots,
				.memory = in->kind[k].memory,
			};

			w->node[node] =
				(struct sim_node){ .kind = k,
						   .first = POLICY_NOBODY };
			policy_node_up(w->policy, node++, &what);
		}
	return 0;
}

/* So many jobs can be there at a time. */
static uint64_t world_jobs(const struct sim_input *in)
{
	uint64_t n = in->waiting;

	if (in->count)
		return in->count;
	for (uint32_t k = 0; k < in->kinds; k++)
		n += (uint64_t)in->kind[k].slots * in->kind[k].count;
	/* Arrivals vary: ten standard deviations are never seen. */
	if (in->per_hour > 0) {
		double expected = in->per_hour * in->horizon_s / 3600;

		n += (uint64_t)(expected + 10 * sqrt(expected));
	}
	return n;
}

static int world_create(struct world *w, struct hexo_error *err)
{
	const struct sim_input *in = w->in;
	uint64_t jobs = world_jobs(in);

	if (jobs > 10000000)
		return hexo_fail(err, -E2BIG, "more than ten million jobs");
	w->vms = (uint32_t)jobs;
	for (uint32_t k = 0; k < in->kinds; k++)
		w->nodes += in->kind[k].count;
	if (!w->nodes || !in->kind[0].count)
		return hexo_fail(err, -EINVAL, "there is no server");
	w->vm = base_alloc(w->vms * sizeof(*w->vm));
	w->node = base_alloc(w->nodes * sizeof(*w->node));
	if (!policy_heap_init(&w->next, w->vms))
		return hexo_fail(err, -ENOMEM, "no memory for %u jobs", w->vms);
	for (uint32_t i = 0; i < w->vms; i++)
		w->vm[i].next = i + 1 < w->vms ? i + 1 : POLICY_NOBODY;
	w->arrival = in->per_hour > 0 ? 0 : INFINITY;
	w->random = sim_random_make(in->seed);
	return world_policy(w, err);
}

static int compare_waits(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

static void world_sum_up(struct world *w)
{
	struct sim_result *r = w->result;
	uint32_t node = 0;

	for (uint32_t k = 0; k < w->in->kinds; k++)
		for (uint32_t i = 0; i < w->in->kind[k].count; i++, node++)
			for (uint32_t vm = w->node[node].first;
			     vm != POLICY_NOBODY; vm = w->vm[vm].next)
				vm_work(w, vm);
	r->seconds = w->now;
	for (uint32_t k = 0; k < w->in->kinds; k++)
		r->joules += r->kind[k].joules;
	qsort(w->waits, w->waits_len, sizeof(*w->waits), compare_waits);
	if (w->waits_len) {
		r->wait_mean_s = w->wait_sum / (double)w->waits_len;
		r->wait_p95_s = w->waits[(w->waits_len - 1) * 95 / 100];
	}
	if (r->finished)
		r->turn_mean_s = w->turn_sum / (double)r->finished;
}

int sim_run(const struct sim_input *in, sim_watch *watch, void *ctx,
	    struct sim_result *result, struct hexo_error *err)
{
	struct world w = {
		.in = in, .result = result, .watch = watch, .watch_ctx = ctx
	};
	int r;

	*result = (struct sim_result){ 0 };
	r = world_create(&w, err);
	if (r == 0)
		r = world_loop(&w, err);
	if (r == 0)
		world_sum_up(&w);
	policy_free(w.policy);
	policy_heap_free(&w.next);
	free(w.vm);
	free(w.node);
	free(w.waits);
	return r;
}
