/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: messages channel|serve|resume|session|hypercall|receive|files|
 *                 home|relay|fetch
 *
 * Writes one seed to standard output: messages as our own programs send them,
 * or a script for a harness whose inputs are scripts.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hexo/hypercall.h"
#include "hexo/io.h"
#include "hexo/layout.h"
#include "migrate/channel.h"
#include "node/hash.h"

static void message(unsigned type, const void *data, size_t len)
{
	(void)migrate_channel_send(STDOUT_FILENO, type, data, len, NULL);
}

static void bytes(const void *data, size_t len)
{
	fwrite(data, 1, len, stdout);
}

static void byte(unsigned value)
{
	putchar((int)value);
}

static void channel(void)
{
	const struct hexo_msg_hello hello = { .version = HEXO_MSG_VERSION };
	const struct hexo_msg_io io = { .op = HEXO_IO_STAT, .out_len = 112 };
	const struct hexo_msg_usage usage = { .polls = 3000 };
	char stat[sizeof(io) + 4];

	memcpy(stat, &io, sizeof(io));
	memcpy(stat + sizeof(io), "/tmp", 4);
	message(HEXO_MSG_HELLO, &hello, sizeof(hello));
	message(HEXO_MSG_IO, stat, sizeof(stat));
	message(HEXO_MSG_PARK, NULL, 0);
	message(HEXO_MSG_PARKED, &usage, sizeof(usage));
	message(HEXO_MSG_LOG, "a line", 6);
}

static void serve(void)
{
	struct hexo_msg_image image = { .size = 4 };
	struct hexo_msg_vm vm = {
		.memory = HEXO_MEMORY_MIN,
		.stack = HEXO_STACK_MIN,
		.backend = 1,
		.timeout_s = 60,
		.session = { 1, 2 },
		.name = "job",
	};

	node_hash("hexo", 4, image.hash);
	memcpy(vm.hash, image.hash, sizeof(vm.hash));
	message(HEXO_MSG_NODE_INFO, NULL, 0);
	message(HEXO_MSG_NODE_SPEED, "bytes", 5);
	message(HEXO_MSG_NODE_IMAGE, &image, sizeof(image));
	message(HEXO_MSG_NODE_PUT, &image, sizeof(image));
	message(HEXO_MSG_NODE_DATA, "he", 2);
	message(HEXO_MSG_NODE_DATA, "xo", 2);
	message(HEXO_MSG_NODE_VM, &vm, sizeof(vm));
}

static void resume(void)
{
	const struct hexo_msg_resume resumed = { { 1, 2 }, 3 };

	message(HEXO_MSG_NODE_RESUME, &resumed, sizeof(resumed));
}

/* Steps as tests/fuzz/session.c takes them. */
static void session(void)
{
	static const char data[64] = "bytes of the near end";

	byte(1 << 3 | 0);
	bytes(data, sizeof(data));
	byte(5);
	bytes("\6\1\12\0\0ten bytes!", 15); /* a frame of 10 bytes */
	byte(5);
	byte(2); /* a new link */
	bytes("\6\2\0\0\0", 5);
	byte(5);
	bytes("\6\3\0\0\177", 5);
	byte(5);
	byte(1 << 3 | 4);
	byte(5);
}

/* Steps as tests/fuzz/fetch.c takes them: the guest waits for a page, gives
 * some back and writes to one; then all the rest is zero, and END. */
static void fetch(void)
{
	bytes("\0\0\0", 3);
	bytes("\1\0\4", 3);
	bytes("\0\11\0\4\0\0", 6);
	bytes("\37\0\23", 3);
	bytes("\5\0\6", 3);
	bytes("\0\11\0\6\2\144", 6);
	bytes("\0\5\377\0\0\0", 6);
	bytes("\0\5\377\1\2\0\0", 7);
	bytes("\0\4\0", 3);
}

/* Steps as tests/fuzz/relay.c takes them. */
static void relay(void)
{
	static const char data[64] = "bytes of the near end";

	byte(1 << 4);
	bytes(data, sizeof(data));
	bytes("\11\1\12\0\0ten bytes!", 15); /* a frame of 10 bytes */
	bytes("\3\0", 2);                    /* a new link */
	bytes("\11\2\0\0\177", 5);
	bytes("\5\0", 2); /* a stranger's */
	bytes("\6\44nine bytes, two descriptors", 11);
	bytes("\3\20", 2); /* one that is broken */
	byte(4 << 4 | 8);  /* a while */
	bytes("\3\0", 2);
	byte(3 << 4 | 7);
}

/* One hypercall as tests/fuzz/hypercall.c takes it, after count messages. */
static void call(unsigned count, const char *messages, size_t len,
		 unsigned number, const void *request, size_t size)
{
	static const char zero[88];

	byte(count);
	byte(0);
	byte(number);
	bytes(messages, len);
	byte(0);
	bytes(request, size);
	bytes(zero, sizeof(zero) - size);
}

