/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/base.h"
#include "base/thread.h"
#include "monitor/bits.h"
#include "monitor/vm.h"

/* ---- what the kernel does ---- */

/* Without the privilege to hear of the kernel's own faults those of this
 * program are enough for a guest that is part of it. */
static int uffd_open(bool kvm)
{
	const int flags = O_CLOEXEC;
	int fd = (int)syscall(SYS_userfaultfd, flags), dev;

	if (fd >= 0)
		return fd;
	dev = open("/dev/userfaultfd", O_RDWR | O_CLOEXEC);
	if (dev >= 0) {
		fd = ioctl(dev, USERFAULTFD_IOC_NEW, flags);
		close(dev);
	}
	if (fd < 0 && !kvm)
		fd = (int)syscall(SYS_userfaultfd, flags | UFFD_USER_MODE_ONLY);
	return fd;
}

void vm_fetch_open(struct vm_fetch *f, struct vm *vm, bool kvm)
{
	struct uffdio_api api = { .api = UFFD_API };

	*f = (struct vm_fetch){ .vm = vm };
	f->fd = uffd_open(kvm);
	if (f->fd >= 0 && ioctl(f->fd, UFFDIO_API, &api) == 0)
		return;
	f->why = errno ? errno : ENOSYS;
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

/* Puts whole pages where none are: data, or zeros. */
static int fetch_place(struct vm_fetch *f, uint64_t addr, uint64_t len,
		       const void *data)
{
	uint64_t at = f->vm->memory.base + addr, done = 0;

	while (done < len) {
		struct uffdio_copy copy = {
			.dst = at + done,
			.src = (uintptr_t)data + done,
			.len = len - done,
		};
		struct uffdio_zeropage zero = {
			.range = { at + done, len - done },
		};
		int r = data ? ioctl(f->fd, UFFDIO_COPY, &copy)
			     : ioctl(f->fd, UFFDIO_ZEROPAGE, &zero);
		int64_t n = data ? copy.copy : zero.zeropage;

		/* Part of it, or nothing while the address space changes. */
		if (n > 0)
			done += (uint64_t)n;
		else if (r < 0 && errno != EAGAIN)
			return -errno;
	}
	return 0;
}

/* ---- faults ---- */

/* A page is there already: whoever waits for it looks again. */
static void fault_wake(struct vm_fetch *f, uint64_t addr)
{
	struct uffdio_range range = { f->vm->memory.base + addr,
				      HEXO_PAGE_SIZE };

	(void)ioctl(f->fd, UFFDIO_WAKE, &range);
}

static void fault_at(struct vm_fetch *f, uint64_t addr)
{
	const struct hexo_msg_need need = { .addr = addr };
	uint64_t bit = vm_dirty_bit(addr);

	pthread_mutex_lock(&f->lock);
	if (!f->on || !vm_bits_get(f->missing, bit)) {
		if (!f->on || fetch_place(f, addr, HEXO_PAGE_SIZE, NULL) < 0)
			fault_wake(f, addr);
	} else if (!vm_bits_get(f->asked, bit)) {
		vm_bits_fill(f->asked, bit, 1, true);
		f->faults++;
		/* Under the lock, for no NEED may come after WHOLE. That the
		 * connection is gone is the channel's thread's care. */
		(void)vm_link_send(&f->vm->link, HEXO_MSG_NEED, &need,
				   sizeof(need), NULL);
	}
	pthread_mutex_unlock(&f->lock);
}

static void *fetch_main(void *arg)
{
	struct vm_fetch *f = arg;
	const struct vm_memory *m = &f->vm->memory;
	struct uffd_msg msg;

	vm_confine(f->vm);
	pthread_mutex_lock(&f->lock);
	while (!f->begun)
		pthread_cond_wait(&f->changed, &f->lock);
	pthread_mutex_unlock(&f->lock);
	for (;;) {
		ssize_t n = read(f->fd, &msg, sizeof(msg));

		if (n == (ssize_t)sizeof(msg) &&
		    msg.event == UFFD_EVENT_PAGEFAULT)
			fault_at(f, (msg.arg.pagefault.address - m->base) &
					    -(uint64_t)HEXO_PAGE_SIZE);
		else if (n < 0 && errno != EINTR && errno != EAGAIN)
			return NULL;
	}
}

int vm_fetch_create(struct vm_fetch *f, struct hexo_error *err)
{
	const size_t size = f->vm->dirty.words * sizeof(*f->missing);
	pthread_t thread;
	int r;

	if (f->fd < 0)
		return 0;
	f->missing = base_alloc(size);
	f->asked = base_alloc(size);
	pthread_mutex_init(&f->lock, NULL);
	base_thread_condition(&f->changed);
	r = base_thread_start(&thread, fetch_main, f, err);
	if (r == 0)
		pthread_detach(thread);
	return r;
}

/* ---- the stream ---- */

static int fetch_register(struct vm_fetch *f, const struct vm_range *g,
			  struct hexo_error *err)
{
	const uint64_t pages = (g->high - g->low) / HEXO_PAGE_SIZE;
	struct uffdio_register reg = {
		.range = { f->vm->memory.base + g->low, g->high - g->low },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	/* Nothing of it has been used yet, but the rule is to be simple. */
	if (madvise((void *)(f->vm->memory.base + g->low), g->high - g->low,
		    MADV_DONTNEED) < 0 ||
	    ioctl(f->fd, UFFDIO_REGISTER, &reg) < 0)
		return hexo_fail_errno(err,
				       "cannot wait for guest memory at "
				       "0x%" PRIx64,
				       g->low);
	vm_bits_fill(f->missing, vm_dirty_bit(g->low), pages, true);
	f->left += pages;
	return 0;
}

int vm_fetch_begin(struct vm_fetch *f, struct hexo_error *err)
{
	const struct vm_memory *m = &f->vm->memory;
	int r = 0;

	if (f->fd < 0)
		return hexo_fail(err, -ENOTSUP,
				 "post-copy needs userfaultfd here: %s",
				 strerror(f->why));
	pthread_mutex_lock(&f->lock);
	for (unsigned i = 0; r == 0 && i < m->ranges; i++)
		if (vm_memory_is_program(m, &m->range[i]))
			r = fetch_register(f, &m->range[i], err);
	if (r == 0) {
		f->began_ns = base_now_ns();
		f->begun = true;
		__atomic_store_n(&f->on, true, __ATOMIC_SEQ_CST);
		pthread_cond_broadcast(&f->changed);
	}
	pthread_mutex_unlock(&f->lock);
	return r;
}

/* Zeros need no page unless somebody waits for them: what is not missing is
 * zero when it is touched. */
static int place_run(struct vm_fetch *f, uint64_t addr, uint32_t count,
		     const char *data)
{
	uint64_t bit = vm_dirty_bit(addr);
	int r = 0;

	if (data)
		r = fetch_place(f, addr, (uint64_t)count * HEXO_PAGE_SIZE,
				data);
	for (uint32_t i = 0; r == 0 && i < count; i++) {
		if (!data && vm_bits_get(f->asked, bit + i))
			r = fetch_place(f, addr + (uint64_t)i * HEXO_PAGE_SIZE,
					HEXO_PAGE_SIZE, NULL);
	}
	vm_bits_fill(f->missing, bit, count, false);
	f->left -= count;
	return r;
}

int vm_fetch_pages(struct vm_fetch *f, uint64_t addr, uint32_t count,
		   const void *data, struct hexo_error *err)
{
	const char *from = data;
	int r = 0;

	pthread_mutex_lock(&f->lock);
	while (r == 0 && count) {
		uint64_t bit = vm_dirty_bit(addr);
		uint32_t n = (uint32_t)vm_bits_run(f->missing, bit, count);
		uint64_t len = (uint64_t)n * HEXO_PAGE_SIZE;

		/* What is not missing was discarded meanwhile. */
		if (vm_bits_get(f->missing, bit))
			r = place_run(f, addr, n, from);
		addr += len;
		from = from ? from + len : NULL;
		count -= n;
	}
	pthread_mutex_unlock(&f->lock);
	return r < 0 ? hexo_fail(err, r,
				 "cannot put memory in place at 0x%" PRIx64
				 ": %s",
				 addr, strerror(-r))
		     : 0;
}

/* All has come: whatever is not there is zero, as in any program. */
static int fetch_end(struct vm_fetch *f, struct hexo_error *err)
{
	const struct vm_memory *m = &f->vm->memory;
	const struct hexo_msg_whole whole = {
		.faults = f->faults,
		.bytes = f->reader.offset,
		.ns = base_now_ns() - f->began_ns,
	};
	uint64_t left;

	pthread_mutex_lock(&f->lock);
	left = f->left;
	if (!left)
		__atomic_store_n(&f->on, false, __ATOMIC_SEQ_CST);
	for (unsigned i = 0; !left && i < m->ranges; i++) {
		const struct vm_range *g = &m->range[i];
		struct uffdio_range range = { m->base + g->low,
					      g->high - g->low };

		if (vm_memory_is_program(m, g))
			(void)ioctl(f->fd, UFFDIO_UNREGISTER, &range);
	}
	pthread_mutex_unlock(&f->lock);
	migrate_reader_free(&f->reader);
	if (left)
		return hexo_fail(err, -EPROTO,
				 "the stream has ended, %" PRIu64
				 " pages have not come",
				 left);
	return vm_link_send(&f->vm->link, HEXO_MSG_WHOLE, &whole, sizeof(whole),
			    err);
}

int vm_fetch_feed(struct vm_fetch *f, const struct migrate_msg *msg,
		  struct hexo_error *err)
{
	struct hexo_msg_got got;
	int r = migrate_reader_feed(&f->reader, msg->data, msg->len, err);

	if (r < 0)
		return r;
	if (migrate_reader_done(&f->reader))
		return fetch_end(f, err);
	got.bytes = f->reader.offset + f->reader.have;
	return vm_link_send(&f->vm->link, HEXO_MSG_GOT, &got, sizeof(got), err);
}
