/* SPDX-License-Identifier: Apache-2.0 */
/* There is no debugger interface; the names are for <sys/procfs.h>. */
#define ELF_NGREG 1
typedef unsigned long elf_greg_t, elf_gregset_t[ELF_NGREG];
typedef unsigned long elf_fpregset_t;
