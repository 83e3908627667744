/* SPDX-License-Identifier: Apache-2.0 */
/* The published rule, as it is: it predicts nothing and brings nothing back. */
#include "policy/state.h"

/* The first board that has room for a job that can be there. */
static uint32_t first_board(const struct policy *p, uint32_t vm)
{
	const struct vm_state *v = &p->vm[vm];
	uint32_t first = POLICY_NOBODY;

	for (uint32_t k = 1; k < p->config.kinds; k++) {
		uint32_t node = policy_room_first(&p->room[k], v->what.memory);

		if (policy_can(v, k) && node < first)
			first = node;
	}
	return first;
}

static bool fits_boards(const void *ctx, uint32_t vm)
{
	return first_board(ctx, vm) != POLICY_NOBODY;
}

bool policy_decide_paper(struct policy *p, struct policy_decision *d)
{
	uint32_t vm;

	if (policy_room_first(&p->room[0], 1) != POLICY_NOBODY)
		return false;
	vm = policy_heap_find(&p->scores, fits_boards, p);
	if (vm == POLICY_NOBODY)
		return false;
	*d = (struct policy_decision){
		.action = POLICY_MOVE,
		.reason = POLICY_SERVERS_BUSY,
		.vm = vm,
		.node = first_board(p, vm),
		.other = POLICY_NOBODY,
		.loss = p->vm[vm].what.score,
	};
	return true;
}
