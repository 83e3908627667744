/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system calls, with the numbers of asm-generic Linux (64-bit):
 *
 *   X(number, name, (parameters), (arguments))
 *
 * declares `long sys_<name>(parameters)`, which returns a result or -errno,
 * and says how it is called with the words a..f; P() makes a pointer of one.
 */
#ifndef KERNEL_SYSCALL_H
#define KERNEL_SYSCALL_H

#include "guest/kernel/abi.h"

#define KERNEL_SYSCALLS(X)     \
	KERNEL_FILE_CALLS(X)   \
	KERNEL_NAME_CALLS(X)   \
	KERNEL_MEMORY_CALLS(X) \
	KERNEL_TIME_CALLS(X)   \
	KERNEL_SIGNAL_CALLS(X) \
	KERNEL_PROCESS_CALLS(X)

/* clang-format off */
#define KERNEL_FILE_CALLS(X) \
	X(23, dup, (int fd), (a)) \
	X(24, dup3, (int fd, int to, int flags), (a, b, c)) \
	X(25, fcntl, (int fd, int command, uint64_t arg), (a, b, c)) \
	X(29, ioctl, (int fd, uint32_t request, void *arg), (a, b, P(c))) \
	X(32, flock, (int fd, int operation), (a, b)) \
	X(46, ftruncate, (int fd, int64_t length), (a, b)) \
	X(47, fallocate, (int fd), (a)) \
	X(57, close, (int fd), (a)) \
	X(59, pipe2, (int fds[2], int flags), (P(a), b)) \
	X(61, getdents64, (int fd, char *buf, uint64_t len), (a, P(b), c)) \
	X(62, lseek, (int fd, int64_t off, int whence), (a, b, c)) \
	X(63, read, (int fd, char *buf, uint64_t len), (a, P(b), c)) \
	X(64, write, (int fd, const char *buf, uint64_t len), (a, P(b), c)) \
	X(65, readv, (int fd, const struct abi_iovec *v, int n), \
	  (a, P(b), c)) \
	X(66, writev, (int fd, const struct abi_iovec *v, int n), \
	  (a, P(b), c)) \
	X(67, pread64, (int fd, char *buf, uint64_t len, int64_t off), \
	  (a, P(b), c, d)) \
	X(68, pwrite64, (int fd, const char *buf, uint64_t len, int64_t off), \
	  (a, P(b), c, d)) \
	X(69, preadv, (int fd, const struct abi_iovec *v, int n, \
		       int64_t off), \
	  (a, P(b), c, d)) \
	X(70, pwritev, (int fd, const struct abi_iovec *v, int n, \
			int64_t off), \
	  (a, P(b), c, d)) \
	X(72, pselect6, (int n, uint64_t *in, uint64_t *out, \
			 uint64_t *except, \
			 const struct abi_timespec *timeout), \
	  (a, P(b), P(c), P(d), P(e))) \
	X(73, ppoll, (struct abi_pollfd *fds, uint64_t n, \
		      const struct abi_timespec *timeout), \
	  (P(a), b, P(c))) \
	X(81, sync, (void), ()) \
	X(82, fsync, (int fd), (a)) \
	X(83, fdatasync, (int fd), (a)) \
	X(223, fadvise64, (int fd), (a)) \
	X(436, close_range, (uint32_t first, uint32_t last, uint32_t flags), \
	  (a, b, c))

