/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hexo-vm: runs one VM. Everything it needs is on the command line or comes
 * over the channel; see <hexo/channel.h> for what is said there.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"
#include "hexo/stream.h"
#include "monitor/arch.h"
#include "monitor/backend.h"
#include "monitor/jail.h"
#include "monitor/sandbox.h"
#include "monitor/usage.h"
#include "monitor/vm.h"

enum { EXIT_HEXO = 125, EXIT_IMAGE = 126 };

/* Where the descriptors that were given are kept; all others are closed. */
enum { FD_CHANNEL = 3, FD_ELF = 4, FD_FREE = 5 };

struct options {
	int channel, elf;
	uint64_t memory, stack;
	const char *backend;
};

static struct vm vm;

static void usage(FILE *to)
{
	fprintf(to,
		"usage: hexo-vm-%s --channel FD --elf FD [--memory BYTES]\n"
		"       [--stack BYTES] [--backend kvm|process|auto]\n"
		"\n"
		"Runs one VM of a job for the hexo process at the other end "
		"of\n"
		"the channel. Not meant to be started by hand: see hexo run.\n",
		vm_isa.name);
}

static int parse_size(const char *text, uint64_t min, uint64_t max,
		      uint64_t *size, const char *what, struct hexo_error *err)
{
	if (base_parse_size(text, size) < 0 || *size < min || *size > max ||
	    *size % HEXO_HUGE_SIZE)
		return hexo_fail(err, -EINVAL,
				 "%s %s: a multiple of 2 MiB from %llu MiB to "
				 "%llu GiB is needed",
				 what, text, (unsigned long long)min >> 20,
				 (unsigned long long)max >> 30);
	return 0;
}

static int parse_fd(const char *text, int *fd, struct hexo_error *err)
{
	uint64_t n;

	if (base_parse_u64(text, &n) < 0 || n > 65535 ||
	    fcntl((int)n, F_GETFD) < 0)
		return hexo_fail(err, -EBADF, "%s is not an open descriptor",
				 text);
	*fd = (int)n;
	return 0;
}

/* Returns 1 when there is nothing left to do (--help). */
static int parse_options(int argc, char **argv, struct options *o,
			 struct hexo_error *err)
{
	static const struct option longs[] = {
		{ "channel", required_argument, NULL, 'c' },
		{ "elf", required_argument, NULL, 'e' },
		{ "memory", required_argument, NULL, 'm' },
		{ "stack", required_argument, NULL, 's' },
		{ "backend", required_argument, NULL, 'b' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ 0 },
	};
	int c, r = 0;

	*o = (struct options){ -1, -1, HEXO_MEMORY_DEFAULT, HEXO_STACK_DEFAULT,
			       "auto" };
	opterr = 0;
	while (r == 0 && (c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 'c':
			r = parse_fd(optarg, &o->channel, err);
			break;
		case 'e':
			r = parse_fd(optarg, &o->elf, err);
			break;
		case 'm':
			r = parse_size(optarg, HEXO_MEMORY_MIN, HEXO_MEMORY_MAX,
				       &o->memory, "--memory", err);
			break;
		case 's':
			r = parse_size(optarg, HEXO_STACK_MIN, HEXO_STACK_MAX,
				       &o->stack, "--stack", err);
			break;
		case 'b':
			o->backend = optarg;
			break;
		case 'h':
			usage(stdout);
			return 1;
		case 'v':
			printf("hexo-vm-%s: guest ABI %d, address map %d, "
			       "channel %d, stream %d\n",
			       vm_isa.name, HEXO_ABI_VERSION,
			       HEXO_LAYOUT_VERSION, HEXO_MSG_VERSION,
			       HEXO_STREAM_VERSION);
			return 1;
		default:
			return hexo_fail(err, -EINVAL,
					 "%s: unknown option or no value",
					 argv[optind - 1]);
		}
	}
	if (r == 0 && (optind < argc || o->channel < 0 || o->elf < 0))
		r = hexo_fail(err, -EINVAL, "--channel and --elf are needed");
	return r;
}

