/* SPDX-License-Identifier: Apache-2.0 */
#undef __WORDSIZE
#define __WORDSIZE 64
