/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy knows, and its rules. */
#ifndef HEXO_POLICY_STATE_H
#define HEXO_POLICY_STATE_H

#include "policy/heap.h"
#include "policy/policy.h"
#include "policy/room.h"

struct vm_state {
	struct policy_vm what;
	uint32_t node, target; /* POLICY_NOBODY: none */
	bool known;
	double since; /* it runs at node */
};

struct node_state {
	struct policy_node what;
	uint32_t used; /* slots */
	uint64_t taken;
	bool up;
};

struct policy {
	struct policy_config config;
	struct vm_state *vm;
	struct node_state *node;
	uint64_t arrivals;
	struct policy_room room[POLICY_KINDS_MAX]; /* [0]: servers */
	struct policy_heap queue;                  /* in the order of starts */
	struct policy_heap scores; /* running on servers, may move */
	struct policy_heap fresh;  /* running, by when they may move */
	/* By kind; of each: the least slowdown there first. */
	struct policy_heap waiting[POLICY_KINDS_MAX];
	struct policy_heap served[POLICY_KINDS_MAX]; /* on servers */
	/* Running on boards of the kind; the greatest slowdown first. */
	struct policy_heap boarded[POLICY_KINDS_MAX];
};

/* Whether a VM can be on nodes of that kind. */
static inline bool policy_can(const struct vm_state *vm, uint32_t kind)
{
	return vm->what.slowdown[kind] > 0;
}

bool policy_decide_paper(struct policy *p, struct policy_decision *d);
bool policy_decide_hexo(struct policy *p, struct policy_decision *d);

#endif
