/* SPDX-License-Identifier: Apache-2.0 */
/* Recursion over a tree: insert, look up, remove, walk, and free again. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct node {
	uint32_t key;
	uint32_t count;
	struct node *left, *right;
};

static uint32_t next_key(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 18;
}

static struct node *insert(struct node *n, uint32_t key)
{
	if (!n) {
		n = calloc(1, sizeof(*n));
		if (!n)
			exit(EXIT_FAILURE);
		n->key = key;
	}
	if (key < n->key)
		n->left = insert(n->left, key);
	else if (key > n->key)
		n->right = insert(n->right, key);
	else
		n->count++;
	return n;
}

static struct node *take_lowest(struct node *n, struct node **lowest)
{
	if (!n->left) {
		*lowest = n;
		return n->right;
	}
	n->left = take_lowest(n->left, lowest);
	return n;
}

static struct node *take_out(struct node *n, uint32_t key)
{
	struct node *replacement;

	if (!n)
		return NULL;
	if (key < n->key) {
		n->left = take_out(n->left, key);
		return n;
	}
	if (key > n->key) {
		n->right = take_out(n->right, key);
		return n;
	}
	if (!n->left || !n->right) {
		replacement = n->left ? n->left : n->right;
	} else {
		n->right = take_lowest(n->right, &replacement);
		replacement->left = n->left;
		replacement->right = n->right;
	}
	free(n);
	return replacement;
}

static int height(const struct node *n)
{
	int left, right;

	if (!n)
		return 0;
	left = height(n->left);
	right = height(n->right);
	return 1 + (left > right ? left : right);
}

/* A sum in which the order of the keys counts. */
static void walk(const struct node *n, uint64_t *sum)
{
	if (!n)
		return;
	walk(n->left, sum);
	*sum = *sum * 31 + n->key * (uint64_t)n->count;
	walk(n->right, sum);
}

static void free_all(struct node *n)
{
	if (!n)
		return;
	free_all(n->left);
	free_all(n->right);
	free(n);
}

static unsigned fibonacci(unsigned n)
{
	return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

static int is_odd(unsigned n);

static int is_even(unsigned n)
{
	return n == 0 ? 1 : is_odd(n - 1);
}

static int is_odd(unsigned n)
{
	return n == 0 ? 0 : is_even(n - 1);
}

int main(void)
{
	struct node *tree = NULL;
	uint32_t state = 2019;

	for (int round = 0; round < 8; round++) {
		uint64_t sum = 0;

		for (int i = 0; i < 4000; i++)
			tree = insert(tree, next_key(&state));
		for (int i = 0; i < 2000; i++)
			tree = take_out(tree, next_key(&state));
		walk(tree, &sum);
		printf("round %d: height %d, sum %016llx\n", round,
		       height(tree), (unsigned long long)sum);
	}
	free_all(tree);
	printf("fibonacci(22) = %u\n", fibonacci(22));
	printf("1001 is %s\n", is_even(1001) ? "even" : "odd");
	return 0;
}
