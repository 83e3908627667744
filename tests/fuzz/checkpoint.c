/* SPDX-License-Identifier: Apache-2.0 */
// LINK: cli/checkpoint.c cli/checkpoint_stream.c cli/pack.c
// LINK: cli/files_restore.c files/files.c files/data.c
// LINK: files/dir.c files/path.c files/volume.c
// LINK: files/local.c files/state.c
// LINK: migrate/hash.c base/base.c base/error.c; -ljansson -lzstd
// OPTIONS: -max_len=65536 -malloc_limit_mb=64
/*
 * Checkpoints: heads, index, state, the pieces of the stream as far as they are
 * read before hexo-vm checks them, and the files that the state names, opened
 * in a volume of ours. Nothing outside of it may be changed, so that the
 * volumes of the state are opened and closed again, no more.
 *
 * An input is a file without what lies unused between and behind its heads.
 * The first state of a seed has its one piece, of STREAM bytes, in front, then
 * the index, the JSON and the data.
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
	HEADS = 2 * HEAD,
	STREAM = 64,
	INDEX = HEADS + STREAM,
	STATE = INDEX + sizeof(struct hexo_checkpoint_piece),
	STREAM_READ = 4 << 20, /* bytes of a stream, at most */
	FILE_MAX = HEXO_CHECKPOINT_BEGIN + 65536,
};

/* Where a byte of an input is in the file. */
static uint64_t in_file(uint64_t at)
{
	return HEXO_CHECKPOINT_BEGIN - HEADS + at;
}

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

/* Reads the stream to its end, or long enough. */
static void read_stream(const struct cli_checkpoint *c)
{
	static char data[65536];
	struct hexo_error err = { 0 };
	FILE *stream = cli_checkpoint_stream(c, &err);
	size_t all = 0, n;

	fuzz_check(stream);
	while (all < STREAM_READ &&
	       (n = fread(data, 1, sizeof(data), stream)) > 0)
		all += n;
	fuzz_check(!ferror(stream) == !err.code);
	fuzz_check(all <= c->head.stream_len);
	if (!err.code && all < STREAM_READ)
		fuzz_check(all == c->head.stream_len);
	fclose(stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char whole[FILE_MAX];
	unsigned before = fuzz_descriptors();
	struct cli_checkpoint c;
	struct hexo_error err;
	char path[FUZZ_PATH_MAX];
	int fd;

	if (size < HEADS || size > HEADS + FILE_MAX - HEXO_CHECKPOINT_BEGIN)
		return 0;
	memcpy(whole, data, HEAD);
	memcpy(whole + HEXO_CHECKPOINT_SECOND, data + HEAD, HEAD);
	memcpy(whole + in_file(HEADS), data + HEADS, size - HEADS);
	fd = fuzz_memory_file(whole, in_file(size), path);
	if (cli_checkpoint_open(&c, path, &err) == 0) {
		fuzz_check(c.head.data_at <= in_file(size) &&
			   c.head.data_len <= in_file(size) - c.head.data_at);
		read_stream(&c);
		restore(&c, size % 2);
	}
	cli_checkpoint_close(&c);
	close(fd);
	fuzz_check(fuzz_descriptors() == before);
	return 0;
}

/* Makes the first head speak of what there is. */
static void repair(uint8_t *data, size_t size, size_t state_len)
{
	static const uint32_t frame = 0xfd2fb528; /* of Zstandard */
	size_t after = STATE + state_len + cli_checkpoint_padding(state_len);
	struct hexo_checkpoint_piece piece;
	struct hexo_checkpoint_head head;

	if (size < STATE + state_len)
		return;
	memcpy(&head, data, sizeof(head));
	memcpy(&piece, data + INDEX, sizeof(piece));
	head.magic = HEXO_CHECKPOINT_MAGIC;
	head.format = HEXO_CHECKPOINT_FORMAT;
	head.flags &= HEXO_CHECKPOINT_ZSTD;
	head.generation |= 1;
	piece.at = in_file(HEADS);
	piece.size = STREAM;
	if (head.flags)
		memcpy(data + HEADS, &frame, sizeof(frame));
	else
		piece.len = STREAM;
	head.stream_len = piece.len;
	head.pieces = 1;
	head.index_at = in_file(INDEX);
	head.state_at = in_file(STATE);
	head.state_len = state_len;
	head.data_at = after > size ? in_file(size) : in_file(after);
	if (after > size)
		head.data_len = 0;
	else if (head.data_len > size - after)
		head.data_len = (size - after) / 8 * 8;
	memcpy(data + INDEX, &piece, sizeof(piece));
	head.index_checksum = migrate_hash(&piece, sizeof(piece), 0);
	head.state_checksum = migrate_hash(data + STATE, state_len, 0);
	head.checksum = cli_checkpoint_checksum(&head);
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
	if (fuzz_random(&random) % 4 == 0) {
		fuzz_mutate_part(data, 0, STATE);
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
