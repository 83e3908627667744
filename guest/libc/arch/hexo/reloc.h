/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing is relocated at run time; the name is for <dynlink.h>. */
#define LDSO_ARCH "hexo"
