/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mix of what system programs do, in the manner of Dhrystone: records
 * assigned and linked, strings made, copied and compared, small functions
 * called, arrays of one and two dimensions, whole-number arithmetic, and
 * choices. No floating point.
 *
 * Every part of the state after n runs is also known in a closed form.
 */
#include "bench.h"

#define SHELVES  50
#define PLACES   40
#define NAME     32
#define RING     8
#define LCG_MUL  UINT32_C(1664525)
#define LCG_ADD  UINT32_C(1013904223)
#define NUMBERED 7 /* digits in a name */

enum kind { BOLT, NUT, WASHER, SPRING, GEAR, KINDS };

struct part {
	struct part *next;
	enum kind kind;
	int number;
	int weight;
	char name[NAME];
};

static const struct dhry_class {
	char name;
	int runs;
} classes[] = {
	{ 'S', 50000 },
	{ 'W', 4000000 },
	{ 'A', 9000000 },
};

/* Globals, as in Dhrystone. */
static struct part parts[RING];
static struct part *current;
static int made[KINDS];
static int shelf[SHELVES];
static int stock[SHELVES][PLACES];
static int in_order, equal_letters;
static long total_weight, thirds, rests;
static uint32_t random_state;

/* "PART NO. 0000042, KIND C" */
static void make_name(char *name, int number, enum kind kind)
{
	char digits[NUMBERED + 1];

	for (int i = NUMBERED - 1; i >= 0; i--) {
		digits[i] = (char)('0' + number % 10);
		number /= 10;
	}
	digits[NUMBERED] = '\0';
	strcpy(name, "PART NO. ");
	strcat(name, digits);
	strcat(name, ", KIND ");
	name[strlen(name) + 1] = '\0';
	name[strlen(name)] = (char)('A' + kind);
}

static enum kind kind_after(enum kind kind)
{
	switch (kind) {
	case BOLT:
		return WASHER;
	case WASHER:
		return GEAR;
	case GEAR:
		return NUT;
	case NUT:
		return SPRING;
	default:
		return BOLT;
	}
}

static int weight_of(enum kind kind, int number)
{
	switch (kind) {
	case BOLT:
	case NUT:
		return 3 + (number & 1);
	case WASHER:
		return 1;
	case SPRING:
		return 2 * (number & 1) + 4;
	default:
		return 10;
	}
}

static bool letters_equal(char a, char b)
{
	char letter = a;

	if (letter != b)
		return false;
	equal_letters++;
	return true;
}

/* The next record of the ring becomes the current one, made from it. */
static void make_part(int number)
{
	struct part *next = current->next;
	struct part *after = next->next;

	*next = *current;
	next->next = after;
	next->kind = kind_after(current->kind);
	next->number = number;
	next->weight = weight_of(next->kind, number);
	make_name(next->name, number, next->kind);
	current = next;
}

/* A part's name follows that of the one before it. */
static void compare_names(const struct part *before)
{
	char copy[NAME];
	int i = 0;

	strcpy(copy, current->name);
	if (strcmp(before->name, copy) < 0)
		in_order++;
	while (!letters_equal(copy[i], ' '))
		i++;
}

static void put_into_stock(int run)
{
	int row = run % SHELVES;
	int place = run / SHELVES % PLACES;

	shelf[row] = run;
	shelf[(row + 1) % SHELVES] = shelf[row];
	for (int i = place; i <= place + 1; i++)
		stock[row][i % PLACES]++;
	stock[(row + 20) % SHELVES][place]++;
}

static void count_numbers(int run)
{
	thirds += run / 3;
	rests += run % 3;
	random_state = random_state * LCG_MUL + LCG_ADD;
}

static void run_mix(int runs)
{
	for (int run = 1; run <= runs; run++) {
		const struct part *before = current;

		make_part(run);
		compare_names(before);
		made[current->kind]++;
		total_weight += current->weight;
		put_into_stock(run);
		count_numbers(run);
	}
}

static void init(void)
{
	for (int i = 0; i < RING; i++)
		parts[i].next = &parts[(i + 1) % RING];
	current = &parts[0];
	current->kind = SPRING;
	make_name(current->name, 0, SPRING);
	random_state = 1;
}

static bool same(const char *what, long value, long expected)
{
	printf("%-14s %12ld\n", what, value);
	if (value == expected)
		return true;
	printf("%-14s %12ld expected\n", what, expected);
	return false;
}

/* The state of the generator after n steps, by repeated squaring. */
static uint32_t random_after(int n)
{
	uint32_t mul = LCG_MUL, add = LCG_ADD, x = 1;

	for (; n > 0; n /= 2) {
		if (n & 1)
			x = x * mul + add;
		add += mul * add;
		mul *= mul;
	}
	return x;
}

/*
 * Run r makes kind order[(r - 1) % 5]. In ten runs each kind is made once
 * with an even and once with an odd number.
 */
static bool verify_parts(int runs)
{
	static const enum kind order[KINDS] = { BOLT, WASHER, GEAR, NUT,
						SPRING };
	char name[NAME];
	bool right = true;

	for (int i = 0; i < KINDS; i++) {
		snprintf(name, sizeof(name), "kind %c", 'A' + (int)order[i]);
		right = same(name, made[order[i]], (runs + 4 - i) / KINDS) &&
			right;
	}
	right = same("weight", total_weight,
		     runs / 10 * (7L + 7 + 2 + 10 + 20)) &&
		right;
	snprintf(name, sizeof(name), "PART NO. %0*d, KIND %c", NUMBERED, runs,
		 'A' + (int)order[(runs - 1) % KINDS]);
	puts(current->name);
	return right && strcmp(current->name, name) == 0;
}

static bool verify(int runs)
{
	long stocked = 0;
	bool right = verify_parts(runs);

	for (int row = 0; row < SHELVES; row++)
		for (int place = 0; place < PLACES; place++)
			stocked += stock[row][place];
	right = same("names in order", in_order, runs) && right;
	right = same("equal letters", equal_letters, runs) && right;
	right = same("stock", stocked, 3L * runs) && right;
	right = same("numbers", 3 * thirds + rests,
		     (long)runs * (runs + 1) / 2) &&
		right;
	right = same("last shelf", shelf[runs % SHELVES], runs) && right;
	right = same("ring", current - parts, runs % RING) && right;
	return same("random", random_state, random_after(runs)) && right;
}

static const struct dhry_class *find_class(char name)
{
	const struct dhry_class *c = classes;

	while (c->name != name)
		c++;
	return c;
}

int main(int argc, char **argv)
{
	const struct dhry_class *c = find_class(bench_class(argc, argv, "SWA"));
	double seconds;

	init();
	seconds = bench_seconds();
	run_mix(c->runs);
	seconds = bench_seconds() - seconds;
	fprintf(stderr, "%.0f runs/s\n", c->runs / seconds);

	printf("Dhrystone-like mix class %c, %d runs\n", c->name, c->runs);
	return bench_report("dhry", c->name, verify(c->runs), seconds);
}
