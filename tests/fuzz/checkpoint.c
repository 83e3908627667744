/* SPDX-License-Identifier: Apache-2.0 */
// LINK: cli/checkpoint.c cli/files_restore.c files/files.c files/data.c
// LINK: files/dir.c files/path.c files/volume.c
// LINK: files/local.c files/state.c
// LINK: migrate/hash.c base/base.c base/error.c; -ljansson
// OPTIONS: -max_len=65536 -malloc_limit_mb=64
/*
 * Checkpoints but for their stream: head, state, and the files that the state
 * names, opened in a volume of ours. Nothing outside of it may be changed,
 * so that the volumes of the state are opened and closed again, no more.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/checkpoint.h"
#include "cli/files_state.h"
#include "hexo/checkpoint.h"
#include "migrate/hash.h"
#include "tests/fuzz/shared/fuzz.h"

enum {
	HEAD = sizeof(struct hexo_checkpoint_head),
	STREAM = 8, /* of the seed's, of which nothing is read */
	STATE = HEAD + STREAM,
};

static const char *volume;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	volume = fuzz_scratch();
	return 0;
}

/* What the job had there, longer than at the checkpoint. */
static void make_files(void)
{
	static const char *const names[] = { "log", "after", "out" };
	static const char text[4096] = "text";

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		cleanup_free char *path =
			base_printf("%s/%s", volume, names[i]);
		cleanup_close int fd =
			open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

		fuzz_check(fd >= 0);
		if (lseek(fd, 0, SEEK_END) != sizeof(text))
			fuzz_check(pwrite(fd, text, sizeof(text), 0) ==
				   sizeof(text));
	}
}

/* The inode of a file, which no input can know, stands where an input has an
 * even one. */
static void set_inodes(json_t *state)
{
	json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(state, "files"), i, entry)
	{
		const char *guest =
			json_string_value(json_object_get(entry, "guest"));
		const char *name = guest ? strrchr(guest, '/') : NULL;
		cleanup_free char *path =
			name ? base_printf("%s%s", volume, name) : NULL;
		struct stat st;

		if (json_integer_value(json_object_get(entry, "ino")) % 2 ==
			    0 &&
		    path && stat(path, &st) == 0)
			json_object_set_new(entry, "ino",
					    json_integer(
						    (json_int_t)st.st_ino));
	}
}

static void restore(const struct cli_checkpoint *c, bool keep)
{
	static struct files files;
	struct files_volumes volumes = { 0 };
	struct base_buffer notes = { 0 };
	struct hexo_error err;

	(void)cli_files_restore_volumes(&volumes, c->state, &err);
	files_volumes_free(&volumes);
	fuzz_check(files_volume_add_at(&volumes, volume, "/vol", false, &err) ==
		   0);
	make_files();
	set_inodes(c->state);
	files_init(&files, &volumes);
	if (cli_files_restore(&files, c, true, keep, &notes, &err) == 0)
		(void)files_state_cut(&files, &err);
	files_free(&files);
	files_volumes_free(&volumes);
	base_buffer_free(&notes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned before = fuzz_descriptors();
	struct cli_checkpoint c;
	struct hexo_error err;
	char path[FUZZ_PATH_MAX];
	int fd = fuzz_memory_file(data, size, path);

	if (cli_checkpoint_open(&c, path, &err) == 0) {
		fuzz_check(c.stream_at <= size &&
			   c.stream_len <= size - c.stream_at &&
			   c.data_at >= c.stream_at + c.stream_len &&
			   c.data_at <= size);
		restore(&c, size % 2);
	}
	cli_checkpoint_close(&c);
	close(fd);
	fuzz_check(fuzz_descriptors() == before);
	return 0;
}

static void repair(uint8_t *data, size_t size, size_t state_len)
{
	struct hexo_checkpoint_head head;
	size_t after = STATE + state_len + cli_checkpoint_padding(state_len);

	if (size < STATE)
		return;
	memcpy(&head, data, sizeof(head));
	head.magic = HEXO_CHECKPOINT_MAGIC;
	head.format = HEXO_CHECKPOINT_FORMAT;
	head.reserved = 0;
	head.stream_len = STREAM;
	head.state_len = state_len;
	if (after > size)
		head.data_len = 0;
	else if (head.data_len > size - after)
		head.data_len = (size - after) / 8 * 8;
	head.state_checksum = migrate_hash(data + STATE, state_len, 0);
	head.checksum =
		migrate_hash(&head,
			     offsetof(struct hexo_checkpoint_head, checksum),
			     0);
	memcpy(data, &head, sizeof(head));
}

/* Changes the state, mostly, and makes the checksums right. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
			       unsigned seed)
{
	struct hexo_checkpoint_head head = { 0 };
	uint64_t random = seed;
	size_t now;

	memcpy(&head, data, size < STATE ? 0 : sizeof(head));
	if (size < STATE || head.state_len > size - STATE ||
	    fuzz_random(&random) % 8 == 0)
		return LLVMFuzzerMutate(data, size, max);
	if (fuzz_random(&random) % 8 == 0) {
		fuzz_mutate_part(data, 0, HEAD);
		memcpy(&head, data, sizeof(head));
		if (head.state_len <= size - STATE)
			repair(data, size, head.state_len);
		return size;
	}
	now = fuzz_mutate_middle(data, size, max, STATE, head.state_len);
	if (fuzz_random(&random) % 16)
		repair(data, now, head.state_len + now - size);
	return now;
}
