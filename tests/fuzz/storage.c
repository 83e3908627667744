/* SPDX-License-Identifier: Apache-2.0 */
// LINK: files/files.c files/data.c files/dir.c files/path.c files/volume.c
// LINK: files/local.c files/state.c migrate/channel.c migrate/link.c
// LINK: migrate/hash.c base/base.c base/error.c; -ljansson -lxxhash
// OPTIONS: -max_len=2048 -malloc_limit_mb=64
/*
 * A node's local volumes: what a VM asks of them and what its home has opened,
 * in any order, with one volume in a directory whose other file nobody may
 * change.
 */
#include "node/storage_serve.c"

#include <stdlib.h>
#include <sys/stat.h>

#include "tests/fuzz/shared/fuzz.h"

enum { STEPS_MAX = 32, TEXT_MAX = 200 };

static const char *const paths[] = {
	"/l/f",  "/l/sub", "/l/sub/new", "/l/out",
	"/l/up", "/l",     "/h/f",       "/l/out/secret",
};

static struct files_volumes volumes;
static struct storage storage;
static char *volume, *secret;

static void put(const char *path, const char *text)
{
	cleanup_file FILE *f = fopen(path, "we");

	fuzz_check(f && fputs(text, f) >= 0);
}

/* What a run before has changed is made as it was. */
static void make_files(void)
{
	cleanup_free char *command = base_printf(
		"rm -rf %s/* && mkdir -p %s/sub && ln -s ../ %s/out && "
		"ln -s ../secret %s/up",
		volume, volume, volume, volume);
	cleanup_free char *file = base_printf("%s/f", volume);

	fuzz_check(system(command) == 0);
	put(file, "local");
}

static int64_t changed_at(const char *name)
{
	cleanup_free char *path = base_printf("%s/%s", volume, name);
	struct stat st;

	return stat(path, &st) < 0
		       ? -1
		       : st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec;
}

/* The same where there is something to do: that takes long. */
static void mend_files(void)
{
	static int64_t then[3];
	const int64_t now[] = { changed_at("."), changed_at("sub"),
				changed_at("f") };

	if (!memcmp(now, then, sizeof(then)))
		return;
	make_files();
	then[0] = changed_at(".");
	then[1] = changed_at("sub");
	then[2] = changed_at("f");
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	volume = base_printf("%s/volume", fuzz_scratch());
	secret = base_printf("%s/secret", fuzz_scratch());
	fuzz_check(mkdir(volume, 0700) == 0 || errno == EEXIST);
	put(secret, "secret");
	fuzz_check(files_volume_add_local(&volumes, volume, "/l", false,
					  NULL) == 0);
	fuzz_check(files_volume_add_local(&volumes, NULL, "/h", false, NULL) ==
		   0);
	fuzz_check(files_volumes_open_local(&volumes, NULL) == 0);
	storage.answer = base_alloc(HEXO_IO_MAX);
	mend_files();
	return 0;
}

/* A message as if it had come from that side. */
static void say(struct migrate_link *from, unsigned type, const void *data,
		size_t len)
{
	cleanup_free char *copy = base_alloc(len + 1);
	const struct migrate_msg msg = { (uint16_t)type, (uint32_t)len, copy };

	if (len)
		memcpy(copy, data, len);
	if (from == &storage.home) {
		storage_from_home(&storage, &msg);
		return;
	}
	/* The one that is held is the inbox's. */
	free(storage.vm.inbox.data);
	storage.vm.inbox.data = base_take_ptr(copy);
	storage.vm.inbox.msg = msg;
	storage_from_vm(&storage, &storage.vm.inbox.msg);
}