static int keep_fd(int fd, int as, struct hexo_error *err)
{
	if (fd != as && dup2(fd, as) < 0)
		return hexo_fail_errno(err, "cannot keep descriptor %d", fd);
	(void)fcntl(as, F_SETFD, FD_CLOEXEC);
	return 0;
}

/* Keeps the two descriptors at fixed numbers and nothing else. */
static int keep_fds(struct options *o, struct hexo_error *err)
{
	int elf, fd, r;

	/* Away from the numbers that are about to be taken. */
	elf = fcntl(o->elf, F_DUPFD, FD_FREE);
	if (elf < 0)
		return hexo_fail_errno(err, "cannot keep descriptor %d",
				       o->elf);
	r = keep_fd(o->channel, FD_CHANNEL, err);
	if (r == 0)
		r = keep_fd(elf, FD_ELF, err);
	if (r < 0)
		return r;
	if (close_range(FD_FREE, ~0u, 0) < 0)
		for (fd = FD_FREE; fd < sysconf(_SC_OPEN_MAX) && fd < 65536;
		     fd++)
			close(fd);
	o->channel = FD_CHANNEL;
	o->elf = FD_ELF;
	return 0;
}

static int choose_backend(const char *name, const struct vm_backend **backend,
			  struct hexo_error *err)
{
	if (!strcmp(name, "auto")) {
		*backend = vm_backend_kvm.probe(NULL) == 0
				   ? &vm_backend_kvm
				   : &vm_backend_process;
		return 0;
	}
	if (!strcmp(name, vm_backend_kvm.name))
		*backend = &vm_backend_kvm;
	else if (!strcmp(name, vm_backend_process.name))
		*backend = &vm_backend_process;
	else
		return hexo_fail(err, -EINVAL,
				 "unknown backend %s (kvm, process, auto)",
				 name);
	return (*backend)->probe(err);
}

static void setup_control(const struct options *o)
{
	vm.control = vm_memory_own(&vm.memory, HEXO_CONTROL_BASE);
	*vm.control = (struct hexo_control){
		.abi_version = HEXO_ABI_VERSION,
		.mode = HEXO_MODE_START,
		.memory = o->memory,
		.stack = o->stack,
	};
}

static int hello(struct hexo_error *err)
{
	const struct hexo_note *n = &vm.elf.note;
	const struct hexo_msg_hello h = {
		.version = HEXO_MSG_VERSION,
		.isa = vm_isa.isa,
		.backend = vm.backend->number,
		.pid = (uint32_t)getpid(),
		.build_id = { n->build_id[0], n->build_id[1] },
		.layout_hash = n->layout_hash,
		.no_fetch = (uint32_t)vm.fetch.why,
	};

	return vm_link_send(&vm.link, HEXO_MSG_HELLO, &h, sizeof(h), err);
}

/* Everything up to the point where the guest could run. */
static int prepare(const struct options *o, struct hexo_error *err)
{
	int r;

	r = vm_elf_open(&vm.elf, o->elf, vm_isa.machine, err);
	if (r == 0)
		r = choose_backend(o->backend, &vm.backend, err);
	if (r == 0)
		r = vm_memory_create(&vm.memory, o->memory, o->stack,
				     vm.backend->own_address, err);
	if (r == 0)
		r = vm_elf_map(&vm.elf, &vm.memory, err);
	if (r == 0)
		r = vm_elf_load(&vm.elf, &vm.memory, VM_LOAD_FIXED, err);
	if (r < 0)
		return r;
	setup_control(o);
	vm_usage_open();
	vm_dirty_create(&vm.dirty, vm.memory.layout.end);
	vm.memory.dirty = &vm.dirty;
	r = vm.backend->create(&vm, err);
	if (r == 0)
		vm_fetch_open(&vm.fetch, &vm, vm.backend == &vm_backend_kvm);
	if (r == 0)
		r = vm_sandbox_prepare(&vm, o->channel, err);
	/* All files are open, and no thread runs yet. The process backend is
	 * not confined: its guest is part of it, and so may an emulator be,
	 * with files of its own. */
	if (r == 0 && vm.backend == &vm_backend_kvm)
		r = vm_jail_enter(FD_ELF, err);
	if (r == 0)
		r = vm_copy_create(&vm.copy, &vm, err);
	if (r == 0)
		r = vm_fetch_create(&vm.fetch, err);
	vm.memory.fetch = &vm.fetch;
	if (r == 0)
		r = vm_link_start(&vm.link, o->channel, vm.control, &vm.copy,
				  &vm.fetch, err);
	return r;
}