static void hypercall(void)
{
	const struct hexo_hc_buffer buffer = {
		.addr = HEXO_PORTABLE_BASE + 2 * HEXO_PAGE_SIZE,
		.len = 3 * HEXO_PAGE_SIZE,
	};
	const struct hexo_hc_io io = {
		.op = HEXO_IO_READ,
		.in_addr = HEXO_PORTABLE_BASE,
		.in_len = 10,
		.out_addr = HEXO_PORTABLE_BASE + 2 * HEXO_PAGE_SIZE,
		.out_len = 100,
	};
	const struct hexo_hc_clock clock = { .clock = 1 };
	const struct hexo_hc_park park = { .frames = 2, .frame_bytes = 64 };
	const struct hexo_hc_event event = { 0 };
	const struct hexo_hc_exit leave = { .status = 3 };

	call(0, "", 0, HEXO_HC_BOOT, &buffer, sizeof(buffer));
	call(0, "", 0, HEXO_HC_RANDOM, &buffer, sizeof(buffer));
	call(0, "", 0, HEXO_HC_TOUCH, &buffer, sizeof(buffer));
	call(0, "", 0, HEXO_HC_CLOCK, &clock, sizeof(clock));
	call(1, "\0\4\4\0\0\0\0\0\0\0data", 14, HEXO_HC_IO, &io, sizeof(io));
	call(0, "", 0, HEXO_HC_PARKING, &event, sizeof(event));
	/* SHIP, RESUME */
	call(2,
	     "\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
	     "\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
	     36, HEXO_HC_PARK, &park, sizeof(park));
	call(0, "", 0, HEXO_HC_RESUMED, &event, sizeof(event));
	call(0, "", 0, HEXO_HC_DISCARD, &buffer, sizeof(buffer));
	call(0, "", 0, HEXO_HC_LOG, &buffer, sizeof(buffer));
	call(0, "", 0, HEXO_HC_EXIT, &leave, sizeof(leave));
}

/* A stream as tests/fuzz/receive.c writes it: VM, pages, a round, VM and what
 * has changed, END; then RUN. */
static void receive(void)
{
	byte(7 | 32 | 64);
	bytes("\0\0\1", 3);
	bytes("\1\0\2", 3);
	bytes("\3\0\10", 3);
	byte(4);
	bytes("\0\0\1", 3);
	bytes("\2\0\1", 3);
	bytes("\1\4\0", 3);
}

/* An operation as tests/fuzz/files.c takes it: on the path of that number,
 * on two, or on none. */
static void file(unsigned op, unsigned a, unsigned b, int path, int other)
{
	byte(op);
	byte((path >= 0) | (other >= 0) << 1 | 0x40);
	byte(128);
	byte(a & 255);
	byte(a >> 8 & 255);
	byte(a >> 16);
	byte(b & 255);
	byte(b >> 8 & 255);
	byte(b >> 16);
	if (path >= 0)
		byte((unsigned)path);
	if (other >= 0)
		byte((unsigned)other);
}

static void files(void)
{
	file(HEXO_IO_OPEN, HEXO_O_RDWR, 0, 0, -1);
	file(HEXO_IO_READ, 3, 0, -1, -1);
	file(HEXO_IO_WRITE, 3, 5, 1, -1);
	file(HEXO_IO_FSTAT, 3, 0, -1, -1);
	file(HEXO_IO_TRUNCATE, 3, 2, -1, -1);
	file(HEXO_IO_FSYNC, 3, 0, -1, -1);
	file(HEXO_IO_FCHMOD, 3, 0600, -1, -1);
	file(HEXO_IO_OPEN, HEXO_O_DIRECTORY, 0, 8, -1);
	file(HEXO_IO_READDIR, 4, 0, -1, -1);
	file(HEXO_IO_OPEN, 0, 0, 12, -1);
	file(HEXO_IO_READDIR, 5, 0, -1, -1);
	file(HEXO_IO_OPEN, HEXO_O_WRONLY | HEXO_O_CREAT, 0644, 6, -1);
	file(HEXO_IO_STAT, 1, 0, 3, -1);
	file(HEXO_IO_STAT, 0, 0, 14, -1);
	file(HEXO_IO_READLINK, 0, 0, 4, -1);
	file(HEXO_IO_MKDIR, 0755, 0, 7, -1);
	file(HEXO_IO_RENAME, 0, 0, 0, 6);
	file(HEXO_IO_LINK, 0, 0, 6, 0);
	file(HEXO_IO_SYMLINK, 0, 0, 10, 7);
	file(HEXO_IO_ACCESS, 4, 0, 10, -1);
	file(HEXO_IO_CHMOD, 0600, 0, 2, -1);
	file(HEXO_IO_UNLINK, 0, 0, 4, -1);
	file(HEXO_IO_WINSIZE, 1, 0, -1, -1);
	file(HEXO_IO_CLOSE, 3, 0, -1, -1);
}

/* A home as tests/fuzz/home.c has it: VMs that answer as they should are moved
 * in each mode, and saved; then one ends. */
static void home(void)
{
	static const uint8_t hello[] = { 8, 0, 0 };
	static const uint8_t request[] = { 8, 5, 3 };

	byte(0xff);
	byte(0);
	bytes(hello, sizeof(hello));
	for (unsigned mode = 0; mode < 4; mode++) {
		bytes(request, sizeof(request));
		byte(0);
		byte(1 | (mode & 1) << 1 | mode << 2);
		bytes(hello, sizeof(hello));
	}
	bytes("\0\4", 2);
	bytes(request, sizeof(request));
	bytes("\10\6\0", 3);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*write)(void);
	} seeds[] = {
		{ "channel", channel },     { "serve", serve },
		{ "resume", resume },       { "session", session },
		{ "hypercall", hypercall }, { "receive", receive },
		{ "files", files },         { "home", home },
		{ "relay", relay },         { "fetch", fetch },
	};

	for (size_t i = 0; i < sizeof(seeds) / sizeof(*seeds); i++)
		if (argc == 2 && !strcmp(argv[1], seeds[i].name)) {
			seeds[i].write();
			return fflush(stdout) ? 1 : 0;
		}
	fprintf(stderr, "usage: messages NAME\n");
	return 2;
}
