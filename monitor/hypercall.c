/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hypercalls. Each works on a copy of the guest's request that was taken
 * once, so that nothing can change between check and use.
 */
#include "hexo/hypercall.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/base.h"
#include "hexo/io.h"
#include "monitor/vm.h"

enum { LOG_MAX = 1024, RANDOM_MAX = 1 << 20, RANDOM_STEP = 4096 };

static int64_t call_exit(struct vm *vm, void *request)
{
	const struct hexo_hc_exit *q = request;
	struct hexo_msg_usage u = { .status = q->status };

	if (q->status >= HEXO_EXIT_SIGNAL + 128)
		return -EINVAL;
	(void)vm_probe_check(&vm->link, true);
	if (vm_fault_is_signal(q->status)) {
		char text[64];

		snprintf(text, sizeof(text),
			 "guest fault: the program raised SIG%s",
			 sigabbrev_np((int)(q->status - HEXO_EXIT_SIGNAL)));
		vm_end_fault(vm, q->status, 0, text);
		return 0;
	}
	vm_usage(vm, true, &u);
	u.step_ns = vm->main_ns;
	if (vm_step(vm, VM_END, &vm->failure) < 0 ||
	    vm_link_send(&vm->link, HEXO_MSG_EXIT, &u, sizeof(u),
			 &vm->failure) < 0)
		return vm_give_up(vm);
	return 0;
}

static int64_t call_parking(struct vm *vm, void *request)
{
	vm->step_begin = base_now_ns();
	return 0;
}

static int64_t call_park(struct vm *vm, void *request)
{
	const struct hexo_hc_park *q = request;
	const struct hexo_layout *l = &vm->memory.layout;

	if (q->frame_bytes > l->frames_high - l->frames_low ||
	    q->frame_bytes % 16 || q->frames > q->frame_bytes / 16)
		return -EINVAL;
	if (vm_link_posts(&vm->link))
		return -EBUSY;
	vm->frames = q->frames;
	vm->frame_bytes = q->frame_bytes;
	vm_parked(vm);
	return 0;
}

static int64_t call_resumed(struct vm *vm, void *request)
{
	struct hexo_msg_usage u = { 0 };

	u.step_ns = base_now_ns() - vm->step_begin;
	vm->step_begin = 0;
	vm_usage(vm, false, &u);
	if (vm_step(vm, VM_RESUMED, &vm->failure) < 0 ||
	    vm_link_send(&vm->link, HEXO_MSG_RUNNING, &u, sizeof(u),
			 &vm->failure) < 0)
		return vm_give_up(vm);
	return 0;
}

static int64_t call_clock(struct vm *vm, void *request)
{
	struct hexo_hc_clock *q = request;
	struct timespec t;

	switch (q->clock) {
	case 0:
		clock_gettime(CLOCK_REALTIME, &t);
		q->ns = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
		return 0;
	case 1:
		q->ns = vm_monotonic_ns(vm);
		return 0;
	case 2:
		q->ns = vm->cpu_base + vm_cpu_ns();
		return 0;
	default:
		return -EINVAL;
	}
}

static int64_t call_sleep(struct vm *vm, void *request)
{
	struct hexo_hc_sleep *q = request;

	q->remaining = vm_link_sleep(&vm->link, q->ns);
	return q->remaining ? -EINTR : 0;
}

static int64_t call_random(struct vm *vm, void *request)
{
	const struct hexo_hc_buffer *q = request;
	char *to = vm_memory_at(&vm->memory, vm_gva(q->addr), q->len, true);
	size_t done = 0;

	if (!to)
		return -EFAULT;
	if (q->len > RANDOM_MAX)
		return -EINVAL;
	/* Where memory is protected (guard.h), a system call cannot write. */
	while (done < q->len) {
		size_t left = q->len - done;
		char some[RANDOM_STEP];
		ssize_t n =
			getrandom(some, left < RANDOM_STEP ? left : RANDOM_STEP,
				  0);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			memcpy(to + done, some, (size_t)n);
			done += (size_t)n;
		}
	}
	return (int64_t)done;
}

