/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/probe.h"

#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/base.h"

int cli_probe_open(struct cli_probe *probe, struct cli_loop *loop,
		   struct hexo_error *err)
{
	probe->watch.fd =
		timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (probe->watch.fd < 0)
		return hexo_fail_errno(err, "cannot make a timer");
	srandom((unsigned)base_now_ns());
	return cli_loop_watch(loop, &probe->watch, EPOLLIN, err);
}

void cli_probe_close(struct cli_probe *probe)
{
	if (probe->watch.fd >= 0)
		close(probe->watch.fd);
	free(probe->wall_ns);
	free(probe->cpu_ns);
}

void cli_probe_next(struct cli_probe *probe)
{
	uint64_t ns = probe->mean_us * 2000;
	struct itimerspec t = { 0 };

	if (!ns)
		return;
	ns = (uint64_t)((double)ns * (double)random() / RAND_MAX) + 1;
	t.it_value.tv_sec = (time_t)(ns / 1000000000);
	t.it_value.tv_nsec = (long)(ns % 1000000000);
	timerfd_settime(probe->watch.fd, 0, &t, NULL);
}

bool cli_probe_due(struct cli_probe *probe)
{
	uint64_t expired;

	return read(probe->watch.fd, &expired, sizeof(expired)) > 0;
}

void cli_probe_add(struct cli_probe *probe, const struct hexo_msg_probed *m)
{
	size_t size = (probe->count + 1) * sizeof(*probe->wall_ns);

	probe->wall_ns = base_realloc(probe->wall_ns, size);
	probe->cpu_ns = base_realloc(probe->cpu_ns, size);
	probe->wall_ns[probe->count] = m->wall_ns;
	probe->cpu_ns[probe->count++] = m->cpu_ns;
}

static int probe_compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static json_t *probe_figures(uint64_t *ns, unsigned count)
{
	if (!count)
		return json_null();
	qsort(ns, count, sizeof(*ns), probe_compare);
	return json_pack("{s:f, s:f, s:f}", "p50",
			 (double)ns[(count - 1) / 2] / 1e3, "p99",
			 (double)ns[(count - 1) * 99 / 100] / 1e3, "max",
			 (double)ns[count - 1] / 1e3);
}

json_t *cli_probe_json(struct cli_probe *probe)
{
	if (!probe->mean_us)
		return NULL;
	return json_pack("{s:i, s:o, s:o}", "count", (int)probe->count,
			 "wall_us", probe_figures(probe->wall_ns, probe->count),
			 "cpu_us", probe_figures(probe->cpu_ns, probe->count));
}
