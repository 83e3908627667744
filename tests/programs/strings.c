/* SPDX-License-Identifier: Apache-2.0 */
/* Strings: searching, splitting, converting, wide characters, patterns. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <locale.h>
#include <regex.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

static const char text[] =
	"Long, compute-intensive jobs start on a server; while they run they "
	"move to small boards and back. What they print does not depend on "
	"where they ran.";

static void split(void)
{
	char copy[sizeof(text)];
	char *save, *word;
	size_t lengths[20] = { 0 };
	int words = 0;

	memcpy(copy, text, sizeof(text));
	for (word = strtok_r(copy, " ,.;", &save); word;
	     word = strtok_r(NULL, " ,.;", &save)) {
		lengths[strlen(word)]++;
		words++;
	}
	printf("%d words, lengths", words);
	for (int i = 1; i < 20; i++)
		printf(" %zu", lengths[i]);
	putchar('\n');
}

static void search(void)
{
	const char *they = text;
	int count = 0;

	while ((they = strstr(they, "they"))) {
		count++;
		they += 4;
	}
	printf("they %d, span %zu %zu, last e %td, first v %td\n", count,
	       strspn(text, "Long"), strcspn(text, ";"),
	       strrchr(text, 'e') - text,
	       (const char *)memchr(text, 'v', sizeof(text)) - text);
	printf("compare %d %d %d\n", strcmp("a", "b") < 0,
	       strncmp("abcd", "abce", 3), memcmp("z", "a", 1) > 0);
}

static void convert(void)
{
	char *end;
	int a;
	unsigned b;
	float f;
	char word[16];

	printf("%ld %ld %lu %lld\n", strtol("-0x7fz", &end, 0),
	       strtol("777", NULL, 8), strtoul("ffff", NULL, 16),
	       strtoll("9223372036854775807", NULL, 10));
	errno = 0;
	printf("%ld %d\n", strtol("99999999999999999999", NULL, 10),
	       errno == ERANGE);
	printf("%d: ", sscanf(" 42 beef, 2.5e3 word tail", "%d %x, %f %15s", &a,
			      &b, &f, word));
	printf("%d %x %g %s\n", a, b, f, word);
	printf("[%8.3s] [%-6d] [%06d] [%+d] [%#x] [%#o] [%" PRIu64 "]\n",
	       "abcdef", 42, -42, 42, 255, 8, UINT64_MAX);
	printf("[%*d] [%.*s] [%5c] [%hhd] [%hd]\n", 6, 42, 2, "xyz", 'c', 300,
	       70000);
}

static void characters(void)
{
	uint32_t classes = 0;

	for (int c = 0; c < 256; c++)
		classes = classes * 31 + !!isalpha(c) + 2 * !!isdigit(c) +
			  4 * !!ispunct(c) + 8 * !!isspace(c) +
			  16 * !!iscntrl(c) + (uint32_t)toupper(c);
	printf("classes %08x\n", classes);
}

static void wide(void)
{
	wchar_t out[64];
	char back[64];

	if (!setlocale(LC_ALL, "C.UTF-8"))
		puts("no UTF-8");
	mbstowcs(out, "na\xc3\xafve \xe2\x82\xac \xf0\x9f\x98\x80", 64);
	wcstombs(back, out, sizeof(back));
	printf("wide %zu %x %x, back %zu bytes\n", wcslen(out),
	       (unsigned)out[2], (unsigned)out[8], strlen(back));
}

static void patterns(void)
{
	regex_t regex;
	regmatch_t match[3];
	int from = 0, count = 0;
	long places = 0;

	if (regcomp(&regex, "([a-z]+)e([ysr])", REG_EXTENDED)) {
		puts("regcomp failed");
		return;
	}
	while (!regexec(&regex, text + from, 3, match, 0)) {
		places = places * 7 + from + match[1].rm_so + match[2].rm_eo;
		from += match[0].rm_eo;
		count++;
	}
	regfree(&regex);
	printf("matches %d, places %ld\n", count, places);
}

/* memmove over all small overlaps. */
static void moves(void)
{
	uint32_t sum = 0;

	for (int from = 0; from < 32; from++) {
		for (int to = 0; to < 32; to++) {
			char buffer[96];

			for (int i = 0; i < 96; i++)
				buffer[i] = (char)(i * 7);
			memmove(buffer + to, buffer + from, 50);
			for (int i = 0; i < 96; i++)
				sum = sum * 31 + (unsigned char)buffer[i];
		}
	}
	printf("moves %08x\n", sum);
}

int main(void)
{
	split();
	search();
	convert();
	characters();
	wide();
	patterns();
	moves();
	return 0;
}