/* Writes the home's answer into the guest. Returns its result. */
static int64_t io_answer(struct vm *vm, struct hexo_hc_io *q, char *out)
{
	const struct migrate_msg *m = vm_link_take(&vm->link);
	struct hexo_msg_io_reply reply;
	size_t len;

	if (m->type != HEXO_MSG_IO_REPLY) {
		hexo_fail(&vm->failure, -EPROTO,
			  "%s message where IO_REPLY is due",
			  migrate_msg_name(m->type));
		goto bad;
	}
	if (migrate_msg_check(m, sizeof(reply), false, &vm->failure) < 0)
		goto bad;
	memcpy(&reply, m->data, sizeof(reply));
	len = m->len - sizeof(reply);
	if (len > q->out_len) {
		hexo_fail(&vm->failure, -EPROTO,
			  "IO_REPLY brings %zu bytes, asked were %" PRIu64, len,
			  q->out_len);
		goto bad;
	}
	memcpy(out, (char *)m->data + sizeof(reply), len);
	q->out_used = len;
	vm_link_release(&vm->link);
	return reply.result;
bad:
	vm_link_release(&vm->link);
	return vm_give_up(vm);
}

/* Sends an operation. Where its answer is to go is left in *out, unless it is
 * posted: then it gets none. */
static int64_t io_send(struct vm *vm, struct hexo_hc_io *q, char **out)
{
	struct hexo_msg_io msg = { .op = q->op };
	struct iovec parts[2] = { { &msg, sizeof(msg) } };
	char *in =
		vm_memory_at(&vm->memory, vm_gva(q->in_addr), q->in_len, false);
	char *to = vm_memory_at(&vm->memory, vm_gva(q->out_addr), q->out_len,
				true);
	int r;

	q->out_used = 0;
	if (q->op == 0 || q->op >= HEXO_IO_OPS)
		return -ENOSYS;
	if (!in || !to)
		return -EFAULT;
	if (q->in_len > HEXO_IO_MAX || q->out_len > HEXO_IO_MAX)
		return -EINVAL;
	if (out)
		*out = to;
	else if (q->out_len)
		return -EINVAL;
	else if ((r = vm_link_post(&vm->link)) < 0)
		return r;
	msg.out_len = (uint32_t)q->out_len;
	memcpy(msg.arg, q->arg, sizeof(msg.arg));
	parts[1] = (struct iovec){ in, q->in_len };
	if (vm_link_sendv(&vm->link, HEXO_MSG_IO, parts, 2, &vm->failure) < 0)
		return vm_give_up(vm);
	return 0;
}

static int64_t call_io(struct vm *vm, void *request)
{
	char *out;
	int64_t r = io_send(vm, request, &out);

	return r < 0 ? r : io_answer(vm, request, out);
}

static int64_t call_io_post(struct vm *vm, void *request)
{
	return io_send(vm, request, NULL);
}

static int64_t call_io_take(struct vm *vm, void *request)
{
	const struct hexo_hc_buffer *q = request;
	int64_t results[HEXO_IO_POSTS_MAX];
	char *to = vm_memory_at(&vm->memory, vm_gva(q->addr), q->len, true);
	int r;

	if (!to)
		return -EFAULT;
	if (q->len > sizeof(results) || q->len % sizeof(*results))
		return -EINVAL;
	r = vm_link_take_posts(&vm->link, results, q->len / sizeof(*results));
	if (r < 0)
		return r;
	memcpy(to, results, q->len);
	return (int64_t)q->len;
}

static int64_t call_boot(struct vm *vm, void *request)
{
	const struct hexo_hc_buffer *q = request;
	uint64_t len = q->len < vm->boot_len ? q->len : vm->boot_len;
	char *to = vm_memory_at(&vm->memory, vm_gva(q->addr), len, true);

	if (!to)
		return -EFAULT;
	if (len)
		memcpy(to, vm->boot, len);
	if (!vm->main_ns)
		vm->main_ns = base_now_ns() - vm->process_ns;
	return vm->boot_len;
}

static int64_t call_discard(struct vm *vm, void *request)
{
	const struct hexo_hc_buffer *q = request;
	int r = vm_memory_discard(&vm->memory, vm_gva(q->addr), q->len);

	return r < 0 ? r : (int64_t)q->len;
}

static int64_t call_touch(struct vm *vm, void *request)
{
	const struct hexo_hc_buffer *q = request;
	int r;

	if (!vm_memory_check(&vm->memory, vm_gva(q->addr), q->len, true))
		return -EFAULT;
	if (q->len > HEXO_TOUCH_MAX)
		return -EINVAL;
	r = vm_memory_touch(&vm->memory, vm_gva(q->addr), q->len);
	return r < 0 ? r : (int64_t)q->len;
}

