/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which pages between `low` and `high` are in use: a list of disjoint ranges,
 * none of which touches another, from the highest down. Addresses and sizes
 * are multiples of HEXO_PAGE_SIZE.
 */
#ifndef KERNEL_REGION_H
#define KERNEL_REGION_H

#include <stdbool.h>
#include <stdint.h>

/* low may be moved later while no range lies below it. */
void kernel_region_init(uint64_t low, uint64_t high);
void kernel_region_set_low(uint64_t low);

/* The highest free place for size bytes, aligned; 0 if there is none. */
uint64_t kernel_region_place(uint64_t size, uint64_t align);

/* True if no page of [low, high) is in use and all lie within bounds. */
bool kernel_region_is_free(uint64_t low, uint64_t high);
/* True if every page of [low, high) is in use. */
bool kernel_region_is_used(uint64_t low, uint64_t high);

/* Marks a free range used; -ENOMEM if no memory is left for the list. */
int kernel_region_add(uint64_t low, uint64_t high);
/* Marks a range free, whatever of it was in use; may fail alike when it
 * splits a range. */
int kernel_region_remove(uint64_t low, uint64_t high);

uint64_t kernel_region_lowest(void); /* `high` if nothing is in use */
uint64_t kernel_region_used(void);   /* bytes in use */

#endif
