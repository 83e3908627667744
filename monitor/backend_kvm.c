/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Backend `kvm`: one VM, one vCPU, one memory slot; no interrupt controller,
 * no devices. The guest never enters a privileged level.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "base/base.h"
#include "monitor/arch.h"
#include "monitor/backend.h"

int vm_kvm_unexpected(const struct kvm_run *run, struct hexo_error *err)
{
	switch (run->exit_reason) {
	case KVM_EXIT_FAIL_ENTRY:
		return hexo_fail(err, -EIO,
				 "KVM cannot enter the guest (reason 0x%llx)",
				 (unsigned long long)run->fail_entry
					 .hardware_entry_failure_reason);
	case KVM_EXIT_INTERNAL_ERROR:
		return hexo_fail(err, -EIO, "KVM failed (internal error %u)",
				 run->internal.suberror);
	default:
		return hexo_fail(err, -EIO, "KVM left the guest for reason %u",
				 run->exit_reason);
	}
}

static struct vm_kvm kvm = { .kvm = -1, .vm = -1, .vcpu = -1 };

static int kvm_open(struct hexo_error *err)
{
	cleanup_close int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int version;

	if (fd < 0)
		return hexo_fail_errno(err, "cannot open /dev/kvm");
	version = ioctl(fd, KVM_GET_API_VERSION, 0);
	if (version != KVM_API_VERSION)
		return hexo_fail(err, -ENOTSUP,
				 "/dev/kvm has API version %d, not %d", version,
				 KVM_API_VERSION);
	return base_take_fd(fd);
}

static int kvm_probe(struct hexo_error *err)
{
	if (kvm.kvm < 0)
		kvm.kvm = kvm_open(err);
	return kvm.kvm < 0 ? kvm.kvm : 0;
}

static int kvm_set_slot(const struct vm *vm, uint32_t flags)
{
	struct kvm_userspace_memory_region slot = {
		.flags = flags,
		.guest_phys_addr = HEXO_TABLES_BASE,
		.memory_size = vm->memory.layout.end - HEXO_TABLES_BASE,
		.userspace_addr = vm->memory.base + HEXO_TABLES_BASE,
	};

	return ioctl(kvm.vm, KVM_SET_USER_MEMORY_REGION, &slot);
}

static int kvm_log_start(struct vm *vm, struct hexo_error *err)
{
	if (kvm_set_slot(vm, KVM_MEM_LOG_DIRTY_PAGES) < 0)
		return hexo_fail_errno(err, "KVM keeps no log of writes");
	return 0;
}

static int kvm_log_take(struct vm *vm, uint64_t *bits, struct hexo_error *err)
{
	struct kvm_dirty_log log = { .dirty_bitmap = bits };

	if (ioctl(kvm.vm, KVM_GET_DIRTY_LOG, &log) < 0)
		return hexo_fail_errno(err, "cannot read KVM's log of writes");
	return 0;
}

/* If KVM keeps its log that costs time, nothing else. */
static void kvm_log_stop(struct vm *vm)
{
	(void)kvm_set_slot(vm, 0);
}

static int kvm_create(struct vm *vm, struct hexo_error *err)
{
	struct vm_kvm *k = &kvm;
	int len, r;

	r = kvm_probe(err);
	if (r < 0)
		return r;
	k->memory = &vm->memory;
	k->entry = vm->elf.entry;
	k->stack = vm->memory.layout.nstack_high;
	k->vm = ioctl(k->kvm, KVM_CREATE_VM, 0);
	if (k->vm < 0)
		return hexo_fail_errno(err, "cannot create a KVM VM");
	if (kvm_set_slot(vm, 0) < 0)
		return hexo_fail_errno(err,
				       "cannot give the KVM VM its memory");
	k->vcpu = ioctl(k->vm, KVM_CREATE_VCPU, 0);
	if (k->vcpu < 0)
		return hexo_fail_errno(err, "cannot create a KVM vCPU");
	len = ioctl(k->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (len < (int)sizeof(*k->run))
		return hexo_fail_errno(err, "cannot size the KVM vCPU");
	k->run = mmap(NULL, (size_t)len, PROT_READ | PROT_WRITE, MAP_SHARED,
		      k->vcpu, 0);
	if (k->run == MAP_FAILED)
		return hexo_fail_errno(err, "cannot map the KVM vCPU");
	k->run_len = (uint32_t)len;
	return vm_kvm_setup(k, err);
}

static void kvm_descriptors(int *vm, int *vcpu)
{
	*vm = kvm.vm;
	*vcpu = kvm.vcpu;
}

static int kvm_run(struct vm *vm, struct hexo_error *err)
{
	while (!vm_is_over(vm)) {
		struct vm_exit exit = { .registers = &vm->registers };
		int r;

		if (ioctl(kvm.vcpu, KVM_RUN, 0) < 0) {
			if (errno == EINTR || errno == EAGAIN)
				continue;
			return hexo_fail_errno(err, "cannot run the KVM vCPU");
		}
		r = vm_kvm_exit(&kvm, &exit, err);
		if (r < 0)
			return r;
		if (exit.hypercall)
			vm_hypercall(vm, exit.number, exit.request);
		else
			vm_fault(vm, &exit.fault);
	}
	return 0;
}

const struct vm_backend vm_backend_kvm = {
	.name = "kvm",
	.number = 0,
	.probe = kvm_probe,
	.create = kvm_create,
	.log_start = kvm_log_start,
	.log_take = kvm_log_take,
	.log_stop = kvm_log_stop,
	.descriptors = kvm_descriptors,
	.run = kvm_run,
};
