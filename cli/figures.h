/* SPDX-License-Identifier: Apache-2.0 */
/* Figures as people read them, two to five digits of each. Pure. */
#ifndef HEXO_CLI_FIGURES_H
#define HEXO_CLI_FIGURES_H

#include <stdint.h>

enum { CLI_FIGURE_MAX = 32 };

struct cli_figure {
	char text[CLI_FIGURE_MAX];
};

struct cli_figure cli_figure_size(uint64_t bytes);         /* "412 MiB" */
struct cli_figure cli_figure_speed(uint64_t bytes_second); /* "11.8 MB/s" */
struct cli_figure cli_figure_time(uint64_t ns);            /* "35 s" */

#endif
