/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/usage.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "monitor/vm.h"

static int smaps = -1, pagemap = -1;

void vm_usage_open(void)
{
	smaps = open("/proc/self/smaps", O_RDONLY | O_CLOEXEC);
	pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
}

struct smaps {
	const struct vm_memory *m;
	bool outside; /* the mapping being read is not the guest's */
	uint64_t kib;
};

/* A mapping's head begins with its address in hexadecimal, the lines about
 * it with names in capitals. */
static void smaps_line(struct smaps *s, const char *line)
{
	uint64_t low, high;
	char *end;

	if (!strncmp(line, "Rss:", 4)) {
		s->kib += s->outside ? strtoull(line + 4, NULL, 10) : 0;
	} else if (*line < 'A' || *line > 'Z') {
		low = strtoull(line, &end, 16);
		high = *end == '-' ? strtoull(end + 1, NULL, 16) : low;
		s->outside =
			high <= s->m->map || low >= s->m->map + s->m->map_len;
	}
}

uint64_t vm_usage_own(const struct vm_memory *m)
{
	struct smaps s = { .m = m };
	char text[4096];
	size_t have = 0;
	ssize_t n;

	if (smaps < 0 || lseek(smaps, 0, SEEK_SET) < 0)
		return 0;
	while ((n = read(smaps, text + have, sizeof(text) - 1 - have)) > 0) {
		char *line = text, *end;

		have += (size_t)n;
		text[have] = '\0';
		while ((end = strchr(line, '\n'))) {
			*end = '\0';
			smaps_line(&s, line);
			line = end + 1;
		}
		have -= (size_t)(line - text);
		memmove(text, line, have);
	}
	return s.kib << 10;
}

/* Reads the entries of count pages; false if the host cannot tell. */
static bool pagemap_read(const struct vm_memory *m, uint64_t addr,
			 unsigned count, uint64_t *entries)
{
	size_t want = count * sizeof(*entries);
	uint64_t page = (m->base + addr) / HEXO_PAGE_SIZE;

	return pread(pagemap, entries, want,
		     (off_t)(page * sizeof(*entries))) == (ssize_t)want;
}

/* In memory, or swapped out. */
static bool entry_touched(uint64_t entry)
{
	return entry >> 62;
}

/* Under an emulator that puts guest addresses elsewhere the file speaks of
 * other memory: believed only if it is right about two known pages. */
static bool pagemap_usable(const struct vm_memory *m)
{
	uint64_t used, hole;

	return pagemap >= 0 && pagemap_read(m, HEXO_CONTROL_BASE, 1, &used) &&
	       pagemap_read(m, m->layout.portable_high, 1, &hole) &&
	       entry_touched(used) && !entry_touched(hole);
}

void vm_usage_touched(const struct vm_memory *m, uint64_t addr, unsigned count,
		      uint8_t *touched)
{
	static uint64_t entries[VM_TOUCHED_MAX];
	unsigned i;

	if (count > VM_TOUCHED_MAX || sysconf(_SC_PAGESIZE) != HEXO_PAGE_SIZE ||
	    !pagemap_usable(m) || !pagemap_read(m, addr, count, entries)) {
		memset(touched, 1, count);
		return;
	}
	for (i = 0; i < count; i++)
		touched[i] = entry_touched(entries[i]);
}

void vm_usage(const struct vm *vm, bool memory, struct hexo_msg_usage *u)
{
	struct rusage r;

	u->polls = vm->control->polls;
	u->cpu_ns = vm_cpu_ns();
	if (!memory)
		return;
	if (getrusage(RUSAGE_SELF, &r) == 0)
		u->peak_memory = (uint64_t)r.ru_maxrss << 10;
	u->own_memory = vm_usage_own(&vm->memory);
}
