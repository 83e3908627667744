/* SPDX-License-Identifier: Apache-2.0 */
/* Function pointers in constants, in data, on the heap, on the stack, as
 * arguments and results; called, compared, and read as bytes. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef long (*operation)(long, long);

static long add(long a, long b)
{
	return a + b;
}

static long subtract(long a, long b)
{
	return a - b;
}

/* A loop, so that a move can come while it is called by pointer. */
static long power(long a, long b)
{
	long result = 1;

	for (long i = 0; i < (b & 1023); i++)
		result = result * a % 1000003;
	return result;
}

static const struct entry {
	const char *name;
	operation apply;
} table[] = {
	{ "add", add },
	{ "subtract", subtract },
	{ "power", power },
};

enum { OPERATIONS = sizeof(table) / sizeof(*table) };

static operation current = add;

struct object {
	const struct methods *methods;
	operation extra;
	long value;
};

struct methods {
	void (*step)(struct object *self, long by);
	operation (*choose)(const struct object *self);
};

static void object_step(struct object *self, long by)
{
	self->value = self->extra(self->value, by) % 1000003;
}

static operation object_choose(const struct object *self)
{
	return table[(unsigned long)self->value % OPERATIONS].apply;
}

static const struct methods methods = { object_step, object_choose };

static operation pick(const char *name)
{
	for (int i = 0; i < OPERATIONS; i++)
		if (!strcmp(table[i].name, name))
			return table[i].apply;
	return NULL;
}

static long fold(operation f, const long *values, int count, long start)
{
	for (int i = 0; i < count; i++)
		start = f(start, values[i]) % 1000003;
	return start;
}

static const char *name_of(operation f)
{
	for (int i = 0; i < OPERATIONS; i++)
		if (f == table[i].apply)
			return table[i].name;
	return "unknown";
}

static void compare(void)
{
	operation copy;
	uintptr_t number = (uintptr_t)pick("power");

	memcpy(&copy, &table[1].apply, sizeof(copy));
	printf("same %d %d %d, different %d\n", copy == subtract,
	       (operation)number == power, current == pick("add"),
	       add != subtract);
	printf("missing %d\n", pick("divide") == NULL);
}

int main(void)
{
	struct object *object = malloc(sizeof(*object));
	long values[64];
	long used[OPERATIONS] = { 0 };

	if (!object)
		return EXIT_FAILURE;
	for (int i = 0; i < 64; i++)
		values[i] = i * i % 97 + 1;
	*object = (struct object){ &methods, power, 17 };
	compare();
	for (int round = 0; round < 3000; round++) {
		object->methods->step(object, values[round % 64]);
		object->extra = object->methods->choose(object);
		for (int i = 0; i < OPERATIONS; i++)
			used[i] += object->extra == table[i].apply;
		if (round % 500 == 499)
			current = object->extra;
	}
	printf("value %ld, current %s\n", object->value, name_of(current));
	for (int i = 0; i < OPERATIONS; i++)
		printf("%s: used %ld, fold %ld\n", table[i].name, used[i],
		       fold(table[i].apply, values, 64, 5));
	free(object);
	return 0;
}
