/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NPB IS, "integer sort": ranks keys by counting, ten times, each time with
 * two keys changed; checks the ranks of five keys each time and at the end
 * that the ranks sort all keys.
 */
#include "npb.h"

#define SEED       UINT64_C(314159265)
#define ITERATIONS 10
#define TESTS      5

/* A tested key's rank is expected to move by one with each iteration: up for
 * the first `up` of them, down for the others. */
static const struct is_class {
	char name;
	int log_keys, log_values;
	int up, up_offset, down_offset;
	int index[TESTS], rank[TESTS];
} classes[] = {
	{ 'S',
	  16,
	  11,
	  3,
	  0,
	  0,
	  { 48427, 17148, 23627, 62548, 4431 },
	  { 0, 18, 346, 64917, 65463 } },
	{ 'W',
	  20,
	  16,
	  2,
	  -2,
	  0,
	  { 357773, 934767, 875723, 898999, 404505 },
	  { 1249, 11698, 1039987, 1043896, 1048018 } },
	{ 'A',
	  23,
	  19,
	  3,
	  -1,
	  -1,
	  { 2112377, 662041, 5336171, 3642833, 4250760 },
	  { 104, 17523, 123928, 8288932, 8388264 } },
};

struct sort {
	const struct is_class *class;
	int keys, values;
	int *key;    /* keys */
	int *before; /* values: how many keys are at most this one */
	int *sorted; /* keys */
	int passed;  /* tests */
};

static void sort_init(struct sort *s, const struct is_class *class)
{
	uint64_t seed = SEED;

	*s = (struct sort){ .class = class,
			    .keys = 1 << class->log_keys,
			    .values = 1 << class->log_values };
	s->key = bench_allocate((size_t)s->keys, sizeof(int));
	s->before = bench_allocate((size_t)s->values, sizeof(int));
	s->sorted = bench_allocate((size_t)s->keys, sizeof(int));
	for (int i = 0; i < s->keys; i++) {
		double sum = npb_random(&seed);

		sum += npb_random(&seed);
		sum += npb_random(&seed);
		sum += npb_random(&seed);
		s->key[i] = (int)(s->values / 4 * sum);
	}
}

static void sort_free(struct sort *s)
{
	free(s->key);
	free(s->before);
	free(s->sorted);
}

static void test_ranks(struct sort *s, int iteration, const int *tested)
{
	const struct is_class *c = s->class;

	for (int i = 0; i < TESTS; i++) {
		int key = tested[i];
		int rank = key > 0 ? s->before[key - 1] : 0;
		int expected = c->rank[i];

		if (i < c->up)
			expected += iteration + c->up_offset;
		else
			expected -= iteration + c->down_offset;
		if (rank == expected)
			s->passed++;
		else
			printf("iteration %d, key %d: rank %d, not %d\n",
			       iteration, key, rank, expected);
	}
}

static void rank_keys(struct sort *s, int iteration)
{
	int tested[TESTS];

	s->key[iteration] = iteration;
	s->key[iteration + ITERATIONS] = s->values - iteration;
	for (int i = 0; i < TESTS; i++)
		tested[i] = s->key[s->class->index[i]];

	for (int v = 0; v < s->values; v++)
		s->before[v] = 0;
	for (int i = 0; i < s->keys; i++)
		s->before[s->key[i]]++;
	for (int v = 1; v < s->values; v++)
		s->before[v] += s->before[v - 1];
	test_ranks(s, iteration, tested);
}

/* Puts each key at its rank; returns how many stand out of order. */
static int sort_keys(struct sort *s)
{
	int unsorted = 0;

	for (int i = 0; i < s->keys; i++)
		s->sorted[--s->before[s->key[i]]] = s->key[i];
	for (int i = 1; i < s->keys; i++)
		unsorted += s->sorted[i - 1] > s->sorted[i];
	return unsorted;
}

static const struct is_class *find_class(char name)
{
	const struct is_class *c = classes;

	while (c->name != name)
		c++;
	return c;
}

int main(int argc, char **argv)
{
	const struct is_class *c = find_class(bench_class(argc, argv, "SWA"));
	struct sort s;
	double start, seconds;
	int unsorted;
	bool verified;

	sort_init(&s, c);
	/* One untimed, untested round touches all memory. */
	rank_keys(&s, 1);
	s.passed = 0;

	start = bench_seconds();
	for (int i = 1; i <= ITERATIONS; i++)
		rank_keys(&s, i);
	seconds = bench_seconds() - start;
	unsorted = sort_keys(&s);

	printf("IS class %c, 2^%d keys below 2^%d\n", c->name, c->log_keys,
	       c->log_values);
	printf("ranks right  %d of %d\n", s.passed, TESTS * ITERATIONS);
	printf("out of order %d\n", unsorted);
	verified = s.passed == TESTS * ITERATIONS && !unsorted;
	sort_free(&s);
	return bench_report("IS", c->name, verified, seconds);
}
