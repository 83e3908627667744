/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/base.h"

void base_sandbox_begin(struct base_sandbox *s)
{
	s->filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	s->status = s->filter ? 0 : -ENOMEM;
}

void base_sandbox_calls(struct base_sandbox *s, uint32_t action,
			const int *calls, size_t count)
{
	for (size_t i = 0; s->status == 0 && i < count; i++)
		s->status = seccomp_rule_add(s->filter, action, calls[i], 0);
}

void base_sandbox_memory(struct base_sandbox *s, bool files)
{
	const struct scmp_arg_cmp no_code =
		SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	const struct scmp_arg_cmp no_file =
		SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS);

	if (s->status == 0 && files)
		s->status = seccomp_rule_add(s->filter, SCMP_ACT_ALLOW,
					     SCMP_SYS(mmap), 1, no_code);
	else if (s->status == 0)
		s->status =
			seccomp_rule_add(s->filter, SCMP_ACT_ALLOW,
					 SCMP_SYS(mmap), 2, no_code, no_file);
	if (s->status == 0)
		s->status = seccomp_rule_add(s->filter, SCMP_ACT_ALLOW,
					     SCMP_SYS(mprotect), 1, no_code);
}

int base_sandbox_enter(struct base_sandbox *s, struct hexo_error *err)
{
	int r = s->status;

	if (r == 0)
		r = seccomp_attr_set(s->filter, SCMP_FLTATR_CTL_TSYNC, 1);
	if (r == 0)
		r = seccomp_load(s->filter);
	seccomp_release(s->filter);
	s->filter = NULL;
	return r < 0 ? hexo_fail(err, r, "cannot enter the sandbox: %s",
				 strerror(-r))
		     : 0;
}

static int export_through(struct base_sandbox *s, struct sock_fprog *program)
{
	const size_t max = BPF_MAXINSNS * sizeof(*program->filter);
	cleanup_close int fd = memfd_create("filter", MFD_CLOEXEC);
	ssize_t n;
	int r;

	if (fd < 0)
		return -errno;
	r = seccomp_export_bpf(s->filter, fd);
	if (r < 0)
		return r;
	program->filter = base_alloc(max);
	n = pread(fd, program->filter, max, 0);
	program->len =
		(unsigned short)(n < 0 ? 0
				       : (size_t)n / sizeof(*program->filter));
	return program->len ? 0 : -EIO;
}

int base_sandbox_export(struct base_sandbox *s, struct sock_fprog *program,
			struct hexo_error *err)
{
	int r = s->status;

	if (r == 0)
		r = export_through(s, program);
	seccomp_release(s->filter);
	s->filter = NULL;
	return r < 0 ? hexo_fail(err, r,
				 "cannot make a filter of system calls: %s",
				 strerror(-r))
		     : 0;
}

int base_sandbox_enter_thread(const struct sock_fprog *program)
{
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program) < 0 ? -errno
								       : 0;
}
