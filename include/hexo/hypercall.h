/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest ABI: what a guest and its monitor share.
 *
 * A hypercall is (number, guest address of a request). How it leaves the
 * guest is the ISA's matter: on x86-64 `out %eax, %dx` with
 * DX = HEXO_HC_PORT + number and EAX = the request's address; on AArch64 a
 * 64-bit store of the request's address to HEXO_HC_MMIO + 8 * number, an
 * address that is never backed by memory. Requests therefore lie below
 * 4 GiB (a static in the guest kernel's data does).
 * The monitor copies the request in once, checks every field of the copy,
 * acts, writes results back into the guest's request, and returns.
 * Addresses in requests are guest addresses; a range that is not wholly in
 * guest-accessible memory, or in the control page, gives -EFAULT; an unknown
 * number gives -ENOSYS.
 *
 * All fields are little-endian, naturally aligned, no padding.
 */
#ifndef HEXO_HYPERCALL_H
#define HEXO_HYPERCALL_H

#include <stdint.h>

#define HEXO_ABI_VERSION 3

#define HEXO_HC_PORT 0x4800
#define HEXO_HC_MMIO UINT64_C(0x7f00000000)

enum hexo_hc {
	HEXO_HC_EXIT,    /* struct hexo_hc_exit; does not return */
	HEXO_HC_PARK,    /* struct hexo_hc_park; all frames are captured */
	HEXO_HC_CLOCK,   /* struct hexo_hc_clock */
	HEXO_HC_SLEEP,   /* struct hexo_hc_sleep */
	HEXO_HC_RANDOM,  /* struct hexo_hc_buffer; fills addr with random */
	HEXO_HC_IO,      /* struct hexo_hc_io; see <hexo/io.h> */
	HEXO_HC_BOOT,    /* struct hexo_hc_buffer; copies out the boot block */
	HEXO_HC_DISCARD, /* struct hexo_hc_buffer; range reads as zero now */
	HEXO_HC_LOG,     /* struct hexo_hc_buffer; a diagnostic, one line */
	HEXO_HC_PANIC,   /* struct hexo_hc_buffer; like LOG, ends the VM */
	HEXO_HC_FAULT,   /* raised by per-ISA exception vectors, not by C */
	HEXO_HC_PARKING, /* struct hexo_hc_event; a capture begins now */
	HEXO_HC_RESUMED, /* struct hexo_hc_event; all frames are rebuilt */
	HEXO_HC_TOUCH,   /* struct hexo_hc_buffer; the range, HEXO_TOUCH_MAX
			    bytes at most, is to get its memory now, not when
			    it is first used; may be ignored */
	HEXO_HC_IO_POST, /* struct hexo_hc_io: sent, and not waited for */
	HEXO_HC_IO_TAKE, /* struct hexo_hc_buffer; fills addr with results of
			    what was posted, an int64 each, in the order of
			    posting; waits until len bytes of them are there */
	HEXO_HC_COUNT
};

#define HEXO_TOUCH_MAX 0x200000

/* Why a program ended, in hexo_hc_exit.status: 0..255 an exit status,
 * HEXO_EXIT_SIGNAL + N as if by signal N. */
#define HEXO_EXIT_SIGNAL 0x100

struct hexo_hc_exit {
	int64_t result;
	uint64_t status;
};

/* result 0: nothing was moved (or the move failed); the guest resumes its
 * frames here. The target of a move never sees this call return: it starts
 * at the entry point with control->mode == HEXO_MODE_RESUME. */
struct hexo_hc_park {
	int64_t result;
	uint64_t frames;      /* number of frame records */
	uint64_t frame_bytes; /* bytes used from frames_low on */
};

/* Tells the monitor when something happened, so that it can time the steps
 * of a move. RESUMED is also what ends a resumption: the home learns from it
 * that the guest runs again. */
struct hexo_hc_event {
	int64_t result;
};

struct hexo_hc_clock {
	int64_t result;
	uint64_t clock; /* 0 realtime, 1 monotonic (since VM start, never
			   runs backwards across moves), 2 CPU time of VM */
	uint64_t ns;    /* out */
};

/* Returns early with -EINTR when a park is requested; remaining is set. */
struct hexo_hc_sleep {
	int64_t result;
	uint64_t ns;
	uint64_t remaining; /* out */
};

struct hexo_hc_buffer {
	int64_t result; /* bytes, or -errno */
	uint64_t addr;
	uint64_t len;
};

/* One file operation, answered by the job's home (see <hexo/io.h>). */
struct hexo_hc_io {
	int64_t result; /* >= 0 or -errno; errno numbers are Linux generic */
	uint32_t op;    /* enum hexo_io_op */
	uint32_t reserved;
	int64_t arg[4];
	uint64_t in_addr, in_len;   /* data from the guest, <= HEXO_IO_MAX */
	uint64_t out_addr, out_len; /* room for the answer, <= HEXO_IO_MAX */
	uint64_t out_used;          /* out: bytes of answer written */
};

_Static_assert(sizeof(struct hexo_hc_io) == 88, "guest ABI");

/*
 * An operation that is posted has no data for an answer (out_len 0). The home
 * does all operations in the order of their calls, posted ones included.
 * Results that were not taken are at most so many (more: -EBUSY); a VM with
 * any cannot park (-EBUSY), as they would stay behind.
 */
#define HEXO_IO_POSTS_MAX 64

/*
 * The boot block (HEXO_HC_BOOT): uint32 argc, uint32 envc, then argc + envc
 * NUL-terminated strings. At most HEXO_BOOT_MAX bytes; result is its size
 * whatever len was (the copy is cut to len).
 */
#define HEXO_BOOT_MAX 0x20000

enum hexo_mode { HEXO_MODE_START = 0, HEXO_MODE_RESUME = 1 };

/*
 * The control page at HEXO_CONTROL_BASE: private to a node, written by both
 * sides. The monitor treats what the guest wrote as untrusted input.
 *
 * poll_flag is what every poll reads. The guest's slow path increments
 * polls and parks if park_request is set or polls == poll_target. Polls are
 * counted only while poll_flag is set; raised for the whole run the count
 * is the portable progress counter.
 *
 * fresh is set by a guest before it reads what it is to keep of a file; half a
 * second later at most the monitor clears it, and what is kept is out of date.
 */
struct hexo_control {
	/* monitor; first, as some ISAs make round addresses in one step */
	uint32_t poll_flag;
	uint32_t abi_version;  /* monitor: HEXO_ABI_VERSION */
	uint32_t park_request; /* monitor; guest clears it when it parks */
	uint32_t mode;         /* monitor: enum hexo_mode */
	uint64_t polls;        /* guest; carried over by a move */
	uint64_t poll_target;  /* monitor; 0: none */
	uint64_t memory;       /* monitor: sizes for hexo_layout_make() */
	uint64_t stack;        /* monitor */
	uint32_t fresh;        /* both */
	uint32_t reserved;
};

_Static_assert(sizeof(struct hexo_control) == 56, "guest ABI");

#endif
