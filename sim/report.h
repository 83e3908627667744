/* SPDX-License-Identifier: Apache-2.0 */
/* What a simulation has shown, for people and for programs. */
#ifndef HEXO_SIM_REPORT_H
#define HEXO_SIM_REPORT_H

#include <jansson.h>

#include "sim/world.h"

void sim_report_print(const struct sim_input *in, const struct sim_result *r);

/* The caller's to json_decref(). */
json_t *sim_report_json(const struct sim_input *in, const struct sim_result *r);

#endif
