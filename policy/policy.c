/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/state.h"

/* ---- life ---- */

static bool policy_heaps(struct policy *p)
{
	const uint32_t vms = p->config.vms_max;
	bool ok = policy_heap_init(&p->queue, vms) &&
		  policy_heap_init(&p->scores, vms) &&
		  policy_heap_init(&p->fresh, vms);

	for (uint32_t k = 0; ok && k < p->config.kinds; k++)
		ok = policy_room_init(&p->room[k], p->config.nodes_max) &&
		     policy_heap_init(&p->waiting[k], vms) &&
		     policy_heap_init(&p->served[k], vms) &&
		     policy_heap_init(&p->boarded[k], vms);
	return ok;
}

struct policy *policy_create(const struct policy_config *config)
{
	struct policy *p;

	if (!config->kinds || config->kinds > POLICY_KINDS_MAX ||
	    !config->vms_max || !config->nodes_max)
		return NULL;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->config = *config;
	p->vm = calloc(config->vms_max, sizeof(*p->vm));
	p->node = calloc(config->nodes_max, sizeof(*p->node));
	if (p->vm && p->node && policy_heaps(p))
		return p;
	policy_free(p);
	return NULL;
}

void policy_free(struct policy *p)
{
	if (!p)
		return;
	for (uint32_t k = 0; k < POLICY_KINDS_MAX; k++) {
		policy_room_free(&p->room[k]);
		policy_heap_free(&p->waiting[k]);
		policy_heap_free(&p->served[k]);
		policy_heap_free(&p->boarded[k]);
	}
	policy_heap_free(&p->queue);
	policy_heap_free(&p->scores);
	policy_heap_free(&p->fresh);
	free(p->vm);
	free(p->node);
	free(p);
}

/* ---- nodes ---- */

/* What a node has free is news to the trees. */
static void node_changed(struct policy *p, uint32_t node)
{
	const struct node_state *n = &p->node[node];
	uint64_t free_memory = 0;

	if (n->up && n->used < n->what.slots && n->taken < n->what.memory)
		free_memory = n->what.memory - n->taken;
	policy_room_set(&p->room[n->what.kind], node, free_memory);
}

void policy_node_up(struct policy *p, uint32_t node,
		    const struct policy_node *what)
{
	struct node_state *n = &p->node[node];

	n->what = *what;
	n->up = true;
	node_changed(p, node);
}

void policy_node_down(struct policy *p, uint32_t node)
{
	p->node[node].up = false;
	node_changed(p, node);
}

static void node_take(struct policy *p, uint32_t node,
		      const struct vm_state *vm)
{
	if (node == POLICY_NOBODY)
		return;
	p->node[node].used++;
	p->node[node].taken += vm->what.memory;
	node_changed(p, node);
}

static void node_give(struct policy *p, uint32_t node,
		      const struct vm_state *vm)
{
	if (node == POLICY_NOBODY)
		return;
	p->node[node].used--;
	p->node[node].taken -= vm->what.memory;
	node_changed(p, node);
}

/* ---- VMs ---- */

/* Takes it out of wherever decisions look. */
static void vm_hide(struct policy *p, uint32_t vm)
{
	policy_heap_drop(&p->queue, vm);
	policy_heap_drop(&p->scores, vm);
	policy_heap_drop(&p->fresh, vm);
	for (uint32_t k = 0; k < p->config.kinds; k++) {
		policy_heap_drop(&p->waiting[k], vm);
		policy_heap_drop(&p->served[k], vm);
		policy_heap_drop(&p->boarded[k], vm);
	}
}

/* It runs and has stayed for long enough: it may be moved. */
static void vm_settle(struct policy *p, uint32_t vm)
{
	const struct vm_state *v = &p->vm[vm];
	uint32_t kind = p->node[v->node].what.kind;

	policy_heap_drop(&p->fresh, vm);
	if (kind) {
		policy_heap_put(&p->boarded[kind], vm, -v->what.slowdown[kind]);
		return;
	}
	policy_heap_put(&p->scores, vm, v->what.score);
	for (uint32_t k = 1; k < p->config.kinds; k++)
		if (policy_can(v, k))
			policy_heap_put(&p->served[k], vm, v->what.slowdown[k]);
}

/* Puts it where decisions look for what it is now. */
static void vm_show(struct policy *p, uint32_t vm)
{
	const struct vm_state *v = &p->vm[vm];

	if (v->target != POLICY_NOBODY)
		return;
	if (v->node != POLICY_NOBODY) {
		policy_heap_put(&p->fresh, vm, v->since + p->config.stay_s);
		return;
	}
	for (uint32_t k = 1; k < p->config.kinds; k++)
		if (policy_can(v, k))
			policy_heap_put(&p->waiting[k], vm,
					v->what.slowdown[k]);
}

