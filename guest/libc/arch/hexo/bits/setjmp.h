/* SPDX-License-Identifier: Apache-2.0 */
/* Declared for sources that mention it; the compiler refuses its use. */
typedef unsigned long __jmp_buf[16];
