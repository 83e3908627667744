/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Black and Scholes' prices of European options, over a portfolio whose
 * stocks rise a little from round to round.
 *
 * Checked by a pair of prices from a textbook (Hull), by put-call parity, and
 * by comparing the cumulative normal distribution with libm's erfc.
 */
#include <math.h>

#include "bench.h"

#define SEED        UINT64_C(19730501)
#define OPTIONS     (1 << 16)
#define RISE        0.001
#define INV_SQRT_PI 0.56418958354775628695
#define SQRT_HALF   0.70710678118654752440

static const struct blackscholes_class {
	char name;
	int rounds;
} classes[] = {
	{ 'S', 2 },
	{ 'W', 120 },
	{ 'A', 600 },
};

struct option {
	double spot, strike, rate, volatility, years;
};

struct price {
	double call, put;
};

static struct option portfolio[OPTIONS];
static struct price price[OPTIONS];

/* Abramowitz and Stegun 26.2.17; within 7.5e-8. */
static double cumulative_normal(double x)
{
	double t = 1.0 / (1.0 + 0.2316419 * fabs(x));
	double density = SQRT_HALF * INV_SQRT_PI * exp(-0.5 * x * x);
	double tail = 1.330274429;

	tail = -1.821255978 + t * tail;
	tail = 1.781477937 + t * tail;
	tail = -0.356563782 + t * tail;
	tail = 0.319381530 + t * tail;
	tail *= density * t;
	return x < 0.0 ? tail : 1.0 - tail;
}

static struct price price_option(const struct option *o, double spot)
{
	double deviation = o->volatility * sqrt(o->years);
	double drift = o->rate + 0.5 * o->volatility * o->volatility;
	double d1 = (log(spot / o->strike) + drift * o->years) / deviation;
	double d2 = d1 - deviation;
	double discounted = o->strike * exp(-o->rate * o->years);

	return (struct price){
		.call = spot * cumulative_normal(d1) -
			discounted * cumulative_normal(d2),
		.put = discounted * cumulative_normal(-d2) -
		       spot * cumulative_normal(-d1),
	};
}

static void portfolio_draw(void)
{
	uint64_t seed = SEED;

	for (int i = 0; i < OPTIONS; i++) {
		struct option *o = &portfolio[i];

		o->spot = 20.0 + 80.0 * bench_random(&seed);
		o->strike = o->spot * (0.7 + 0.6 * bench_random(&seed));
		o->rate = 0.01 + 0.09 * bench_random(&seed);
		o->volatility = 0.05 + 0.6 * bench_random(&seed);
		o->years = 0.1 + 1.9 * bench_random(&seed);
	}
}

/* Returns the value of all, a call and a put each. */
static double price_all(double factor)
{
	double sum = 0.0;

	for (int i = 0; i < OPTIONS; i++) {
		const struct option *o = &portfolio[i];

		price[i] = price_option(o, factor * o->spot);
		sum += price[i].call + price[i].put;
	}
	return sum;
}

/* The largest violation of call - put = spot - discounted strike, in parts
 * of the spot price. */
static double parity_error(double factor)
{
	double worst = 0.0;

	for (int i = 0; i < OPTIONS; i++) {
		const struct option *o = &portfolio[i];
		double spot = factor * o->spot;
		double forward = spot - o->strike * exp(-o->rate * o->years);
		double error = price[i].call - price[i].put - forward;

		worst = fmax(worst, fabs(error) / spot);
	}
	return worst;
}

static double distribution_error(void)
{
	double worst = 0.0;

	for (int i = -600; i <= 600; i++) {
		double x = i / 100.0;
		double exact = 0.5 * erfc(-x * SQRT_HALF);

		worst = fmax(worst, fabs(cumulative_normal(x) - exact));
	}
	return worst;
}

static bool verify(double factor)
{
	const struct option textbook = { 42.0, 40.0, 0.1, 0.2, 0.5 };
	struct price p = price_option(&textbook, textbook.spot);
	double parity = parity_error(factor);
	double distribution = distribution_error();

	printf("textbook     %.15e %.15e\n", p.call, p.put);
	printf("parity       %.15e\n", parity);
	printf("distribution %.15e\n", distribution);
	return fabs(p.call - 4.759422) < 1e-5 &&
	       fabs(p.put - 0.808599) < 1e-5 && parity < 1e-14 &&
	       distribution < 7.5e-8;
}

static const struct blackscholes_class *find_class(char name)
{
	const struct blackscholes_class *c = classes;

	while (c->name != name)
		c++;
	return c;
}

int main(int argc, char **argv)
{
	const struct blackscholes_class *c =
		find_class(bench_class(argc, argv, "SWA"));
	double seconds, factor = 1.0, value = 0.0;

	portfolio_draw();
	seconds = bench_seconds();
	for (int round = 0; round < c->rounds; round++) {
		factor = 1.0 + RISE * round;
		value += price_all(factor);
	}
	seconds = bench_seconds() - seconds;

	printf("Black-Scholes class %c, %d options, %d rounds\n", c->name,
	       OPTIONS, c->rounds);
	printf("mean value   %.15e\n", value / c->rounds / OPTIONS);
	printf("checksum     %016llx\n",
	       (unsigned long long)bench_checksum(price, sizeof(price)));
	return bench_report("Black-Scholes", c->name, verify(factor), seconds);
}
