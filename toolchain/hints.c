/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/hints.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define OF_ONE_ISA                                                 \
	"what belongs to one ISA is refused; use C, or vectors of" \
	" the compiler (__attribute__((vector_size)))"
#define NO_ASSEMBLY \
	"inline assembly is not portable; use C or a compiler builtin"
#define NO_WIDE_FLOAT                                                     \
	"floating point is float and double, on every ISA the same; use " \
	"double"

static struct {
	const char *text; /* in the message */
	const char *way_out;
	bool given;
} hints[] = {
	{ "'__builtin_ia32_", OF_ONE_ISA, false },
	{ "'__builtin_neon_", OF_ONE_ISA, false },
	{ "'__builtin_aarch64_", OF_ONE_ISA, false },
	{ "'__builtin_arm_", OF_ONE_ISA, false },
	{ "builtin is not supported on this target", OF_ONE_ISA, false },
	{ "to be used on x86", OF_ONE_ISA, false },
	{ "header is for x86 only", OF_ONE_ISA, false },
	{ "NEON intrinsics not available", OF_ONE_ISA, false },
	{ "ACLE intrinsics support not enabled", OF_ONE_ISA, false },
	{ "function multiversioning is not supported",
	  "one function serves every ISA; leave the attribute out", false },
	{ "unknown register name", NO_ASSEMBLY, false },
	{ "constraint '", NO_ASSEMBLY, false },
	{ "__float128 is not supported", NO_WIDE_FLOAT, false },
	{ "_Float16 is not supported", NO_WIDE_FLOAT, false },
	{ "'_Float128'", NO_WIDE_FLOAT, false },
	{ "'__float128'", NO_WIDE_FLOAT, false },
	{ "'__float80'", NO_WIDE_FLOAT, false },
	{ "decimal type extension", NO_WIDE_FLOAT, false },
	{ "_BitInt is not supported", "use an integer of 8 to 128 bits",
	  false },
	{ "__builtin_setjmp is not", "use setjmp", false },
	{ "__builtin_longjmp is not", "use longjmp", false },
};

/* Takes out what only colours the text on a terminal: ESC [ ... letter. */
static void strip_colours(char *line)
{
	char *to = line;

	for (const char *from = line; *from;) {
		if (from[0] == '\033' && from[1] == '[') {
			from += 2 + strspn(from + 2, "0123456789;");
			from += *from != '\0';
			continue;
		}
		*to++ = *from++;
	}
	*to = '\0';
}

/* Where the line's file was included, in the compiler's own words for it:
 * the outermost place is the first of a group. In a static buffer. */
static const char *included_from(const char *line)
{
	static const char words[] = "In file included from ";
	static char place[512];
	static bool more;
	bool is_place = strncmp(line, words, sizeof(words) - 1) == 0;

	if (is_place && !more)
		snprintf(place, sizeof(place), "%.*s",
			 (int)strcspn(line + sizeof(words) - 1, ":") +
				 (int)strcspn(strchr(line, ':') + 1, ":") + 1,
			 line + sizeof(words) - 1);
	else if (!is_place && !more)
		place[0] = '\0';
	more = is_place;
	return place;
}

static void give(size_t k, const char *place, int len)
{
	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		if (strcmp(hints[i].way_out, hints[k].way_out) == 0)
			hints[i].given = true;
	fprintf(stderr, "hexo-cc: %.*s: %s\n", len, place, hints[k].way_out);
}

void tc_hints_line(char *line)
{
	static bool in_header; /* its other errors follow from the first */
	const char *message, *place;

	strip_colours(line);
	place = included_from(line);
	message = strstr(line, ": error: ");
	if (!message || (*place && in_header))
		return;
	for (size_t k = 0; k < sizeof(hints) / sizeof(hints[0]); k++) {
		if (hints[k].given || !strstr(message, hints[k].text))
			continue;
		if (*place)
			give(k, place, (int)strlen(place));
		else
			give(k, line, (int)(message - line));
		in_header = *place;
		return;
	}
}
