/* SPDX-License-Identifier: Apache-2.0 */
/* The ISAs, as numbers in formats and as names in commands and manifests. */
#ifndef HEXO_ISA_H
#define HEXO_ISA_H

/*            number  name       ELF e_machine */
#define HEXO_ISA_LIST(X)           \
	X(1, x86_64, "x86-64", 62) \
	X(2, aarch64, "aarch64", 183)

enum hexo_isa {
	HEXO_ISA_NONE = 0,
#define X(number, id, name, machine) HEXO_ISA_##id = number,
	HEXO_ISA_LIST(X)
#undef X
};

#endif
