/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: capture_gen SEED
 *
 * Prints a C program, the same for the same seed, that has a random graph of
 * functions of random types, with values of all types of capture.h live over
 * calls: in locals with and without address, variable-size arrays, the heap,
 * loops and recursion. It mixes everything into a checksum and prints that.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/torture/capture_gen.h"

static void print_head(const struct function *f, unsigned k)
{
	printf("static %s f%u(int depth, u64 h", f->result->name, k);
	for (unsigned p = 0; p < f->n_params; p++)
		printf(", %s a%u", f->params[p]->name, p);
	printf(")");
}

static void print_function(unsigned k, unsigned most)
{
	const struct function *f = &functions[k];

	if (below(2))
		printf("__attribute__((noinline)) ");
	print_head(f, k);
	printf("\n{\n");
	print_body(f, most);
	printf("}\n\n");
}

/* Takes its arguments one by one, with calls between, and some twice. */
static void print_variadic(unsigned k)
{
	const struct function *f = &functions[k];

	printf("static u64 v%u(int depth, u64 h, ...)\n{\n", k);
	line("va_list list, again;");
	line("va_start(list, h);");
	for (unsigned p = 0; p < f->n_passed; p++) {
		const char *name = f->passed[p]->name;
		bool twice = below(4) == 0;

		if (below(2))
			line("h = mix(h, g%u(depth - 1, h));",
			     below(n_functions));
		if (twice)
			line("va_copy(again, list);");
		line("h = mix(h, hash_%s(va_arg(list, %s)));", name, name);
		if (!twice)
			continue;
		line("h = mix(h, hash_%s(va_arg(again, %s)));", name, name);
		line("va_end(again);");
	}
	line("va_end(list);");
	line("return h;");
	printf("}\n\n");
}

/* The function with arguments made from a number. */
static void print_wrapper(unsigned k)
{
	const struct function *f = &functions[k];

	printf("static u64 g%u(int depth, u64 h)\n{\n", k);
	printf("\treturn mix(h, hash_%s(f%u", f->result->name, k);
	print_values(f->params, f->n_params);
	printf("));\n}\n\n");
}

/* Returns how many statements a body has at most. */
static unsigned choose_functions(void)
{
	unsigned most;

	n_functions = 2 + below(FUNCTIONS_MAX - 1);
	most = below(4) ? 12 + below(12) : 60;
	for (unsigned k = 0; k < n_functions; k++) {
		struct function *f = &functions[k];

		f->result = pick(0);
		f->n_params = below(PARAMS_MAX);
		f->n_passed = below(PARAMS_MAX);
		for (unsigned p = 0; p < PARAMS_MAX; p++) {
			f->params[p] = pick(0);
			f->passed[p] = pick(CAN_PASS);
		}
	}
	return most;
}

static void print_declarations(void)
{
	printf("#define FUNCTIONS %u\n#include \"capture.h\"\n\n", n_functions);
	for (unsigned k = 0; k < n_functions; k++) {
		print_head(&functions[k], k);
		printf(";\nstatic u64 g%u(int, u64), v%u(int, u64, ...);\n", k,
		       k);
	}
	printf("\nconst fun table[] = {");
	for (unsigned k = 0; k < n_functions; k++)
		printf(" g%u,", k);
	printf(" };\n\n"
	       "static __attribute__((noinline)) u64 change(int depth, u64 *p)"
	       "\n{\n\t*p = mix(*p, g0(depth, *p));\n\treturn *p;\n}\n\n"
	       "static int compare(const void *a, const void *b)\n{\n"
	       "\tconst u64 *x = a, *y = b;\n\n"
	       "\treturn *x < *y ? -1 : *x > *y;\n}\n\n");
}

int main(int argc, char **argv)
{
	unsigned most;

	seed(argc > 1 ? strtoul(argv[1], NULL, 0) * 7919 + 1 : 1);
	most = choose_functions();
	print_declarations();
	for (unsigned k = 0; k < n_functions; k++) {
		print_function(k, most);
		print_variadic(k);
		print_wrapper(k);
	}
	printf("int main(void)\n{\n\tu64 h = %lu;\n\n", next());
	printf("\tfor (int k = 0; k < FUNCTIONS; k++)\n"
	       "\t\th = mix(h, table[k](5, h));\n"
	       "\tfor (int k = 0; k < 16; k++)\n"
	       "\t\th = mix(h, cells[k]);\n"
	       "\tprintf(\"%%lx, %%d left\\n\", h, budget);\n"
	       "\treturn 0;\n}\n");
	return 0;
}
