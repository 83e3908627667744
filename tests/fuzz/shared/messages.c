/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: messages channel|serve|resume|session|hypercall|receive|files|
 *                 home|homes|relay|fetch
 *
 * Writes one seed to standard output: messages as our own programs send them,
 * or a script for a harness whose inputs are scripts. homes writes several,
 * each to a file in the current directory.
 */
#include <stdio.h>
#include <stdlib.h>
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
	const struct hexo_msg_volume volume = { 2, 4, 1 };
	char with_volumes[sizeof(vm) + sizeof(volume) + 6];

	node_hash("hexo", 4, image.hash);
	memcpy(vm.hash, image.hash, sizeof(vm.hash));
	message(HEXO_MSG_NODE_INFO, NULL, 0);
	message(HEXO_MSG_NODE_SPEED, "bytes", 5);
	message(HEXO_MSG_NODE_IMAGE, &image, sizeof(image));
	message(HEXO_MSG_NODE_PUT, &image, sizeof(image));
	message(HEXO_MSG_NODE_DATA, "he", 2);
	message(HEXO_MSG_NODE_DATA, "xo", 2);
	message(HEXO_MSG_NODE_VM, &vm, sizeof(vm));
	memcpy(with_volumes, &vm, sizeof(vm));
	memcpy(with_volumes + sizeof(vm), &volume, sizeof(volume));
	memcpy(with_volumes + sizeof(vm) + sizeof(volume), "/d/srv", 6);
	message(HEXO_MSG_NODE_VM, with_volumes, sizeof(with_volumes));
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

/* What a VM of tests/fuzz/home.c says: HELLO, PARKED at a hop of the plan, ...;
 * the source does so for a target that is there, too. */
#define HELLO          "\10\0\0"
#define REACHED        "\10\1\1"
#define COMMIT         "\10\3\0"
#define RUNNING        "\10\4\0"
#define REQUEST        "\10\5\3"
#define WHOLE          "\10\14\0"
#define NEED           "\10\16\0"
#define GOT            "\10\17\0"
#define SOURCE_PARKED  "\30\1\0"
#define SOURCE_SHIPPED "\30\2\0"
#define SOURCE_COPIED  "\30\13\1"
#define SOURCE_STREAM  "\30\15\5"
/* One vanishes; a move by stop, a post-copy, a checkpoint are ordered. */
#define LOSE_SOURCE "\24"
#define LOSE_TARGET "\4"
#define PRE_COPY    "\0\13"
#define STOP        "\0\7"
#define LATER       "\0\37"
#define SAVE        "\0\0"
#define KILL        "\0\10"
/* No VM is honest; the second one is not; with a hop at every 100th poll;
 * with a stream to begin with. */
#define ALONE       "\0\0"
#define FIRST_ONLY  "\2\0"
#define WITH_STREAM "\0\4"
#define WITH_PLAN   "\0\1"

/* One line for each failure, or order of things, that moves have rows for. */
static void homes(void)
{
	static const char *const names[] = {
		"later",  "torn",  "back",   "reached", "fetching", "orphan",
		"signed", "saved", "killed", "early",   "calm",     "loaded",
	};
	static const struct {
		const char *data;
		size_t len;
	} scripts[] = {
#define SCRIPT(text) { text, sizeof(text) - 1 }
		SCRIPT(FIRST_ONLY HELLO LATER HELLO GOT COMMIT NEED RUNNING GOT
			       REQUEST WHOLE REQUEST),
		SCRIPT(ALONE HELLO LATER HELLO SOURCE_PARKED SOURCE_STREAM
			       COMMIT SOURCE_STREAM RUNNING NEED REQUEST
				       LOSE_SOURCE),
		SCRIPT(ALONE HELLO LATER HELLO SOURCE_PARKED SOURCE_STREAM
			       COMMIT SOURCE_STREAM RUNNING LOSE_TARGET),
		SCRIPT(WITH_PLAN HELLO REACHED HELLO SOURCE_STREAM
			       SOURCE_SHIPPED COMMIT RUNNING REQUEST),
		SCRIPT(WITH_PLAN HELLO LATER HELLO SOURCE_PARKED SOURCE_STREAM
			       COMMIT RUNNING REACHED SOURCE_SHIPPED WHOLE
				       HELLO),
		SCRIPT(ALONE HELLO STOP HELLO SOURCE_PARKED SOURCE_STREAM
			       SOURCE_SHIPPED LOSE_SOURCE COMMIT RUNNING),
		SCRIPT(ALONE HELLO STOP HELLO SOURCE_PARKED SOURCE_STREAM COMMIT
			       LOSE_SOURCE RUNNING),
		SCRIPT(FIRST_ONLY HELLO REQUEST SAVE),
		SCRIPT(ALONE HELLO REQUEST KILL),
		SCRIPT(ALONE HELLO STOP HELLO SOURCE_PARKED SOURCE_STREAM COMMIT
			       SOURCE_SHIPPED RUNNING),
		SCRIPT(ALONE HELLO PRE_COPY HELLO SOURCE_STREAM LOSE_TARGET
			       SOURCE_COPIED SOURCE_COPIED),
		SCRIPT(WITH_STREAM HELLO COMMIT RUNNING REQUEST),
	};

	for (size_t i = 0; i < sizeof(scripts) / sizeof(*scripts); i++) {
		FILE *file = fopen(names[i], "w");

		if (!file ||
		    fwrite(scripts[i].data, scripts[i].len, 1, file) != 1 ||
		    fclose(file))
			exit(1);
	}
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
		{ "homes", homes },         { "relay", relay },
		{ "fetch", fetch },
	};

	for (size_t i = 0; i < sizeof(seeds) / sizeof(*seeds); i++)
		if (argc == 2 && !strcmp(argv[1], seeds[i].name)) {
			seeds[i].write();
			return fflush(stdout) ? 1 : 0;
		}
	fprintf(stderr, "usage: messages NAME\n");
	return 2;
}
