/* SPDX-License-Identifier: Apache-2.0 */
/* -fhexo-report: what the passes did to each function. */
#ifndef HEXO_TOOLCHAIN_REPORT_H
#define HEXO_TOOLCHAIN_REPORT_H

#include "toolchain/pass/pass.h"

/* A pass_stats.on_function: lines on stderr. */
void tc_report_function(const struct pass_function *f);

/* When all functions are told. */
void tc_report_all(const struct pass_stats *s);

#endif
