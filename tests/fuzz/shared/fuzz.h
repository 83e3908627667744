/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the fuzz harnesses share. Each tests/fuzz/NAME.c is a program of its
 * own with libFuzzer's main(); see docs/fuzzing.md.
 */
#ifndef HEXO_TESTS_FUZZ_H
#define HEXO_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* libFuzzer calls these; the second and third are optional. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
			       unsigned seed);
/* Given by libFuzzer: its own mutations, in place; the new size. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);

/* What must hold whatever the input is: ends the run as a crash would. */
#define fuzz_check(holds)                                                   \
	do {                                                                \
		if (!(holds))                                               \
			fuzz_fail(__FILE__, __LINE__, "not true: " #holds); \
	} while (0)
_Noreturn void fuzz_fail(const char *file, int line, const char *why);

/* For shared/frames.c, from a harness: the lowest type that is of use. */
extern const uint16_t fuzz_message_min;

/* What is left of an input. Taken from the front; zeroes when it is over. */
struct fuzz_input {
	const uint8_t *at;
	size_t left;
};

void fuzz_take(struct fuzz_input *in, void *to, size_t len);
uint8_t fuzz_byte(struct fuzz_input *in);
/* At most len bytes of the input itself; *len says how many there are. */
const void *fuzz_bytes(struct fuzz_input *in, size_t *len);

/* Numbers that look random but depend on the seed alone. */
uint32_t fuzz_random(uint64_t *state);

/* A directory for files of this run, made by tests/fuzz/fuzz.sh, which also
 * removes it ($HEXO_FUZZ_SCRATCH); without it, a new one below /tmp. */
const char *fuzz_scratch(void);

/* A file in memory with this content, the caller's to close; path: its name
 * for open(), FUZZ_PATH_MAX bytes. */
enum { FUZZ_PATH_MAX = 64 };
int fuzz_memory_file(const void *data, size_t len, char *path);

/* How many descriptors this process has open. */
unsigned fuzz_descriptors(void);

/* libFuzzer's mutations of data[at, at + len) that keep the length. */
void fuzz_mutate_part(uint8_t *data, size_t at, size_t len);
/* The same for a length that may change, in size bytes of data with room for
 * max; returns the new size of all. */
size_t fuzz_mutate_middle(uint8_t *data, size_t size, size_t max, size_t at,
			  size_t len);

#endif
