/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of the program: brk from the end of the image up, mappings from the
 * end of portable memory down. Protection is accepted and not enforced.
 * Pages that are given back are discarded at the host, so that they read as
 * zero and no move carries them.
 */
#include "guest/kernel/file.h"
#include "guest/kernel/kernel.h"
#include "guest/kernel/region.h"
#include "guest/kernel/syscall.h"

KERNEL_NEVER_WAITS

/* Mappings of this size and more start where a huge page may. */
#define BIG HEXO_HUGE_SIZE

/*
 * The host finds memory when it is first used, for a whole huge page at once,
 * which takes it milliseconds where it is itself a VM. A loop may come to many
 * such pages before its next poll. So memory is asked for when the program
 * gets it, with polls between, as long as it has at most AHEAD bytes: a
 * program that has more may have it for a sparse structure.
 */
#define AHEAD (UINT64_C(256) << 20)

/* Bytes between polls. */
_Static_assert(BIG <= HEXO_TOUCH_MAX, "touched by one hypercall");

#define GIVE (UINT64_C(32) << 20)
#define COPY (UINT64_C(256) << 10)

static struct {
	uint64_t low, high; /* the brk area begins at low */
	uint64_t brk;       /* its end, any byte */
} mem;

static uint64_t page_up(uint64_t x)
{
	return (x + HEXO_PAGE_SIZE - 1) & ~(uint64_t)(HEXO_PAGE_SIZE - 1);
}

static bool is_page(uint64_t x)
{
	return !(x % HEXO_PAGE_SIZE);
}

static void discard(uint64_t low, uint64_t high)
{
	if (low < high)
		kernel_buffer(HEXO_HC_DISCARD, (void *)low, high - low);
}

void kernel_mem_init(uint64_t low, uint64_t high)
{
	mem.low = mem.brk = page_up(low);
	mem.high = high;
	kernel_region_init(mem.low, high);
}

uint64_t kernel_mem_total(void)
{
	return kernel_control()->memory;
}

uint64_t kernel_mem_free(void)
{
	return mem.high - page_up(mem.brk) - kernel_region_used();
}

/* Says once why memory is short, as programs seldom do. */
static void out_of_memory(uint64_t size)
{
	static bool said;
	struct kernel_line l = { 0 };

	if (said)
		return;
	said = true;
	kernel_line_text(&l, "out of memory: the program asked for ");
	kernel_line_number(&l, size);
	kernel_line_text(&l, " bytes, ");
	kernel_line_number(&l, kernel_mem_free());
	kernel_line_text(&l, " of --memory ");
	kernel_line_number(&l, kernel_mem_total());
	kernel_line_text(&l, " are free");
	kernel_line_log(&l);
}

uint64_t kernel_mem_try(uint64_t size)
{
	uint64_t at = 0;

	if (size <= mem.high - mem.low && size >= BIG)
		at = kernel_region_place(size, HEXO_HUGE_SIZE);
	if (size <= mem.high - mem.low && !at)
		at = kernel_region_place(size, HEXO_PAGE_SIZE);
	if (!at || kernel_region_add(at, at + size))
		return 0;
	return at;
}

uint64_t kernel_mem_take(uint64_t size)
{
	uint64_t at = kernel_mem_try(size);

	if (!at && kernel_ahead_forget_all())
		at = kernel_mem_try(size);
	if (!at)
		out_of_memory(size);
	return at;
}

void kernel_mem_give(uint64_t addr, uint64_t size)
{
	if (!kernel_region_remove(addr, addr + size))
		discard(addr, addr + size);
}

long sys_mprotect(uint64_t addr, uint64_t len, int prot)
{
	return is_page(addr) ? 0 : -EINVAL;
}

long sys_msync(uint64_t addr, uint64_t len, int flags)
{
	return is_page(addr) ? 0 : -EINVAL;
}

long sys_mlock(uint64_t addr, uint64_t len)
{
	return 0;
}

long sys_munlock(uint64_t addr, uint64_t len)
{
	return 0;
}

KERNEL_NEVER_WAITS_END

/* What follows may take long. Each loop here has a poll at its end. */

void kernel_mem_touch(uint64_t low, uint64_t high)
{
	uint64_t used =
		page_up(mem.brk) - HEXO_PORTABLE_BASE + kernel_region_used();

	if (high - low < BIG || used > AHEAD)
		return;
	while (low < high) {
		uint64_t next = (low + BIG) & ~(uint64_t)(BIG - 1);

		if (next > high)
			next = high;
		kernel_buffer(HEXO_HC_TOUCH, (void *)low, next - low);
		low = next;
	}
}

static void give_back(uint64_t low, uint64_t high)
{
	while (low < high) {
		uint64_t n = high - low < GIVE ? high - low : GIVE;

		discard(low, low + n);
		low += n;
	}
}

static void copy(uint64_t to, uint64_t from, uint64_t size)
{
	for (uint64_t n; size; size -= n, to += n, from += n) {
		n = size < COPY ? size : COPY;
		memcpy((void *)to, (void *)from, n);
	}
}

static int unmap(uint64_t low, uint64_t high)
{
	int status = kernel_region_remove(low, high);

	if (!status)
		give_back(low, high);
	return status;
}

