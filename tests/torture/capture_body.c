/* SPDX-License-Identifier: Apache-2.0 */
/* The bodies of capture_gen's functions: variables and random statements. */
#include <stdarg.h>
#include <stdio.h>

#include "tests/torture/capture_gen.h"

enum {
	SHIFTS = 1,     /* a ^= b >> 3 */
	ADDS = 2,       /* a = 2 * b */
	MULTIPLIES = 4, /* a = a * b, and wraps */
};

static const struct type types[] = {
	{ "bit", 0 },
	{ "i8", SHIFTS },
	{ "u8", 0 },
	{ "i16", SHIFTS },
	{ "u16", 0 },
	{ "i32", SHIFTS | CAN_PASS },
	{ "u32", MULTIPLIES | CAN_PASS },
	{ "i64", SHIFTS | CAN_PASS },
	{ "w64", MULTIPLIES | CAN_PASS },
	{ "i128", SHIFTS },
	{ "u128", MULTIPLIES },
	{ "f32", ADDS },
	{ "f64", ADDS | CAN_PASS },
	{ "c32", ADDS | CAN_PASS },
	{ "c64", ADDS | CAN_PASS },
	{ "v4i", SHIFTS | CAN_PASS },
	{ "v2d", ADDS | CAN_PASS },
	{ "v8c", SHIFTS | CAN_PASS },
	{ "v8f", ADDS },
	{ "big", CAN_PASS },
	{ "nest", CAN_PASS },
	{ "either", CAN_PASS },
	{ "pair", CAN_PASS },
	{ "packed", CAN_PASS },
	{ "mixed", CAN_PASS },
	{ "ref", CAN_PASS },
	{ "fun", CAN_PASS },
};

enum { VARS_MAX = 64, FUN = 26 };

#define COUNT(a) ((unsigned)(sizeof(a) / sizeof((a)[0])))

struct var {
	const struct type *type;
	char name[16];
	bool constant;
};

struct function functions[FUNCTIONS_MAX];
unsigned n_functions;

static struct var vars[VARS_MAX];
static unsigned n_vars, n_names, statements, most_statements;
static int indent, loops;
static bool jumps; /* one computed goto a function: it reaches all labels */
static unsigned long state;

void seed(unsigned long value)
{
	state = value;
	for (int k = 0; k < 4; k++)
		next();
}

unsigned long next(void)
{
	state = state * 6364136223846793005ul + 1442695040888963407ul;
	return state >> 33;
}

unsigned below(unsigned n)
{
	return (unsigned)(next() % n);
}

const struct type *pick(unsigned can)
{
	const struct type *t;

	do
		t = &types[below(COUNT(types))];
	while ((t->can & can) != can);
	return t;
}

void line(const char *f, ...)
{
	va_list args;

	for (int k = 0; k < indent; k++)
		putchar('\t');
	va_start(args, f);
	vprintf(f, args);
	va_end(args);
	putchar('\n');
}

static struct var *new_var(const struct type *type, const char *letter)
{
	struct var *v = &vars[n_vars++];

	v->type = type;
	v->constant = false;
	snprintf(v->name, sizeof(v->name), "%s%u", letter, n_names++);
	return v;
}

/* A variable of the type, or NULL. */
static struct var *find_var(const struct type *type, bool to_write)
{
	unsigned start = n_vars ? below(n_vars) : 0;

	for (unsigned k = 0; k < n_vars; k++) {
		struct var *v = &vars[(start + k) % n_vars];

		if (v->type == type && !(to_write && v->constant))
			return v;
	}
	return NULL;
}

/* An expression of the type, without effect. */
static void print_value(const struct type *type)
{
	struct var *v = below(3) ? find_var(type, false) : NULL;

	if (v)
		printf("%s", v->name);
	else
		printf("make_%s(h + %u)", type->name, below(1000));
}

void print_values(const struct type *const *list, unsigned n)
{
	printf("(depth - 1, h");
	for (unsigned k = 0; k < n; k++) {
		printf(", ");
		print_value(list[k]);
	}
	printf(")");
}

