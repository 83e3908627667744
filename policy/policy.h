/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which VM runs where. A pure library: it is told what happens, and says what
 * to do next and why. No I/O, no clock; nothing is allocated after
 * policy_create(). hexod and the simulator drive the same code.
 *
 * Nodes and VMs have numbers, which the caller gives: below nodes_max and
 * vms_max. Nodes of one kind are alike; kind 0 are the servers, and slowdowns
 * are against them: a VM with slowdown 3 on a kind takes three times as long
 * there. Times are in seconds, memory is in bytes, by any clock that does not
 * run backwards.
 *
 * An event and a decision take time in the logarithm of the numbers of VMs
 * and nodes, times the number of kinds.
 */
#ifndef HEXO_POLICY_H
#define HEXO_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/heap.h"

enum { POLICY_KINDS_MAX = 16 };

enum policy_rule {
	POLICY_NONE, /* jobs run on the servers, in their order */
	/* As published (HEXO, HPDC 2019): when all cores of the servers are
	 * busy, the VM there with the lowest score goes to the first board
	 * with a free core and memory. It does not come back. */
	POLICY_PAPER,
	/* A board gets the job that loses least there, from the queue or from
	 * a server; a better one takes the place of a worse one; what a board
	 * has comes back when a server is free. */
	POLICY_HEXO,
};

enum policy_goal { POLICY_THROUGHPUT, POLICY_ENERGY };

struct policy_config {
	enum policy_rule rule;
	enum policy_goal goal; /* of POLICY_HEXO */
	uint32_t vms_max, nodes_max, kinds;
	/* A VM that has come to a node stays there for so long, at least. */
	double stay_s;
	/* What a move gains is counted for so long, for nobody knows when a
	 * job ends. */
	double ahead_s;
	struct {
		/* Of a node: at rest, and for each core that is busy. */
		double idle_watts, core_watts;
		uint32_t slots;
	} kind[POLICY_KINDS_MAX];
};

struct policy_node {
	uint32_t kind;
	uint32_t slots;  /* VMs that it runs at a time */
	uint64_t memory; /* that they have together */
};

struct policy_vm {
	uint64_t memory;
	double slowdown[POLICY_KINDS_MAX]; /* 0: cannot run there */
	double move_s;                     /* a move: what it costs the VM */
	double score;                      /* of POLICY_PAPER */
	int32_t priority;                  /* -1000 to 1000: higher first */
};

enum policy_action {
	POLICY_START, /* a waiting VM, on a node */
	POLICY_MOVE,  /* a running VM, to a node */
	/* Two running VMs change places: first other goes to where vm is,
	 * then vm to node, where other was. */
	POLICY_SWAP,
};

enum policy_reason {
	POLICY_SERVER_FREE,  /* START: a core of a server is free */
	POLICY_SERVERS_BUSY, /* START, MOVE: a board is better than to wait */
	POLICY_LOSES_LESS,   /* SWAP: of two, it loses less on the board */
	POLICY_COMES_BACK,   /* MOVE: a server is free, and nobody waits */
};

struct policy_decision {
	enum policy_action action;
	enum policy_reason reason;
	uint32_t vm, node;
	uint32_t other; /* POLICY_SWAP */
	/* What the reason says: slowdowns (or scores, of POLICY_PAPER) of vm
	 * and other on the board; 0: of no meaning. */
	double loss, other_loss;
};

enum { POLICY_TEXT_MAX = 160 };

struct policy;

/* NULL: no memory, or a config with more than POLICY_KINDS_MAX kinds or
 * nothing in it. */
struct policy *policy_create(const struct policy_config *config);
void policy_free(struct policy *p);

/* ---- events ---- */

/* A node is there, without a VM. */
void policy_node_up(struct policy *p, uint32_t node,
		    const struct policy_node *what);
/* It is gone, or takes nothing more: its VMs stay what they are. */
void policy_node_down(struct policy *p, uint32_t node);

/* A new VM waits to be started, or one whose node was lost. */
void policy_vm_wait(struct policy *p, uint32_t vm,
		    const struct policy_vm *what);
/* It runs on the node from now on: started, or arrived; or its move has
 * failed and the node is where it was. */
void policy_vm_run(struct policy *p, uint32_t vm, uint32_t node, double now);
/* It is being started on the node, or moved there. It has a place on both
 * nodes until policy_vm_run(), and is left alone. */
void policy_vm_go(struct policy *p, uint32_t vm, uint32_t node);
/* It has ended, or is no longer the policy's: waits for nothing, runs
 * nowhere. */
void policy_vm_end(struct policy *p, uint32_t vm);
/* Another slowdown on a kind: a better prediction, or it was measured. */
void policy_vm_slowdown(struct policy *p, uint32_t vm, uint32_t kind,
			double slowdown);

/* ---- decisions ---- */

/* What to do now. False: nothing. The caller does it, and says so by
 * policy_vm_go() and policy_vm_run(), before it asks again. */
bool policy_decide(struct policy *p, double now, struct policy_decision *d);

/* When a decision may change though nothing happens; INFINITY: never. */
double policy_wake(const struct policy *p);

/* Where a VM is: POLICY_NOBODY if nowhere. */
uint32_t policy_vm_node(const struct policy *p, uint32_t vm);

/* VMs that wait to be started. */
uint32_t policy_waiting(const struct policy *p);

/* The reason in words: "the servers are busy, and it loses least there (2.3)".
 */
void policy_text(const struct policy_decision *d, char text[POLICY_TEXT_MAX]);

#endif
