/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a program sees of the kernel: numbers and structures of 64-bit
 * asm-generic Linux, as musl passes them. What <hexo/io.h> defines already
 * (open flags) is not repeated.
 */
#ifndef KERNEL_ABI_H
#define KERNEL_ABI_H

#include <stdint.h>

enum {
	EPERM = 1,
	ENOENT = 2,
	ESRCH = 3,
	EINTR = 4,
	EIO = 5,
	ENOEXEC = 8,
	EBADF = 9,
	ECHILD = 10,
	EAGAIN = 11,
	ENOMEM = 12,
	EACCES = 13,
	EFAULT = 14,
	EEXIST = 17,
	EXDEV = 18,
	ENODEV = 19,
	ENOTDIR = 20,
	EISDIR = 21,
	EINVAL = 22,
	EMFILE = 24,
	ENOTTY = 25,
	ENOSPC = 28,
	ESPIPE = 29,
	EPIPE = 32,
	ERANGE = 34,
	EDEADLK = 35,
	ENAMETOOLONG = 36,
	ENOSYS = 38,
	EOVERFLOW = 75,
	EOPNOTSUPP = 95,
	ETIMEDOUT = 110,
};

enum { AT_FDCWD = -100 };
#define AT_SYMLINK_NOFOLLOW 0x100
#define AT_REMOVEDIR        0x200
#define AT_SYMLINK_FOLLOW   0x400
#define AT_EMPTY_PATH       0x1000

#define S_IFMT  0170000
#define S_IFIFO 0010000
#define S_IFCHR 0020000
#define S_IFDIR 0040000
#define S_IFREG 0100000

enum { SEEK_SET, SEEK_CUR, SEEK_END };

enum {
	F_DUPFD = 0,
	F_GETFD = 1,
	F_SETFD = 2,
	F_GETFL = 3,
	F_SETFL = 4,
	F_GETLK = 5,
	F_SETLK = 6,
	F_SETLKW = 7,
	F_DUPFD_CLOEXEC = 1030,
};
#define FD_CLOEXEC 1
#define F_UNLCK    2

enum {
	TCGETS = 0x5401,
	TIOCGWINSZ = 0x5413,
	FIONREAD = 0x541b,
};

#define PROT_WRITE          2
#define MAP_SHARED          0x01
#define MAP_PRIVATE         0x02
#define MAP_TYPE            0x0f
#define MAP_FIXED           0x10
#define MAP_ANONYMOUS       0x20
#define MAP_NORESERVE       0x4000
#define MAP_FIXED_NOREPLACE 0x100000
#define MREMAP_MAYMOVE      1
#define MADV_DONTNEED       4

enum {
	AT_NULL = 0,
	AT_PAGESZ = 6,
	AT_UID = 11,
	AT_EUID = 12,
	AT_GID = 13,
	AT_EGID = 14,
	AT_CLKTCK = 17,
	AT_SECURE = 23,
	AT_RANDOM = 25,
	AT_EXECFN = 31,
};

enum {
	CLOCK_REALTIME = 0,
	CLOCK_MONOTONIC = 1,
	CLOCK_PROCESS_CPUTIME_ID = 2,
	CLOCK_THREAD_CPUTIME_ID = 3,
	CLOCK_MONOTONIC_RAW = 4,
	CLOCK_REALTIME_COARSE = 5,
	CLOCK_MONOTONIC_COARSE = 6,
	CLOCK_BOOTTIME = 7,
};
#define TIMER_ABSTIME 1

#define POLLIN   0x001
#define POLLOUT  0x004
#define POLLHUP  0x010
#define POLLNVAL 0x020

#define FUTEX_CMD_MASK       0x7f
#define FUTEX_CLOCK_REALTIME 0x100
enum {
	FUTEX_WAIT = 0,
	FUTEX_WAKE = 1,
	FUTEX_REQUEUE = 3,
	FUTEX_CMP_REQUEUE = 4,
	FUTEX_WAKE_OP = 5,
	FUTEX_WAIT_BITSET = 9,
	FUTEX_WAKE_BITSET = 10,
};

#define SIG_MAX      64
#define SIGKILL      9
#define SIGPIPE      13
#define SIGCHLD      17
#define SIGCONT      18
#define SIGSTOP      19
#define SIGURG       23
#define SIGWINCH     28
#define SIG_DFL      0
#define SIG_IGN      1
#define SI_TKILL     (-6)
#define SS_DISABLE   2
#define SA_SIGINFO   4u
#define SA_NODEFER   0x40000000u
#define SA_RESETHAND 0x80000000u
enum { SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK };

#define PR_SET_NAME 15

enum {
	RLIMIT_STACK = 3,
	RLIMIT_NOFILE = 7,
	RLIMIT_AS = 9,
	RLIMIT_COUNT = 16,
};
#define RLIM_INFINITY (~UINT64_C(0))

struct abi_timespec {
	int64_t sec, nsec;
};

struct abi_timeval {
	int64_t sec, usec;
};

struct abi_iovec {
	char *base;
	uint64_t len;
};

struct abi_stat {
	uint64_t dev, ino;
	uint32_t mode, nlink, uid, gid;
	uint64_t rdev, pad;
	int64_t size;
	int32_t blksize, pad2;
	int64_t blocks;
	struct abi_timespec atime, mtime, ctime;
	uint32_t unused[2];
};

/* name is NUL-terminated; entries are padded to 8 bytes. */
struct abi_dirent {
	uint64_t ino;
	int64_t next;
	uint16_t size;
	uint8_t type;
	char name[];
};

struct abi_pollfd {
	int32_t fd;
	int16_t events, revents;
};

struct abi_flock {
	int16_t type, whence;
	int64_t start, len;
	int32_t pid;
};

struct abi_winsize {
	uint16_t rows, cols, xpixel, ypixel;
};

struct abi_termios {
	uint32_t iflag, oflag, cflag, lflag;
	uint8_t line, cc[19];
};

struct abi_sigaction {
	uint64_t handler; /* SIG_DFL, SIG_IGN or a function */
	uint64_t flags;
	uint64_t restorer;
	uint64_t mask;
};

struct abi_siginfo {
	int32_t signal, error, code, pad, pid, uid;
	uint8_t rest[104];
};

struct abi_stack {
	uint64_t sp;
	int32_t flags, pad;
	uint64_t size;
};

struct abi_rlimit {
	uint64_t cur, max;
};

struct abi_rusage {
	struct abi_timeval user, system;
	int64_t rest[14]; /* the first is the peak size in KiB */
};

struct abi_tms {
	int64_t user, system, child_user, child_system;
};

struct abi_utsname {
	char sysname[65], nodename[65], release[65], version[65], machine[65],
		domain[65];
};

struct abi_sysinfo {
	int64_t uptime;
	uint64_t loads[3];
	uint64_t total, free, shared, buffer, total_swap, free_swap;
	uint16_t procs, pad;
	uint64_t total_high, free_high;
	uint32_t unit;
};

_Static_assert(sizeof(struct abi_stat) == 128, "struct stat");
_Static_assert(sizeof(struct abi_siginfo) == 128, "siginfo_t");
_Static_assert(sizeof(struct abi_rusage) == 144, "struct rusage");
_Static_assert(sizeof(struct abi_sysinfo) == 112, "struct sysinfo");

#endif
