/* SPDX-License-Identifier: Apache-2.0 */
/* The published rule, as it is: it predicts nothing and brings nothing back. */
#include "policy/state.h"

static bool fits_boards(const void *ctx, uint32_t vm)
{
	const struct policy *p = ctx;

	return policy_room_first(&p->boards, p->vm[vm].what.memory) !=
	       POLICY_NOBODY;
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
		.node = policy_room_first(&p->boards, p->vm[vm].what.memory),
		.other = POLICY_NOBODY,
		.loss = p->vm[vm].what.score,
	};
	return true;
}
