/* SPDX-License-Identifier: Apache-2.0 */
/* The hypercalls. */
#include "guest/kernel/kernel.h"

KERNEL_NEVER_WAITS

/*
 * Requests must lie below 4 GiB. Escaping locals may lie on the portable
 * stack, far above; so may zero-initialised data of a program with huge
 * arrays. Initialised data comes first: hence the value here.
 */
static union {
	struct hexo_hc_exit exit;
	struct hexo_hc_park park;
	struct hexo_hc_event event;
	struct hexo_hc_clock clock;
	struct hexo_hc_sleep sleep;
	struct hexo_hc_buffer buffer;
	struct hexo_hc_io io;
} request = { .exit = { .result = -ENOSYS } };

_Noreturn void kernel_exit(uint64_t status)
{
	kernel_post_end();
	request.exit.status = status;
	hexo_hypercall(HEXO_HC_EXIT, &request);
	__builtin_trap();
}

int64_t kernel_hypercall_park(uint64_t frames, uint64_t frame_bytes)
{
	request.park.frames = frames;
	request.park.frame_bytes = frame_bytes;
	return hexo_hypercall(HEXO_HC_PARK, &request);
}

void kernel_event(enum hexo_hc which)
{
	hexo_hypercall(which, &request);
}

uint64_t kernel_clock(unsigned clock)
{
	request.clock.clock = clock;
	request.clock.ns = 0;
	hexo_hypercall(HEXO_HC_CLOCK, &request);
	return request.clock.ns;
}

uint64_t kernel_sleep(uint64_t ns)
{
	request.sleep.ns = ns;
	request.sleep.remaining = 0;
	if (hexo_hypercall(HEXO_HC_SLEEP, &request) != -EINTR)
		return 0;
	return request.sleep.remaining < ns ? request.sleep.remaining : ns;
}

int64_t kernel_buffer(enum hexo_hc which, void *data, uint64_t len)
{
	request.buffer.addr = kernel_address(data);
	request.buffer.len = len;
	return hexo_hypercall(which, &request);
}

enum { RANDOM_MAX = 0x10000 }; /* bytes in one call */

long kernel_random(char *to, uint64_t len)
{
	uint64_t done = 0;

	while (done < len) {
		uint64_t n = len - done < RANDOM_MAX ? len - done : RANDOM_MAX;

		if (kernel_buffer(HEXO_HC_RANDOM, to + done, n) < 0)
			return done ? (long)done : -EFAULT;
		done += n;
	}
	return (long)done;
}

int64_t kernel_io(const struct hexo_hc_io *io, uint64_t *out_used)
{
	int64_t result;

	request.io = *io;
	request.io.out_used = 0;
	result = hexo_hypercall(HEXO_HC_IO, &request);
	if (out_used)
		*out_used = request.io.out_used;
	/* What was posted before is done: this costs no waiting. */
	kernel_post_settle();
	return result;
}

int64_t kernel_io_post(const struct hexo_hc_io *io)
{
	request.io = *io;
	return hexo_hypercall(HEXO_HC_IO_POST, &request);
}

KERNEL_NEVER_WAITS_END
