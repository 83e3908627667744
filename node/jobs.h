/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes of a hexod: one for each connection. Such a process serves
 * its client's requests and, when the client asks for a VM, becomes its
 * hexo-vm. hexod itself only admits, counts and reaps them; it never reads
 * what a client sends.
 *
 * A connection's process asks hexod over a socket pair (SOCK_SEQPACKET): one
 * struct node_ask out, one struct node_answer back (none to
 * NODE_ASK_KNOWN).
 */
#ifndef HEXO_NODE_JOBS_H
#define HEXO_NODE_JOBS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "hexo/channel.h"
#include "hexo/error.h"

enum {
	NODE_CLIENTS_MAX = 64, /* connections that are no VM yet */
	NODE_VMS_MAX = 256,
	NODE_ANSWER_MAX = 64 << 10,
};

enum node_ask_what {
	NODE_ASK_INFO = 1, /* answered with the JSON text of NODE_INFO */
	NODE_ASK_VM,       /* may I become a VM? The text says why not */
	NODE_ASK_KNOWN,    /* my client has shown who he is; not answered */
};

struct node_ask {
	uint32_t what;
	uint32_t reserved;
	uint64_t memory;
	char name[sizeof(((struct hexo_msg_vm *)0)->name)];
};

struct node_answer {
	uint32_t ok;
	char text[NODE_ANSWER_MAX]; /* as much as the packet has; no NUL */
};

struct node_limits {
	uint32_t vms;
	uint64_t memory; /* bytes for all VMs together */
};

struct node_job {
	pid_t pid;   /* 0: the entry is free */
	int control; /* hexod's end of the socket pair */
	bool known;  /* its client has shown who he is */
	bool vm;
	uint64_t memory, since_ns;
	char name[sizeof(((struct hexo_msg_vm *)0)->name)];
};

struct node_jobs {
	struct node_limits limits;
	struct node_job job[NODE_CLIENTS_MAX + NODE_VMS_MAX];
};

/* Takes control over. NULL if there are too many connections already. */
struct node_job *node_jobs_add(struct node_jobs *jobs, pid_t pid, int control);
bool node_jobs_full(const struct node_jobs *jobs);

/* Who has been a stranger for longest: must make room for the next one, so
 * that many who say nothing do not keep others out. 0: there is none. */
pid_t node_jobs_stranger(const struct node_jobs *jobs);

/* The process ended; false if it was none of ours. */
bool node_jobs_remove(struct node_jobs *jobs, pid_t pid);

void node_jobs_kill(const struct node_jobs *jobs, int signal);
bool node_jobs_empty(const struct node_jobs *jobs);

/* Marks the job a VM if the limits and the available bytes allow it; else
 * fails with -EBUSY or -ENOMEM. */
int node_jobs_admit(struct node_jobs *jobs, struct node_job *job,
		    const struct node_ask *ask, uint64_t available,
		    struct hexo_error *err);

/* The answer to NODE_INFO; the caller's to free(). */
char *node_jobs_info(const struct node_jobs *jobs);

/* Answers what waits on the job's control socket. False: nothing more will
 * come, the socket is closed. */
bool node_jobs_answer(struct node_jobs *jobs, struct node_job *job);

/* The process's side: asks and fills *answer, its text NUL-terminated.
 * -EACCES with the text when the answer is no. */
int node_ask(int control, const struct node_ask *ask,
	     struct node_answer *answer, struct hexo_error *err);

#endif
