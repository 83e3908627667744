/* SPDX-License-Identifier: Apache-2.0 */
/* Starting the process: what it may use, and what it is left with. */
#include "node/storage.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <jansson.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/base.h"
#include "node/storage_serve.h"

/* Descriptors of the process. */
enum { STORAGE_VM = 3, STORAGE_HOME, STORAGE_CONTROL, STORAGE_FREE };

/* A network file system may have to be asked; the client waits a bit longer. */
enum { STORAGE_START_MS = 8000 };

int node_storage_user(struct node_storage_policy *policy, const char *text,
		      struct hexo_error *err)
{
	cleanup_free char *user = base_strdup(text);
	char *group = strchr(user, ':');
	uint64_t uid, gid;

	if (group)
		*group++ = '\0';
	if (base_parse_u64(user, &uid) < 0 ||
	    base_parse_u64(group ?: user, &gid) < 0 || uid >= UINT32_MAX ||
	    gid >= UINT32_MAX)
		return hexo_fail(err, -EINVAL,
				 "--volume-user %s: not UID or UID:GID", text);
	policy->uid = (uid_t)uid;
	policy->gid = (gid_t)gid;
	return 0;
}

int node_storage_allow(struct node_storage_policy *policy,
		       const char *directory, struct hexo_error *err)
{
	cleanup_close int fd = -1;

	/* What jobs ask for is compared as text. */
	if (!files_path_is_normalised(directory))
		return hexo_fail(err, -EINVAL,
				 "--volume-local %s: not an absolute path "
				 "without '.', '..', '//' and a '/' at its end",
				 directory);
	fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return hexo_fail_errno(err,
				       "--volume-local: cannot open directory "
				       "%s",
				       directory);
	if (policy->count == NODE_STORAGE_DIRECTORIES)
		return hexo_fail(err, -E2BIG,
				 "--volume-local: more than %d directories",
				 NODE_STORAGE_DIRECTORIES);
	policy->directory[policy->count++] = directory;
	return 0;
}

