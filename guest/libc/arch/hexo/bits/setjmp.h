/* SPDX-License-Identifier: Apache-2.0 */
/* Room for struct hexo_jump of <hexo/frame.h>. */
typedef unsigned long __jmp_buf[8];
