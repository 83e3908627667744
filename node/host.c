/* SPDX-License-Identifier: Apache-2.0 */
#include "node/host.h"

#include <elf.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/base.h"
#include "hexo/isa.h"

/* This program's own ELF header: the linker puts its address here. */
extern const Elf64_Ehdr __ehdr_start __attribute__((visibility("hidden")));

const char *node_host_isa(void)
{
	switch (__ehdr_start.e_machine) {
#define X(number, id, name, machine) \
	case machine:                \
		return name;
		HEXO_ISA_LIST(X)
#undef X
	}
	return "unknown";
}

uint32_t node_host_cpus(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 1;
	return (uint32_t)CPU_COUNT(&set);
}

/* A line "NAME:  N kB" of /proc/meminfo, in bytes; 0 if there is none. */
static uint64_t meminfo(const char *name)
{
	cleanup_file FILE *file = fopen("/proc/meminfo", "re");
	char line[128];
	unsigned long long kb;

	while (file && fgets(line, sizeof(line), file)) {
		size_t n = strlen(name);

		if (!strncmp(line, name, n) && line[n] == ':' &&
		    sscanf(line + n + 1, "%llu", &kb) == 1)
			return kb << 10;
	}
	return 0;
}

uint64_t node_host_memory(void)
{
	return meminfo("MemTotal");
}

uint64_t node_host_available(void)
{
	return meminfo("MemAvailable");
}

bool node_host_kvm(void)
{
	cleanup_close int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	return fd >= 0 && ioctl(fd, KVM_GET_API_VERSION, 0) == KVM_API_VERSION;
}
