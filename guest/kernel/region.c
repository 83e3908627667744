/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/kernel/region.h"

#include "guest/kernel/kernel.h"

KERNEL_NEVER_WAITS

struct region {
	uint64_t low, high;
	struct region *next; /* the next lower one */
};

/* Spare nodes: the first few are here, later ones in pages that this file
 * takes for itself and keeps. */
static struct region first_nodes[32];
static struct region *spare;
static unsigned spares;

static struct {
	uint64_t low, high;
	struct region *top;
	uint64_t used;
} map;

static void node_free(struct region *r)
{
	r->next = spare;
	spare = r;
	spares++;
}

static struct region *node_take(void)
{
	struct region *r = spare;

	spare = r->next;
	spares--;
	return r;
}

static void nodes_free(struct region *r, unsigned n)
{
	for (unsigned k = 0; k < n; k++)
		node_free(&r[k]);
}

void kernel_region_init(uint64_t low, uint64_t high)
{
	map.low = low;
	map.high = high;
	map.top = NULL;
	map.used = 0;
	spare = NULL;
	spares = 0;
	nodes_free(first_nodes, sizeof(first_nodes) / sizeof(first_nodes[0]));
}

void kernel_region_set_low(uint64_t low)
{
	map.low = low;
}

uint64_t kernel_region_place(uint64_t size, uint64_t align)
{
	uint64_t ceiling = map.high;

	for (struct region *r = map.top;; r = r->next) {
		uint64_t floor = r ? r->high : map.low;

		if (size <= ceiling - floor) {
			uint64_t at = (ceiling - size) & ~(align - 1);

			if (at >= floor)
				return at;
		}
		if (!r)
			return 0;
		ceiling = r->low;
	}
}

/* The link to the highest range that ends above addr. */
static struct region **highest_above(uint64_t low, uint64_t high)
{
	struct region **link = &map.top;

	while (*link && (*link)->low >= high)
		link = &(*link)->next;
	return *link && (*link)->high > low ? link : NULL;
}

bool kernel_region_is_free(uint64_t low, uint64_t high)
{
	return low >= map.low && high <= map.high && low < high &&
	       !highest_above(low, high);
}

bool kernel_region_is_used(uint64_t low, uint64_t high)
{
	struct region **link = highest_above(low, high);

	return link && (*link)->low <= low && (*link)->high >= high;
}

/* Marks a free range used; takes one node at most. */
static void insert(uint64_t low, uint64_t high)
{
	struct region **link = &map.top, *r, *next;

	while (*link && (*link)->low > high)
		link = &(*link)->next;
	r = *link;
	map.used += high - low;
	if (r && r->low == high) {
		r->low = low;
		next = r->next;
		if (next && next->high == low) {
			r->low = next->low;
			r->next = next->next;
			node_free(next);
		}
	} else if (r && r->high == low) {
		r->high = high;
	} else {
		r = node_take();
		*r = (struct region){ low, high, *link };
		*link = r;
	}
}

/* After this there are two spare nodes at least. */
static int reserve(void)
{
	uint64_t page;

	if (spares >= 2)
		return 0;
	page = kernel_region_place(HEXO_PAGE_SIZE, HEXO_PAGE_SIZE);
	if (!page || !spares)
		return -ENOMEM;
	insert(page, page + HEXO_PAGE_SIZE);
	nodes_free((struct region *)page,
		   HEXO_PAGE_SIZE / sizeof(struct region));
	return 0;
}

/* Splits r, of which [low, high) is the middle. */
static void split(struct region *r, uint64_t low, uint64_t high)
{
	struct region *below = node_take();

	*below = (struct region){ r->low, low, r->next };
	r->low = high;
	r->next = below;
}

int kernel_region_add(uint64_t low, uint64_t high)
{
	int status = reserve();

	if (status)
		return status;
	/* The list itself may just have taken a page of the range. */
	if (!kernel_region_is_free(low, high))
		return -ENOMEM;
	insert(low, high);
	return 0;
}

int kernel_region_remove(uint64_t low, uint64_t high)
{
	struct region **link;
	int status = reserve();

	if (status)
		return status;
	while ((link = highest_above(low, high))) {
		struct region *r = *link;
		uint64_t from = r->low > low ? r->low : low;
		uint64_t to = r->high < high ? r->high : high;

		map.used -= to - from;
		if (from == r->low && to == r->high) {
			*link = r->next;
			node_free(r);
		} else if (from == r->low) {
			r->low = to;
		} else if (to == r->high) {
			r->high = from;
		} else {
			split(r, from, to);
		}
	}
	return 0;
}

uint64_t kernel_region_lowest(void)
{
	uint64_t lowest = map.high;

	for (struct region *r = map.top; r; r = r->next)
		lowest = r->low;
	return lowest;
}

uint64_t kernel_region_used(void)
{
	return map.used;
}

KERNEL_NEVER_WAITS_END