#define KERNEL_NAME_CALLS(X) \
	X(17, getcwd, (char *buf, uint64_t size), (P(a), b)) \
	X(34, mkdirat, (int dirfd, const char *name, uint32_t mode), \
	  (a, P(b), c)) \
	X(35, unlinkat, (int dirfd, const char *name, int flags), \
	  (a, P(b), c)) \
	X(36, symlinkat, (const char *target, int dirfd, const char *name), \
	  (P(a), b, P(c))) \
	X(37, linkat, (int from_dir, const char *from, int to_dir, \
		       const char *to), \
	  (a, P(b), c, P(d))) \
	X(38, renameat, (int from_dir, const char *from, int to_dir, \
			 const char *to), \
	  (a, P(b), c, P(d))) \
	X(45, truncate, (const char *name, int64_t length), (P(a), b)) \
	X(48, faccessat, (int dirfd, const char *name, uint32_t mode), \
	  (a, P(b), c)) \
	X(49, chdir, (const char *path), (P(a))) \
	X(50, fchdir, (int fd), (a)) \
	X(52, fchmod, (int fd, uint32_t mode), (a, b)) \
	X(53, fchmodat, (int dirfd, const char *name, uint32_t mode), \
	  (a, P(b), c)) \
	X(54, fchownat, (int dirfd, const char *name, uint32_t uid, \
			 uint32_t gid, int flags), \
	  (a, P(b), c, d, e)) \
	X(55, fchown, (int fd, uint32_t uid, uint32_t gid), (a, b, c)) \
	X(56, openat, (int dirfd, const char *name, int flags, \
		       uint32_t mode), \
	  (a, P(b), c, d)) \
	X(78, readlinkat, (int dirfd, const char *name, char *buf, \
			   uint64_t len), \
	  (a, P(b), P(c), d)) \
	X(79, newfstatat, (int dirfd, const char *name, struct abi_stat *to, \
			   int flags), \
	  (a, P(b), P(c), d)) \
	X(80, fstat, (int fd, struct abi_stat *to), (a, P(b))) \
	X(88, utimensat, (int dirfd, const char *name, \
			  const struct abi_timespec time[2], int flags), \
	  (a, P(b), P(c), d)) \
	X(166, umask, (uint32_t mask), (a)) \
	X(276, renameat2, (int from_dir, const char *from, int to_dir, \
			   const char *to, uint32_t flags), \
	  (a, P(b), c, P(d), e)) \
	X(439, faccessat2, (int dirfd, const char *name, uint32_t mode, \
			    int flags), \
	  (a, P(b), c, d))

#define KERNEL_MEMORY_CALLS(X) \
	X(214, brk, (uint64_t to), (a)) \
	X(215, munmap, (uint64_t addr, uint64_t len), (a, b)) \
	X(216, mremap, (uint64_t old, uint64_t old_len, uint64_t len, \
			int flags), \
	  (a, b, c, d)) \
	X(222, mmap, (uint64_t addr, uint64_t len, int prot, int flags, \
		      int fd, int64_t off), \
	  (a, b, c, d, e, f)) \
	X(226, mprotect, (uint64_t addr, uint64_t len, int prot), (a, b, c)) \
	X(227, msync, (uint64_t addr, uint64_t len, int flags), (a, b, c)) \
	X(228, mlock, (uint64_t addr, uint64_t len), (a, b)) \
	X(229, munlock, (uint64_t addr, uint64_t len), (a, b)) \
	X(233, madvise, (uint64_t addr, uint64_t len, int advice), (a, b, c))

#define KERNEL_TIME_CALLS(X) \
	X(101, nanosleep, (const struct abi_timespec *t), (P(a))) \
	X(113, clock_gettime, (int clock, struct abi_timespec *to), \
	  (a, P(b))) \
	X(114, clock_getres, (int clock, struct abi_timespec *to), (a, P(b))) \
	X(115, clock_nanosleep, (int clock, int flags, \
				 const struct abi_timespec *t), \
	  (a, b, P(c))) \
	X(153, times, (struct abi_tms *to), (P(a))) \
	X(165, getrusage, (int who, struct abi_rusage *to), (a, P(b))) \
	X(169, gettimeofday, (struct abi_timeval *to), (P(a)))

#define KERNEL_SIGNAL_CALLS(X) \
	X(129, kill, (int pid, int signal), (a, b)) \
	X(130, tkill, (int tid, int signal), (a, b)) \
	X(131, tgkill, (int pid, int tid, int signal), (a, b, c)) \
	X(132, sigaltstack, (const struct abi_stack *to, \
			     struct abi_stack *old), \
	  (P(a), P(b))) \
	X(133, rt_sigsuspend, (const uint64_t *mask), (P(a))) \
	X(134, rt_sigaction, (int signal, const struct abi_sigaction *to, \
			      struct abi_sigaction *old), \
	  (a, P(b), P(c))) \
	X(135, rt_sigprocmask, (int how, const uint64_t *set, \
				uint64_t *old), \
	  (a, P(b), P(c))) \
	X(136, rt_sigpending, (uint64_t *to), (P(a)))