void policy_vm_wait(struct policy *p, uint32_t vm, const struct policy_vm *what)
{
	struct vm_state *v = &p->vm[vm];

	policy_vm_end(p, vm);
	*v = (struct vm_state){
		.what = *what,
		.node = POLICY_NOBODY,
		.target = POLICY_NOBODY,
		.known = true,
	};
	/* Exact in a double: priorities are few, and arrivals below 2^40. */
	policy_heap_put(&p->queue, vm,
			(double)p->arrivals++ -
				(double)what->priority * 0x1p40);
	vm_show(p, vm);
}

void policy_vm_run(struct policy *p, uint32_t vm, uint32_t node, double now)
{
	struct vm_state *v = &p->vm[vm];

	vm_hide(p, vm);
	node_take(p, node, v);
	node_give(p, v->node, v);
	node_give(p, v->target, v);
	v->node = node;
	v->target = POLICY_NOBODY;
	v->since = now;
	vm_show(p, vm);
}

void policy_vm_go(struct policy *p, uint32_t vm, uint32_t node)
{
	struct vm_state *v = &p->vm[vm];

	vm_hide(p, vm);
	node_take(p, node, v);
	node_give(p, v->target, v);
	v->target = node;
}

void policy_vm_end(struct policy *p, uint32_t vm)
{
	struct vm_state *v = &p->vm[vm];

	if (!v->known)
		return;
	vm_hide(p, vm);
	node_give(p, v->node, v);
	node_give(p, v->target, v);
	v->known = false;
	v->node = v->target = POLICY_NOBODY;
}

void policy_vm_slowdown(struct policy *p, uint32_t vm, uint32_t kind,
			double slowdown)
{
	struct vm_state *v = &p->vm[vm];
	struct policy_heap *const heaps[] = { &p->waiting[kind],
					      &p->served[kind] };

	v->what.slowdown[kind] = slowdown;
	for (size_t i = 0; i < sizeof(heaps) / sizeof(heaps[0]); i++)
		if (heaps[i]->at[vm] != POLICY_NOBODY)
			policy_heap_put(heaps[i], vm, slowdown);
	if (p->boarded[kind].at[vm] != POLICY_NOBODY)
		policy_heap_put(&p->boarded[kind], vm, -slowdown);
}

/* ---- decisions ---- */

static bool fits_servers(const void *ctx, uint32_t vm)
{
	const struct policy *p = ctx;
	const struct vm_state *v = &p->vm[vm];

	return policy_can(v, 0) &&
	       policy_room_first(&p->room[0], v->what.memory) != POLICY_NOBODY;
}

/* All rules start what waits when a server has room. */
static bool decide_start(struct policy *p, struct policy_decision *d)
{
	uint32_t vm = policy_heap_find(&p->queue, fits_servers, p);

	if (vm == POLICY_NOBODY)
		return false;
	*d = (struct policy_decision){
		.action = POLICY_START,
		.reason = POLICY_SERVER_FREE,
		.vm = vm,
		.node = policy_room_first(&p->room[0], p->vm[vm].what.memory),
		.other = POLICY_NOBODY,
	};
	return true;
}

bool policy_decide(struct policy *p, double now, struct policy_decision *d)
{
	uint32_t vm;

	while ((vm = policy_heap_top(&p->fresh)) != POLICY_NOBODY &&
	       p->fresh.key[vm] <= now)
		vm_settle(p, vm);
	if (decide_start(p, d))
		return true;
	switch (p->config.rule) {
	case POLICY_PAPER:
		return policy_decide_paper(p, d);
	case POLICY_HEXO:
		return policy_decide_hexo(p, d);
	default:
		return false;
	}
}

double policy_wake(const struct policy *p)
{
	uint32_t vm = policy_heap_top(&p->fresh);

	return vm == POLICY_NOBODY ? INFINITY : p->fresh.key[vm];
}

uint32_t policy_vm_node(const struct policy *p, uint32_t vm)
{
	return p->vm[vm].known ? p->vm[vm].node : POLICY_NOBODY;
}

uint32_t policy_waiting(const struct policy *p)
{
	return p->queue.count;
}

void policy_text(const struct policy_decision *d, char text[POLICY_TEXT_MAX])
{
	switch (d->reason) {
	case POLICY_SERVER_FREE:
		snprintf(text, POLICY_TEXT_MAX, "a server has a free core");
		break;
	case POLICY_SERVERS_BUSY:
		snprintf(text, POLICY_TEXT_MAX,
			 "the servers are busy, and it loses least there "
			 "(%.3g)",
			 d->loss);
		break;
	case POLICY_LOSES_LESS:
		snprintf(text, POLICY_TEXT_MAX,
			 "it loses less there (%.3g) than the one that is "
			 "there now (%.3g)",
			 d->loss, d->other_loss);
		break;
	case POLICY_COMES_BACK:
		snprintf(text, POLICY_TEXT_MAX,
			 "a server has a free core that nobody waits for, and "
			 "it is %.3g times as fast there",
			 d->loss);
		break;
	}
}
