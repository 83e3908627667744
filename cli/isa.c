/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/isa.h"

#include <stddef.h>
#include <string.h>
#include <sys/utsname.h>

static const struct {
	enum hexo_isa isa;
	const char *name, *machine;
} isas[] = {
#define X(number, id, isa_name, elf) { HEXO_ISA_##id, isa_name, #id },
	HEXO_ISA_LIST(X)
#undef X
};

enum { ISA_COUNT = sizeof(isas) / sizeof(isas[0]) };

enum hexo_isa cli_isa_by_name(const char *name)
{
	for (size_t i = 0; i < ISA_COUNT; i++)
		if (!strcmp(isas[i].name, name))
			return isas[i].isa;
	return HEXO_ISA_NONE;
}

const char *cli_isa_name(enum hexo_isa isa)
{
	for (size_t i = 0; i < ISA_COUNT; i++)
		if (isas[i].isa == isa)
			return isas[i].name;
	return "unknown";
}

const char *cli_isa_machine(enum hexo_isa isa)
{
	for (size_t i = 0; i < ISA_COUNT; i++)
		if (isas[i].isa == isa)
			return isas[i].machine;
	return "unknown";
}

enum hexo_isa cli_isa_host(void)
{
	struct utsname host;

	if (uname(&host) < 0)
		return HEXO_ISA_NONE;
	for (size_t i = 0; i < ISA_COUNT; i++)
		if (!strcmp(isas[i].machine, host.machine))
			return isas[i].isa;
	return HEXO_ISA_NONE;
}
