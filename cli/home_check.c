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

/* How long a message is that has no rule of its own. */
static size_t home_size(unsigned type)
{
	switch (type) {
	case HEXO_MSG_NEED:
		return sizeof(struct hexo_msg_need);
	case HEXO_MSG_GOT:
		return sizeof(struct hexo_msg_got);
	case HEXO_MSG_WHOLE:
		return sizeof(struct hexo_msg_whole);
	case HEXO_MSG_COPIED:
	case HEXO_MSG_ROUND:
		return sizeof(struct hexo_msg_copied);
	case HEXO_MSG_SIZED:
		return sizeof(struct hexo_msg_sized);
	case HEXO_MSG_KEPT:
		return 0;
	default:
		return sizeof(struct hexo_msg_usage);
	}
}

/* Whether a message is what its type says. */
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
	return migrate_msg_check(msg, home_size(msg->type), true, &home->why);
}

/* The event that a message is, HOME_EVENTS if it is none. */
enum home_event home_event_of(struct home *home, struct cli_vm *vm,
			      const struct migrate_msg *msg)
{
	bool owner = vm == home->owner;

	switch (msg->type) {
	case HEXO_MSG_HELLO:
		return owner ? OWNER_HELLO : TARGET_HELLO;
	case HEXO_MSG_COMMIT:
		return owner ? OWNER_COMMIT : TARGET_COMMIT;
	case HEXO_MSG_PARKED:
		return owner ? OWNER_PARKED : HOME_EVENTS;
	case HEXO_MSG_STREAM:
		return owner ? OWNER_STREAM : TARGET_STREAM;
	case HEXO_MSG_NEED:
		return owner ? OWNER_ASKED : HOME_EVENTS;
	case HEXO_MSG_GOT:
		return owner ? OWNER_ASKED : TARGET_ASKED;
	case HEXO_MSG_WHOLE:
		return owner ? OWNER_WHOLE : HOME_EVENTS;
	case HEXO_MSG_COPIED:
		return owner ? OWNER_COPIED : HOME_EVENTS;
	case HEXO_MSG_SIZED:
	case HEXO_MSG_ROUND:
		return owner ? OWNER_SIZED : HOME_EVENTS;
	case HEXO_MSG_KEPT:
		return owner ? OWNER_KEPT : HOME_EVENTS;
	case HEXO_MSG_SHIPPED:
		return owner ? OWNER_SHIPPED : TARGET_SHIPPED;
	case HEXO_MSG_RUNNING:
		return owner ? OWNER_RUNNING : HOME_EVENTS;
	case HEXO_MSG_EXIT:
	case HEXO_MSG_FAULT:
		return owner ? OWNER_ENDED : HOME_EVENTS;
	default:
		return HOME_EVENTS;
	}
}
