/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/figures.h"

#include <stdio.h>

static struct cli_figure figure(double value, const char *unit)
{
	struct cli_figure f;

	snprintf(f.text, sizeof(f.text), "%.*f %s", value < 99.95, value, unit);
	return f;
}

struct cli_figure cli_figure_size(uint64_t bytes)
{
	if (bytes < UINT64_C(1) << 20)
		return figure((double)bytes / 1024, "KiB");
	if (bytes < UINT64_C(10) << 30)
		return figure((double)bytes / (1 << 20), "MiB");
	return figure((double)bytes / (1 << 30), "GiB");
}

struct cli_figure cli_figure_speed(uint64_t bytes_second)
{
	if (bytes_second < 1000000)
		return figure((double)bytes_second / 1e3, "kB/s");
	if (bytes_second < UINT64_C(10000000000))
		return figure((double)bytes_second / 1e6, "MB/s");
	return figure((double)bytes_second / 1e9, "GB/s");
}

struct cli_figure cli_figure_time(uint64_t ns)
{
	if (ns < 1000000000)
		return figure((double)ns / 1e6, "ms");
	if (ns < UINT64_C(120000000000))
		return figure((double)ns / 1e9, "s");
	if (ns < UINT64_C(7200000000000))
		return figure((double)ns / 60e9, "min");
	return figure((double)ns / 3600e9, "h");
}