static void tabs(void)
{
	for (int k = 0; k < indent; k++)
		putchar('\t');
}

/* Mixes a few variables in: what is live is used later on. */
static void mix_some(unsigned n)
{
	for (unsigned k = 0; k < n && n_vars; k++) {
		struct var *v = &vars[below(n_vars)];

		line("h = mix(h, hash_%s(%s));", v->type->name, v->name);
	}
}

static void assign(void)
{
	struct var *v = n_vars ? &vars[below(n_vars)] : NULL;

	if (!v || v->constant)
		return;
	tabs();
	printf("%s = ", v->name);
	print_value(v->type);
	printf(";\n");
}

/* Values that no helper made, and that are defined. */
static void compute(void)
{
	struct var *a = n_vars ? &vars[below(n_vars)] : NULL;
	struct var *b = a ? find_var(a->type, false) : NULL;

	if (!b || a->constant)
		return;
	if (a->type->can & SHIFTS)
		line("%s ^= %s >> %u;", a->name, b->name, 1 + below(7));
	else if (a->type->can & ADDS)
		line("%s = 2 * %s;", a->name, b->name);
	else if (a->type->can & MULTIPLIES)
		line("%s *= %s;", a->name, b->name);
}

/* Two variables change places: in a loop, phis that need each other. */
static void swap(void)
{
	struct var *a = n_vars ? &vars[below(n_vars)] : NULL;
	struct var *b = a ? find_var(a->type, true) : NULL;

	if (!b || a->constant || a == b)
		return;
	line("{ %s swap = %s; %s = %s; %s = swap; }", a->type->name, a->name,
	     a->name, b->name, b->name);
}

static void declare(void)
{
	const struct type *type = pick(0);
	const char *prefix = "";
	struct var *v;

	if (n_vars == VARS_MAX)
		return;
	if (below(8) == 0)
		prefix = "volatile ";
	else if (below(12) == 0)
		prefix = "_Alignas(64) ";
	tabs();
	printf("%s%s ", prefix, type->name);
	v = new_var(type, "x");
	printf("%s = make_%s(h + %u);\n", v->name, type->name, below(1000));
}

static void call(void)
{
	unsigned k = below(n_functions);
	const struct function *f = &functions[k];
	struct var *v = below(2) ? find_var(f->result, true) : NULL;

	tabs();
	if (v)
		printf("%s = f%u", v->name, k);
	else
		printf("h = mix(h, hash_%s(f%u", f->result->name, k);
	print_values(f->params, f->n_params);
	printf("%s;\n", v ? "" : "))");
	mix_some(2);
}

static void call_variadic(void)
{
	unsigned k = below(n_functions);
	const struct function *f = &functions[k];

	tabs();
	printf("h += v%u", k);
	print_values(f->passed, f->n_passed);
	printf(";\n");
	mix_some(2);
}

/* f(a, g(b), h(c)): a call's value waits for another call. */
static void call_nested(void)
{
	unsigned a = below(n_functions), b = below(n_functions);

	line("h = mix(g%u(depth - 1, h), g%u(depth - 1, h + 1)) + g%u(depth - "
	     "1, h);",
	     a, b, below(n_functions));
}

static void call_pointer(void)
{
	struct var *v = find_var(&types[FUN], false);

	if (v)
		line("h = mix(h, %s(depth - 1, h));", v->name);
	else
		line("h = mix(h, table[h %% FUNCTIONS](depth - 1, h));");
}

/* A local whose address others have: a callee changes it. */
static void escape(void)
{
	unsigned n = n_names++;

	line("u64 e%u = h;", n);
	line("u64 *volatile p%u = &e%u;", n, n);
	line("cells[%u] += change(depth - 1, p%u);", below(16), n);
	line("h = mix(h, e%u);", n);
}

static void heap(void)
{
	const struct type *type = pick(0);
	unsigned n = n_names++;

	line("%s *m%u = malloc(3 * sizeof(*m%u));", type->name, n, n);
	tabs();
	printf("m%u[1] = ", n);
	print_value(type);
	printf(";\n");
	line("m%u[2] = m%u[1];", n, n);
	call();
	line("h = mix(h, hash_%s(m%u[2]));", type->name, n);
	line("free(m%u);", n);
}

