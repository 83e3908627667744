/* SPDX-License-Identifier: Apache-2.0 */
#include "node/jobs.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/base.h"
#include "node/host.h"

#define for_each_job(at, jobs)                                                \
	for (at = (jobs)->job;                                                \
	     at < (jobs)->job + sizeof((jobs)->job) / sizeof((jobs)->job[0]); \
	     at++)                                                            \
		if (at->pid)

bool node_jobs_full(const struct node_jobs *jobs)
{
	const struct node_job *job;
	unsigned clients = 0;

	for_each_job(job, jobs) clients += !job->vm;
	return clients >= NODE_CLIENTS_MAX;
}

pid_t node_jobs_stranger(const struct node_jobs *jobs)
{
	const struct node_job *job, *oldest = NULL;

	for_each_job(job, jobs)
	{
		if (!job->vm && !job->known &&
		    (!oldest || job->since_ns < oldest->since_ns))
			oldest = job;
	}
	return oldest ? oldest->pid : 0;
}

struct node_job *node_jobs_add(struct node_jobs *jobs, pid_t pid, int control)
{
	struct node_job *job = jobs->job;

	if (node_jobs_full(jobs))
		return NULL;
	/* There are NODE_CLIENTS_MAX entries more than VMs. */
	while (job->pid)
		job++;
	*job = (struct node_job){
		.pid = pid,
		.control = control,
		.since_ns = base_now_ns(),
	};
	return job;
}

static void close_control(struct node_job *job)
{
	if (job->control >= 0)
		close(job->control);
	job->control = -1;
}

bool node_jobs_remove(struct node_jobs *jobs, pid_t pid)
{
	struct node_job *job;

	for_each_job(job, jobs)
	{
		if (job->pid != pid)
			continue;
		close_control(job);
		job->pid = 0;
		return true;
	}
	return false;
}

void node_jobs_kill(const struct node_jobs *jobs, int signal)
{
	const struct node_job *job;

	for_each_job(job, jobs) kill(job->pid, signal);
}

bool node_jobs_empty(const struct node_jobs *jobs)
{
	const struct node_job *job;

	for_each_job(job, jobs) return false;
	return true;
}

int node_jobs_admit(struct node_jobs *jobs, struct node_job *job,
		    const struct node_ask *ask, uint64_t available,
		    struct hexo_error *err)
{
	uint64_t used = 0, limit = jobs->limits.memory;
	const struct node_job *other;
	uint32_t vms = 0;

	for_each_job(other, jobs)
	{
		if (!other->vm)
			continue;
		vms++;
		used += other->memory;
	}
	if (vms >= jobs->limits.vms)
		return hexo_fail(err, -EBUSY,
				 "this node runs %u VMs already, as many as "
				 "it may",
				 vms);
	if (ask->memory > limit || used > limit - ask->memory)
		return hexo_fail(err, -ENOMEM,
				 "%" PRIu64 " MiB of memory asked for; this "
				 "node has %" PRIu64 " MiB for VMs, %" PRIu64
				 " MiB of it taken",
				 ask->memory >> 20, limit >> 20, used >> 20);
	if (ask->memory > available)
		return hexo_fail(err, -ENOMEM,
				 "%" PRIu64 " MiB of memory asked for; this "
				 "node has only %" PRIu64 " MiB available",
				 ask->memory >> 20, available >> 20);
	job->vm = true;
	job->memory = ask->memory;
	job->since_ns = base_now_ns();
	memcpy(job->name, ask->name, sizeof(job->name));
	return 0;
}

char *node_jobs_info(const struct node_jobs *jobs)
{
	const struct node_job *job;
	json_t *vms = json_array(), *info;
	char *text;

	for_each_job(job, jobs)
	{
		if (!job->vm)
			continue;
		json_array_append_new(
			vms,
			json_pack("{s:s, s:i, s:I, s:I}", "name", job->name,
				  "pid", (int)job->pid, "memory",
				  (json_int_t)job->memory, "seconds",
				  (json_int_t)((base_now_ns() - job->since_ns) /
					       1000000000)));
	}
	info = json_pack("{s:i, s:s, s:i, s:I, s:b, s:o}", "version",
			 HEXO_MSG_VERSION, "isa", node_host_isa(), "cpus",
			 (int)node_host_cpus(), "memory",
			 (json_int_t)jobs->limits.memory, "kvm",
			 (int)node_host_kvm(), "vms", vms);
	text = json_dumps(info, JSON_COMPACT);
	json_decref(info);
	return text ? text : base_strdup("{}");
}

static void answer_send(const struct node_job *job, bool ok, const char *text)
{
	uint32_t head = ok;
	size_t len = strlen(text);
	struct iovec parts[] = {
		{ &head, sizeof(head) },
		{ (char *)text, len < NODE_ANSWER_MAX ? len : 0 },
	};
	struct msghdr msg = { .msg_iov = parts, .msg_iovlen = 2 };

	/* Should it not take the answer, it waits in vain: its loss. */
	if (sendmsg(job->control, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return;
}

bool node_jobs_answer(struct node_jobs *jobs, struct node_job *job)
{
	cleanup_free char *info = NULL;
	struct hexo_error err;
	struct node_ask ask;
	ssize_t n = recv(job->control, &ask, sizeof(ask), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n != sizeof(ask)) {
		close_control(job);
		return false;
	}
	ask.name[sizeof(ask.name) - 1] = '\0';
	if (ask.what == NODE_ASK_INFO) {
		info = node_jobs_info(jobs);
		answer_send(job, true, info);
	} else if (ask.what == NODE_ASK_KNOWN) {
		job->known = true;
	} else if (ask.what == NODE_ASK_VM && !job->vm) {
		bool ok = node_jobs_admit(jobs, job, &ask,
					  node_host_available(), &err) == 0;

		answer_send(job, ok, ok ? "" : err.text);
	}
	return true;
}

int node_ask(int control, const struct node_ask *ask,
	     struct node_answer *answer, struct hexo_error *err)
{
	size_t head = offsetof(struct node_answer, text);
	ssize_t n;

	if (send(control, ask, sizeof(*ask), MSG_NOSIGNAL) < 0)
		return hexo_fail_errno(err, "cannot ask hexod");
	do
		n = recv(control, answer, sizeof(*answer) - 1, 0);
	while (n < 0 && errno == EINTR);
	if (n < (ssize_t)head)
		return hexo_fail(err, -EIO, "hexod does not answer");
	answer->text[n - (ssize_t)head] = '\0';
	if (!answer->ok)
		return hexo_fail(err, -EACCES, "%s", answer->text);
	return 0;
}