/* Nothing leads out of what is allowed: neither ".." nor a link. */
static int storage_open(int top, const char *rest)
{
	struct open_how how = {
		.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	long fd = syscall(SYS_openat2, top, rest, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

static int storage_open_volume(const struct node_storage_policy *policy,
			       const int *tops, struct files_volume *v,
			       struct hexo_error *err)
{
	const char *outside = NULL;

	for (unsigned i = 0; i < policy->count; i++) {
		const char *rest =
			files_path_rest(v->local, policy->directory[i]);

		if (!rest)
			continue;
		v->root = storage_open(tops[i], *rest ? rest : ".");
		if (v->root == -EXDEV) {
			outside = policy->directory[i];
			continue;
		}
		if (v->root < 0)
			return hexo_fail(err, v->root,
					 "this node cannot open directory %s, "
					 "local volume %s: %s",
					 v->local, v->prefix,
					 strerror(-v->root));
		return 0;
	}
	if (outside)
		return hexo_fail(err, -EACCES,
				 "%s leads out of %s, which this node allows "
				 "for --volume-local",
				 v->local, outside);
	return hexo_fail(err, -EACCES,
			 "this node does not allow --volume-local %s: start "
			 "its hexod with --volume-local and a directory that "
			 "holds it",
			 v->local);
}

/* Whoever it is then, it needs no more than anybody's rights. */
static int storage_drop(const struct node_storage_policy *policy,
			struct hexo_error *err)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	const struct __user_cap_data_struct none[2] = { 0 };
	struct rlimit files;

	if (geteuid() == 0 &&
	    (setgroups(0, NULL) < 0 ||
	     setresgid(policy->gid, policy->gid, policy->gid) < 0 ||
	     setresuid(policy->uid, policy->uid, policy->uid) < 0))
		return hexo_fail_errno(err, "cannot drop privileges");
	/* As many as there are handles; less is no failure. */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 &&
	    files.rlim_cur < FILES_HANDLES_MAX) {
		files.rlim_cur = files.rlim_max < FILES_HANDLES_MAX
					 ? files.rlim_max
					 : FILES_HANDLES_MAX;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	if (syscall(SYS_capset, &head, none) < 0)
		return hexo_fail_errno(err, "cannot drop capabilities");
	/* New credentials have cleared it. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return hexo_fail_errno(err, "cannot drop privileges");
	return 0;
}

static int storage_prepare(const struct node_storage_policy *policy,
			   struct files_volumes *volumes,
			   struct hexo_error *err)
{
	int tops[NODE_STORAGE_DIRECTORIES], r;

	/* What lies above them may be root's to search. */
	for (unsigned i = 0; i < policy->count; i++)
		tops[i] = open(policy->directory[i],
			       O_PATH | O_DIRECTORY | O_CLOEXEC);
	r = storage_drop(policy, err);
	/* With the rights that count from now on. */
	for (int i = 0; r == 0 && i < volumes->count; i++)
		if (volumes->at[i].local)
			r = storage_open_volume(policy, tops, &volumes->at[i],
						err);
	for (unsigned i = 0; i < policy->count; i++)
		if (tops[i] >= 0)
			close(tops[i]);
	return r < 0 ? r : node_storage_confine(volumes, err);
}

/* In the child: keeps the three descriptors, and standard error. */
static int storage_descriptors(const struct node_storage *s, int control)
{
	int vm = fcntl(s->vm, F_DUPFD_CLOEXEC, STORAGE_FREE);
	int home = fcntl(s->home, F_DUPFD_CLOEXEC, STORAGE_FREE);
	int other = fcntl(control, F_DUPFD_CLOEXEC, STORAGE_FREE);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (vm < 0 || home < 0 || other < 0 || null < 0 ||
	    dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
	    dup2(vm, STORAGE_VM) < 0 || dup2(home, STORAGE_HOME) < 0 ||
	    dup2(other, STORAGE_CONTROL) < 0)
		return -errno;
	return close_range(STORAGE_FREE, ~0U, 0) < 0 ? -errno : 0;
}

static _Noreturn void storage_main(const struct node_storage_policy *policy,
				   struct files_volumes *volumes,
				   const struct node_storage *s, int control)
{
	struct hexo_error err = { 0 };
	int r = storage_descriptors(s, control);

	/* Else it would be read from a device later. */
	json_object_seed(0);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	/* The relay says when it is over. */
	signal(SIGTERM, SIG_IGN);
	if (r < 0)
		hexo_fail(&err, r, "cannot serve local volumes: %s",
			  strerror(-r));
	else
		r = storage_prepare(policy, volumes, &err);
	if (send(STORAGE_CONTROL, &err, sizeof(err), MSG_NOSIGNAL) < 0 || r < 0)
		_exit(1);
	node_storage_serve(volumes, STORAGE_VM, STORAGE_HOME, STORAGE_CONTROL);
	_exit(0);
}

/* Whether the process has opened everything. */
static int storage_await(int control, struct hexo_error *err)
{
	struct pollfd p = { .fd = control, .events = POLLIN };
	struct hexo_error why;

	if (poll(&p, 1, STORAGE_START_MS) <= 0)
		return hexo_fail(err, -ETIMEDOUT,
				 "this node could not open its local volumes "
				 "in time");
	if (recv(control, &why, sizeof(why), MSG_DONTWAIT) != sizeof(why))
		return hexo_fail(err, -EIO,
				 "this node cannot serve local volumes");
	if (why.code < 0 && err)
		*err = why;
	return why.code;
}

/* Forks; then only the process has its ends. */
static pid_t storage_fork(const struct node_storage_policy *policy,
			  struct files_volumes *volumes,
			  struct node_storage *storage, int control,
			  struct hexo_error *err)
{
	pid_t pid = fork();

	if (pid == 0)
		storage_main(policy, volumes, storage, control);
	return pid < 0 ? hexo_fail_errno(err, "cannot start a process") : pid;
}

int node_storage_start(const struct node_storage_policy *policy,
		       struct files_volumes *volumes,
		       struct node_storage *storage, struct hexo_error *err)
{
	cleanup_close int ours = -1, theirs = -1;
	int pair[2], r = 0;
	pid_t pid = 0;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		r = hexo_fail_errno(err, "cannot make a socket");
	if (r == 0) {
		ours = pair[0];
		theirs = pair[1];
		r = pid = storage_fork(policy, volumes, storage, theirs, err);
	}
	close(base_take_fd(storage->vm));
	close(base_take_fd(storage->home));
	if (r < 0)
		return r;
	/* That it ended early shows as the end of this. */
	close(base_take_fd(theirs));
	r = storage_await(ours, err);
	if (r < 0) {
		kill(pid, SIGKILL);
		return r;
	}
	storage->control = base_take_fd(ours);
	return 0;
}