static void variable_array(void)
{
	const struct type *type = pick(0);
	unsigned n = n_names++;

	line("unsigned l%u = 1 + h %% 9;", n);
	line("%s y%u[l%u];", type->name, n, n);
	line("for (unsigned k = 0; k < l%u; k++)", n);
	line("\ty%u[k] = make_%s(h + k);", n, type->name);
	call();
	line("for (unsigned k = 0; k < l%u; k++)", n);
	line("\th = mix(h, hash_%s(y%u[k]));", type->name, n);
}

static void statement(void);

/* Leaves the variables in place; the caller drops those of the block. */
static void statements_of(unsigned n)
{
	for (unsigned k = 0; k < n; k++)
		statement();
	mix_some(2);
}

static void block(unsigned n)
{
	unsigned vars_before = n_vars;

	indent++;
	statements_of(n);
	n_vars = vars_before;
	indent--;
}

static void branch(void)
{
	line("if (h & %u) {", 1u << below(8));
	block(1 + below(3));
	line("} else {");
	block(below(3));
	line("}");
}

static void loop(void)
{
	unsigned n = n_names++;

	if (loops == 2)
		return;
	loops++;
	if (below(2)) {
		line("for (unsigned n%u = h %% 4; n%u-- > 0;) {", n, n);
	} else {
		line("unsigned n%u = h %% 5;", n);
		line("while (n%u > 0 && budget > 0) {", n);
		line("\tn%u--;", n);
	}
	block(1 + below(4));
	if (below(4) == 0)
		line("\tif (h %% 5 == 0) break;");
	line("}");
	loops--;
}

static void cases(void)
{
	unsigned n = 2 + below(4);

	line("switch (h %% %u) {", n + 1);
	for (unsigned k = 0; k < n; k++) {
		line("case %u: {", k);
		block(1 + below(2));
		line("}");
		if (below(3))
			line("break;");
	}
	line("}");
}

static void computed_goto(void)
{
	unsigned n = n_names++;

	if (indent > 1 || jumps)
		return;
	jumps = true;
	line("static void *const labels%u[] = { &&one%u, &&two%u };", n, n, n);
	line("void *to%u = labels%u[h & 1];", n, n);
	call();
	line("goto *to%u;", n);
	line("one%u:;", n);
	mix_some(1);
	line("two%u:;", n);
}

static void sorting(void)
{
	unsigned n = n_names++;

	line("u64 s%u[5] = { h, h * 3, h >> 7, ~h, 5 };", n);
	line("qsort(s%u, 5, sizeof(s%u[0]), compare);", n, n);
	line("h = mix(h, s%u[1]);", n);
}

static void mixing(void)
{
	mix_some(3);
}

static void statement(void)
{
	static void (*const kinds[])(void) = {
		declare,       declare, declare,        declare,
		call,          call,    call,           call,
		call_variadic, call,    call_nested,    call_pointer,
		escape,        heap,    variable_array, branch,
		loop,          loop,    cases,          swap,
		compute,       sorting, computed_goto,  mixing,
		assign,        assign,
	};

	if (statements++ > most_statements || n_vars > VARS_MAX - 8)
		return;
	kinds[below(COUNT(kinds))]();
}

void print_body(const struct function *f, unsigned most)
{
	n_vars = n_names = statements = 0;
	most_statements = most;
	jumps = false;
	for (unsigned p = 0; p < f->n_params; p++) {
		struct var *v = new_var(f->params[p], "a");

		snprintf(v->name, sizeof(v->name), "a%u", p);
		v->constant = below(2);
	}
	indent = 1;
	line("if (depth <= 0 || budget-- <= 0)");
	line("\treturn make_%s(h);", f->result->name);
	statements_of(5 + below(8));
	mix_some(6);
	printf("\treturn ");
	print_value(f->result);
	printf(";\n");
	n_vars = 0;
}