static void ask(struct fuzz_input *in)
{
	char data[sizeof(struct hexo_msg_io) + TEXT_MAX];
	struct hexo_msg_io io = {
		.op = fuzz_byte(in) % (HEXO_IO_OPS + 1),
		.out_len = 4096,
	};
	uint8_t which = fuzz_byte(in);
	const char *path = paths[which % 8];
	size_t len = strlen(path);

	io.arg[0] = (int8_t)fuzz_byte(in);
	if (which & 0x40)
		io.arg[0] += HEXO_LOCAL_HANDLE;
	io.arg[1] = (int8_t)fuzz_byte(in);
	if (io.op == HEXO_IO_OPEN)
		io.arg[0] &= ~(int64_t)HEXO_O_NONBLOCK;
	memcpy(data, &io, sizeof(io));
	if (which & 0x80) {
		len = which % TEXT_MAX;
		fuzz_take(in, data + sizeof(io), len);
	} else {
		memcpy(data + sizeof(io), path, len);
	}
	say(&storage.vm, HEXO_MSG_IO, data, sizeof(io) + len);
}

static void open_again(struct fuzz_input *in)
{
	uint8_t which = fuzz_byte(in);
	int handle = HEXO_LOCAL_HANDLE + (int8_t)fuzz_byte(in);
	cleanup_free char *text = base_printf(
		"{\"files\":[{\"handle\":%d,\"access\":\"%s\",\"size\":%d,"
		"\"mtime_ns\":1,\"ino\":1,\"guest\":\"%s\"}],\"cut\":%s}",
		handle, which & 8 ? "rw" : "r", which & 3, paths[which % 8],
		which & 16 ? "true" : "false");
	char raw[TEXT_MAX];

	if (which & 128) {
		fuzz_take(in, raw, sizeof(raw));
		say(&storage.home, HEXO_MSG_LOCAL_OPEN, raw, which % TEXT_MAX);
	} else {
		say(&storage.home, HEXO_MSG_LOCAL_OPEN, text, strlen(text));
	}
}

static void step(struct fuzz_input *in)
{
	static const struct hexo_msg_usage usage;
	static const struct hexo_msg_io_reply reply;
	uint8_t what = fuzz_byte(in);

	if (what % 8 < 3 && !storage.held && storage.vm.fd >= 0)
		ask(in);
	else if (what % 8 == 3 && !storage.held && storage.vm.fd >= 0)
		say(&storage.vm, HEXO_MSG_PARKED, &usage, sizeof(usage));
	else if (what % 8 == 4)
		open_again(in);
	else if (what % 8 == 5)
		say(&storage.home, what & 8 ? HEXO_MSG_RUN : HEXO_MSG_IO_REPLY,
		    &reply, sizeof(reply));
	else if (what % 8 == 6)
		say(&storage.home, HEXO_MSG_LOCAL_GRANT, NULL, 0);
	else
		storage.linked = what & 8;
	storage_try(&storage);
}

static void drain(int fd)
{
	char rest[65536];

	while (recv(fd, rest, sizeof(rest), MSG_DONTWAIT) > 0)
		;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	unsigned before = fuzz_descriptors();
	char *answer = storage.answer;
	int vms[2], homes[2];
	struct stat st;

	fuzz_check(socketpair(AF_UNIX, SOCK_STREAM, 0, vms) == 0);
	fuzz_check(socketpair(AF_UNIX, SOCK_STREAM, 0, homes) == 0);
	storage = (struct storage){ .answer = answer };
	files_init(&storage.files, &volumes);
	migrate_link_open(&storage.vm, vms[0]);
	migrate_link_open(&storage.home, homes[0]);
	for (int i = 0; i < STEPS_MAX && in.left; i++) {
		step(&in);
		/* What is held has a reason to wait. */
		fuzz_check(!storage.held || storage.waiting ||
			   !storage.linked || !storage.granted);
		drain(vms[1]);
		drain(homes[1]);
	}
	files_free(&storage.files);
	migrate_link_close(&storage.vm);
	migrate_link_close(&storage.home);
	close(vms[1]);
	close(homes[1]);
	mend_files();
	fuzz_check(fuzz_descriptors() == before);
	fuzz_check(stat(secret, &st) == 0 && st.st_size == 6);
	return 0;
}