long sys_brk(uint64_t to)
{
	uint64_t end = page_up(mem.brk), new_end = page_up(to);

	/* No complaint: musl tries mmap() next. Asking for 0 is how programs
	 * learn where they are. */
	if (to < mem.low || to > mem.high)
		return (long)mem.brk;
	if (new_end > end && new_end > kernel_region_lowest())
		return (long)mem.brk;
	give_back(new_end, end);
	kernel_region_set_low(new_end);
	mem.brk = to;
	kernel_mem_touch(end, new_end);
	return (long)to;
}

long sys_munmap(uint64_t addr, uint64_t len)
{
	uint64_t high;

	if (!is_page(addr) || !len || len > mem.high || addr > mem.high)
		return -EINVAL;
	high = page_up(addr + len);
	if (high > mem.high)
		high = mem.high;
	if (addr < mem.low)
		return -EINVAL;
	/* In the brk area the pages become zero and stay. */
	return unmap(addr, high);
}

long sys_mremap(uint64_t old, uint64_t old_len, uint64_t len, int flags)
{
	uint64_t end, at;

	if (!is_page(old) || !len || (flags & ~MREMAP_MAYMOVE))
		return -EINVAL;
	if (len > mem.high || old_len > mem.high || old > mem.high) {
		out_of_memory(len);
		return -ENOMEM;
	}
	old_len = page_up(old_len);
	len = page_up(len);
	end = old + old_len;
	if (!old_len || !kernel_region_is_used(old, end))
		return -EFAULT;
	if (len == old_len)
		return (long)old;
	if (len < old_len) {
		unmap(old + len, end);
		return (long)old;
	}
	if (kernel_region_is_free(end, old + len) &&
	    !kernel_region_add(end, old + len)) {
		kernel_mem_touch(end, old + len);
		return (long)old;
	}
	at = flags & MREMAP_MAYMOVE ? kernel_mem_take(len) : 0;
	if (!at)
		return -ENOMEM;
	kernel_mem_touch(at, at + len);
	copy(at, old, old_len);
	unmap(old, end);
	return (long)at;
}

long sys_madvise(uint64_t addr, uint64_t len, int advice)
{
	if (!is_page(addr))
		return -EINVAL;
	if (advice != MADV_DONTNEED)
		return 0;
	if (addr < mem.low || addr > mem.high || len > mem.high - addr)
		return -ENOMEM;
	give_back(addr, page_up(addr + len));
	return 0;
}

/* Makes room at a fixed place: 0, or -errno. The range may lie in the brk
 * area, where it only becomes zero. */
static long place_fixed(uint64_t low, uint64_t high, bool replace)
{
	uint64_t brk_end = page_up(mem.brk);
	int status;

	if (!is_page(low))
		return -EINVAL;
	if (low < mem.low || high > mem.high ||
	    (low < brk_end && high > brk_end))
		return -ENOMEM;
	if (!replace && (high <= brk_end || !kernel_region_is_free(low, high)))
		return -EEXIST;
	give_back(low, high);
	if (high <= brk_end)
		return 0;
	status = kernel_region_remove(low, high);
	return status ? status : kernel_region_add(low, high);
}

static long place(uint64_t addr, uint64_t len, int flags)
{
	uint64_t at;
	long status;

	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
		status = place_fixed(addr, addr + len,
				     !(flags & MAP_FIXED_NOREPLACE));
		return status ? status : (long)addr;
	}
	at = kernel_mem_take(len);
	return at ? (long)at : -ENOMEM;
}

/* A file's mapping is a copy: that is what MAP_PRIVATE promises, and what
 * MAP_SHARED comes to while nobody writes. */
static long check_file(struct kernel_file *f, int prot, int flags, int64_t off)
{
	static bool said;

	if (!f)
		return -EBADF;
	if (off < 0 || !is_page((uint64_t)off))
		return -EINVAL;
	if (f->kind != KERNEL_FILE_REGULAR && f->kind != KERNEL_FILE_ZERO)
		return -ENODEV;
	if ((f->flags & HEXO_O_ACCMODE) == HEXO_O_WRONLY)
		return -EACCES;
	if (f->kind == KERNEL_FILE_REGULAR && (prot & PROT_WRITE) &&
	    (flags & MAP_TYPE) != MAP_PRIVATE) {
		if (!said)
			kernel_log("mmap: writing to a file through a shared "
				   "mapping is not supported");
		said = true;
		return -ENODEV;
	}
	return 0;
}

long sys_mmap(uint64_t addr, uint64_t len, int prot, int flags, int fd,
	      int64_t off)
{
	struct kernel_file *f = NULL;
	long at, status;

	if (!len || !(flags & MAP_TYPE))
		return -EINVAL;
	if (len > mem.high || addr > mem.high) {
		out_of_memory(len);
		return -ENOMEM;
	}
	len = page_up(len);
	if (!(flags & MAP_ANONYMOUS)) {
		f = kernel_file_get(fd);
		status = check_file(f, prot, flags, off);
		if (status)
			return status;
	}
	at = place(addr, len, flags);
	if (at > 0 && (prot & PROT_WRITE) && !(flags & MAP_NORESERVE))
		kernel_mem_touch((uint64_t)at, (uint64_t)at + len);
	if (at < 0 || !f || f->kind != KERNEL_FILE_REGULAR)
		return at;
	status = kernel_file_read(f, (char *)at, len, off);
	if (status < 0) {
		kernel_mem_give((uint64_t)at, len);
		return status;
	}
	return at;
}