/* One printable line of at most LOG_MAX bytes from the guest. */
static int64_t guest_text(struct vm *vm, const struct hexo_hc_buffer *q,
			  char text[LOG_MAX + 1])
{
	uint64_t len = q->len < LOG_MAX ? q->len : LOG_MAX, i;
	const char *from =
		vm_memory_at(&vm->memory, vm_gva(q->addr), len, false);

	if (!from)
		return -EFAULT;
	if (len)
		memcpy(text, from, len);
	while (len && text[len - 1] == '\n')
		len--;
	for (i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			text[i] = '?';
	text[len] = '\0';
	return (int64_t)len;
}

static int64_t call_log(struct vm *vm, void *request)
{
	const struct hexo_hc_buffer *q = request;
	char text[LOG_MAX + 1];
	int64_t len = guest_text(vm, q, text);

	if (len >= 0 && vm_link_send(&vm->link, HEXO_MSG_LOG, text, (size_t)len,
				     &vm->failure) < 0)
		return vm_give_up(vm);
	return len;
}

static int64_t call_panic(struct vm *vm, void *request)
{
	char text[LOG_MAX + 1], report[LOG_MAX + 32];

	if (guest_text(vm, request, text) < 0)
		strcpy(text, "(its message is outside of its memory)");
	snprintf(report, sizeof(report), "guest panic: %s", text);
	vm_end_fault(vm, HEXO_EXIT_SIGNAL + SIGABRT, 0, report);
	return 0;
}

/* What a request begins with, whatever follows. */
union request {
	int64_t result;
	struct hexo_hc_exit exit;
	struct hexo_hc_park park;
	struct hexo_hc_event event;
	struct hexo_hc_clock clock;
	struct hexo_hc_sleep sleep;
	struct hexo_hc_buffer buffer;
	struct hexo_hc_io io;
};

static const struct {
	int64_t (*call)(struct vm *vm, void *request);
	uint32_t size;
} calls[HEXO_HC_COUNT] = {
	[HEXO_HC_EXIT] = { call_exit, sizeof(struct hexo_hc_exit) },
	[HEXO_HC_PARK] = { call_park, sizeof(struct hexo_hc_park) },
	[HEXO_HC_CLOCK] = { call_clock, sizeof(struct hexo_hc_clock) },
	[HEXO_HC_SLEEP] = { call_sleep, sizeof(struct hexo_hc_sleep) },
	[HEXO_HC_RANDOM] = { call_random, sizeof(struct hexo_hc_buffer) },
	[HEXO_HC_IO] = { call_io, sizeof(struct hexo_hc_io) },
	[HEXO_HC_BOOT] = { call_boot, sizeof(struct hexo_hc_buffer) },
	[HEXO_HC_DISCARD] = { call_discard, sizeof(struct hexo_hc_buffer) },
	[HEXO_HC_LOG] = { call_log, sizeof(struct hexo_hc_buffer) },
	[HEXO_HC_PANIC] = { call_panic, sizeof(struct hexo_hc_buffer) },
	[HEXO_HC_PARKING] = { call_parking, sizeof(struct hexo_hc_event) },
	[HEXO_HC_RESUMED] = { call_resumed, sizeof(struct hexo_hc_event) },
	[HEXO_HC_TOUCH] = { call_touch, sizeof(struct hexo_hc_buffer) },
	[HEXO_HC_IO_POST] = { call_io_post, sizeof(struct hexo_hc_io) },
	[HEXO_HC_IO_TAKE] = { call_io_take, sizeof(struct hexo_hc_buffer) },
};

static void hypercall(struct vm *vm, uint32_t number, uint64_t request)
{
	bool known = number < HEXO_HC_COUNT && calls[number].call;
	uint32_t size = known ? calls[number].size : sizeof(int64_t);
	void *in_guest = vm_memory_at(&vm->memory, vm_gva(request), size, true);
	union request q;

	if (!in_guest) {
		vm_fault(vm, &(struct vm_fault){ .cause = VM_CAUSE_REQUEST,
						 .addr = request });
		return;
	}
	if (!known) {
		q.result = -ENOSYS;
		memcpy(in_guest, &q.result, sizeof(q.result));
		return;
	}
	memcpy(&q, in_guest, size);
	q.result = calls[number].call(vm, &q);
	memcpy(in_guest, &q, size);
}

void vm_hypercall(struct vm *vm, uint32_t number, uint64_t request)
{
	vm->dirty.pendings = 0;
	hypercall(vm, number, request);
	vm_dirty_settle(&vm->dirty);
}
