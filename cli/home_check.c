/* SPDX-License-Identifier: Apache-2.0 */
/* What messages of VMs are: whether as their types say, and which events. */
#include <errno.h>
#include <string.h>

#include "cli/home_vm.h"

/* Whether the VM that says HELLO is one of this image. */
static int home_check_hello(struct home *home, struct cli_vm *vm,
			    const struct migrate_msg *msg)
{
	const struct cli_image *image = home->config->vm.image;
	struct hexo_msg_hello hello;
	int r = migrate_msg_check(msg, sizeof(hello), true, &home->why);

	if (r < 0)
		return r;
	memcpy(&hello, msg->data, sizeof(hello));
	if (hello.version != HEXO_MSG_VERSION)
		return hexo_fail(&home->why, -EPROTO,
				 "its hexo-vm speaks version %u, not %u",
				 hello.version, HEXO_MSG_VERSION);
	if (hello.isa != vm->place.isa)
		return hexo_fail(&home->why, -EPROTO,
				 "its hexo-vm is for %s, not %s",
				 cli_isa_name(hello.isa),
				 cli_isa_name(vm->place.isa));
	if (memcmp(hello.build_id, image->build_id, sizeof(hello.build_id)) ||
	    hello.layout_hash != image->layout_hash)
		return hexo_fail(&home->why, -ENOEXEC,
				 "its ELF is not of the build that the "
				 "manifest names");
	vm->backend = hello.backend;
	vm->no_fetch = hello.no_fetch;
	return 0;
}

/* Whether a FAULT is as long as it says that it is. */
static int home_check_fault(struct home *home, const struct migrate_msg *msg)
{
	struct hexo_msg_fault fault;
	int r = migrate_msg_check(msg, sizeof(fault), false, &home->why);

	if (r < 0)
		return r;
	memcpy(&fault, msg->data, sizeof(fault));
	if (fault.stack_len > HEXO_FAULT_STACK ||
	    fault.registers > HEXO_FAULT_REGISTERS)
		return hexo_fail(&home->why, -EPROTO,
				 "FAULT message with %u bytes of stack and %u "
				 "registers",
				 fault.stack_len, fault.registers);
	return migrate_msg_check(msg, sizeof(fault) + fault.stack_len, false,
				 &home->why);
}

/* What messages of a VM are to the home: how long their payload is, unless a
 * rule of its own says that, and which events, of the owner and of the target.
 */
static const struct home_message {
	uint16_t type;
	uint16_t size;
	enum home_event owner, target; /* HOME_EVENTS: it may not say that */
} home_messages[] = {
	{ HEXO_MSG_HELLO, 0, OWNER_HELLO, TARGET_HELLO },
	{ HEXO_MSG_COMMIT, sizeof(struct hexo_msg_usage), OWNER_COMMIT,
	  TARGET_COMMIT },
	{ HEXO_MSG_PARKED, sizeof(struct hexo_msg_usage), OWNER_PARKED,
	  HOME_EVENTS },
	{ HEXO_MSG_STREAM, 0, OWNER_STREAM, TARGET_STREAM },
	{ HEXO_MSG_NEED, sizeof(struct hexo_msg_need), OWNER_ASKED,
	  HOME_EVENTS },
	{ HEXO_MSG_GOT, sizeof(struct hexo_msg_got), OWNER_ASKED,
	  TARGET_ASKED },
	{ HEXO_MSG_WHOLE, sizeof(struct hexo_msg_whole), OWNER_WHOLE,
	  HOME_EVENTS },
	{ HEXO_MSG_COPIED, sizeof(struct hexo_msg_copied), OWNER_COPIED,
	  HOME_EVENTS },
	{ HEXO_MSG_ROUND, sizeof(struct hexo_msg_copied), OWNER_SIZED,
	  HOME_EVENTS },
	{ HEXO_MSG_SIZED, sizeof(struct hexo_msg_sized), OWNER_SIZED,
	  HOME_EVENTS },
	{ HEXO_MSG_KEPT, 0, OWNER_KEPT, HOME_EVENTS },
	{ HEXO_MSG_SHIPPED, sizeof(struct hexo_msg_usage), OWNER_SHIPPED,
	  TARGET_SHIPPED },
	{ HEXO_MSG_RUNNING, sizeof(struct hexo_msg_usage), OWNER_RUNNING,
	  HOME_EVENTS },
	{ HEXO_MSG_EXIT, sizeof(struct hexo_msg_usage), OWNER_ENDED,
	  HOME_EVENTS },
	{ HEXO_MSG_FAULT, 0, OWNER_ENDED, HOME_EVENTS },
};

/* NULL: it is none of these. */
static const struct home_message *home_message_find(unsigned type)
{
	for (size_t i = 0; i < sizeof(home_messages) / sizeof(home_messages[0]);
	     i++)
		if (home_messages[i].type == type)
			return &home_messages[i];
	return NULL;
}

/* Whether a message, which has an event, is what its type says. */
int home_check(struct home *home, struct cli_vm *vm,
	       const struct migrate_msg *msg)
{
	switch (msg->type) {
	case HEXO_MSG_HELLO:
		return home_check_hello(home, vm, msg);
	case HEXO_MSG_STREAM:
		return 0;
	case HEXO_MSG_FAULT:
		return home_check_fault(home, msg);
	case HEXO_MSG_COPIED:
		if (!home->copies)
			return hexo_fail(&home->why, -EPROTO,
					 "COPIED message that nobody asked "
					 "for");
		home->copies--;
		break;
	default:
		break;
	}
	return migrate_msg_check(msg, home_message_find(msg->type)->size, true,
				 &home->why);
}

/* The event that a message is, HOME_EVENTS if it is none. */
enum home_event home_event_of(const struct home *home, const struct cli_vm *vm,
			      const struct migrate_msg *msg)
{
	const struct home_message *m = home_message_find(msg->type);

	if (!m)
		return HOME_EVENTS;
	return vm == home->owner ? m->owner : m->target;
}