/* START: a boot block follows the message's own fields. */
static int start(const struct migrate_msg *m, struct hexo_error *err)
{
	struct hexo_msg_start s;
	int r;

	r = migrate_msg_check(m, sizeof(s), false, err);
	if (r < 0)
		return r;
	memcpy(&s, m->data, sizeof(s));
	vm.boot_len = m->len - (uint32_t)sizeof(s);
	if (vm.boot_len > HEXO_BOOT_MAX)
		return hexo_fail(err, -E2BIG,
				 "arguments and environment take %u bytes, "
				 "more than %u",
				 vm.boot_len, HEXO_BOOT_MAX);
	vm.boot = base_alloc(vm.boot_len);
	memcpy(vm.boot, (const char *)m->data + sizeof(s), vm.boot_len);
	vm.clock_ns = base_now_ns();
	r = vm_elf_load(&vm.elf, &vm.memory, VM_LOAD_STATE, err);
	if (r == 0)
		r = vm_step(&vm, VM_START, err);
	if (r == 0)
		vm_poll_set(&vm, s.poll_target, s.poll_flag);
	return r;
}

/* The first order: to start the program or to take a moved one in. */
static int first_order(struct hexo_error *err)
{
	const struct migrate_msg *m = vm_link_take(&vm.link);
	bool receive = false;
	int r;

	switch (m->type) {
	case HEXO_MSG_START:
		r = start(m, err);
		break;
	case HEXO_MSG_RECEIVE:
		r = vm_step(&vm, VM_RECEIVE, err);
		receive = true;
		break;
	default:
		r = hexo_fail(err, -EPROTO,
			      "%s message where START or RECEIVE is due",
			      migrate_msg_name(m->type));
		break;
	}
	vm_link_release(&vm.link);
	if (r == 0 && receive) {
		vm.control->mode = HEXO_MODE_RESUME;
		r = vm_receive(&vm, err);
	}
	return r;
}

static int serve(const struct options *o, struct hexo_error *err)
{
	int r;

	r = prepare(o, err);
	if (r == 0)
		r = hello(err);
	if (r == 0)
		r = vm_sandbox_enter(&vm, err);
	if (r == 0)
		r = first_order(err);
	if (r == 0)
		r = vm.backend->run(&vm, err);
	if (r == 0 && vm.failure.code) {
		*err = vm.failure;
		r = err->code;
	}
	return r;
}

int main(int argc, char **argv)
{
	struct hexo_error err = { 0 };
	struct options o;
	struct timespec cpu;
	int r;

	/* What loading this program took counts as well. */
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	vm.process_ns = base_now_ns() - (uint64_t)cpu.tv_nsec;
	r = parse_options(argc, argv, &o, &err);
	if (r > 0)
		return 0;
	if (r == 0)
		r = keep_fds(&o, &err);
	if (r < 0) {
		fprintf(stderr, "hexo-vm-%s: %s\n", vm_isa.name, err.text);
		return EXIT_HEXO;
	}
	r = vm_jail_prepare(&err);
	if (r == 0)
		r = serve(&o, &err);
	if (r == 0)
		return 0;
	if (migrate_channel_send(o.channel, HEXO_MSG_ERROR, err.text,
				 strlen(err.text), NULL) < 0)
		fprintf(stderr, "hexo-vm-%s: %s\n", vm_isa.name, err.text);
	return r == -ENOEXEC || r == -ENOMEM ? EXIT_IMAGE : EXIT_HEXO;
}