#define KERNEL_PROCESS_CALLS(X) \
	X(93, exit, (int status), (a)) \
	X(94, exit_group, (int status), (a)) \
	X(96, set_tid_address, (int *at), (P(a))) \
	X(98, futex, (int *at, int op, int value, \
		      const struct abi_timespec *timeout), \
	  (P(a), b, c, P(d))) \
	X(99, set_robust_list, (void), ()) \
	X(122, sched_setaffinity, (int pid, uint64_t size, \
				   const uint64_t *mask), \
	  (a, b, P(c))) \
	X(123, sched_getaffinity, (int pid, uint64_t size, uint64_t *mask), \
	  (a, b, P(c))) \
	X(124, sched_yield, (void), ()) \
	X(148, getresuid, (uint32_t *real, uint32_t *effective, \
			   uint32_t *saved), \
	  (P(a), P(b), P(c))) \
	X(150, getresgid, (uint32_t *real, uint32_t *effective, \
			   uint32_t *saved), \
	  (P(a), P(b), P(c))) \
	X(158, getgroups, (int n, uint32_t *to), (a, P(b))) \
	X(160, uname, (struct abi_utsname *to), (P(a))) \
	X(163, getrlimit, (int resource, struct abi_rlimit *to), (a, P(b))) \
	X(164, setrlimit, (int resource, const struct abi_rlimit *to), \
	  (a, P(b))) \
	X(167, prctl, (int option), (a)) \
	X(168, getcpu, (uint32_t *cpu, uint32_t *node), (P(a), P(b))) \
	X(172, getpid, (void), ()) \
	X(173, getppid, (void), ()) \
	X(174, getuid, (void), ()) \
	X(175, geteuid, (void), ()) \
	X(176, getgid, (void), ()) \
	X(177, getegid, (void), ()) \
	X(178, gettid, (void), ()) \
	X(179, sysinfo, (struct abi_sysinfo *to), (P(a))) \
	X(260, wait4, (void), ()) \
	X(261, prlimit64, (int pid, int resource, \
			   const struct abi_rlimit *to, \
			   struct abi_rlimit *old), \
	  (a, b, P(c), P(d))) \
	X(278, getrandom, (char *to, uint64_t len, uint32_t flags), \
	  (P(a), b, c))

/* Not implemented: X(number, name), for the message that says so. */
#define KERNEL_MISSING_CALLS(X) \
	X(19, eventfd2) X(20, epoll_create1) X(26, inotify_init1) \
	X(33, mknodat) X(40, mount) X(43, statfs) X(44, fstatfs) \
	X(51, chroot) X(71, sendfile) X(74, signalfd4) X(76, splice) \
	X(85, timerfd_create) X(95, waitid) X(102, getitimer) \
	X(103, setitimer) X(107, timer_create) X(112, clock_settime) \
	X(117, ptrace) X(137, rt_sigtimedwait) X(140, setpriority) \
	X(146, setuid) X(144, setgid) X(154, setpgid) X(155, getpgid) \
	X(156, getsid) X(157, setsid) X(194, shmget) X(198, socket) \
	X(199, socketpair) X(220, clone) X(221, execve) X(230, mlockall) \
	X(232, mincore) X(279, memfd_create) X(281, execveat) \
	X(285, copy_file_range) X(435, clone3)

/* Programs and musl try these and have another way: no message. */
#define KERNEL_OPTIONAL_CALLS(X) \
	X(283, membarrier) X(291, statx) X(293, rseq)
/* clang-format on */

#define X(number, name, parameters, arguments) long sys_##name parameters;
KERNEL_SYSCALLS(X)
#undef X

/* The call of a program. Returns the result or -errno. */
long hexo_syscall(long number, long a, long b, long c, long d, long e, long f);

#endif
