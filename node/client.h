/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client's side of a hexod: what `hexo` uses to reach a node.
 */
#ifndef HEXO_NODE_CLIENT_H
#define HEXO_NODE_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hexo/channel.h"
#include "hexo/error.h"
#include "node/address.h"

enum { NODE_TIMEOUT_MS = 10000 }; /* a fair timeout for the calls below */

/* Connects, over TCP with TLS as this user, to who has the address's key;
 * returns a blocking, close-on-exec socket (near end of a tunnel), the
 * caller's to close. -ETIMEDOUT after timeout_ms; -ENOKEY if the address has
 * no key, -EKEYREJECTED if another key is shown there. */
int node_connect(const struct node_address *address, int timeout_ms,
		 struct hexo_error *err);

/* Connects just to see whose key is shown there. */
int node_see_key(const struct node_address *address, int timeout_ms,
		 struct node_key *key, struct hexo_error *err);

struct node_info {
	uint32_t isa; /* enum hexo_isa; 0: one this program does not know */
	uint32_t cpus;
	uint64_t memory; /* bytes for VMs in all */
	bool kvm;        /* /dev/kvm can be used */
	uint32_t vms;    /* running now */
	char *json;      /* the whole answer; the caller's to free() */
};

/* Asks what the node is, at the beginning of a connection. */
int node_ask_info(int fd, int timeout_ms, struct node_info *info,
		  struct hexo_error *err);

/* The same on a connection of its own. */
int node_info(const struct node_address *address, int timeout_ms,
	      struct node_info *info, struct hexo_error *err);

/* Measures how fast the link carries what is sent there, in bytes a second: by
 * 32 KiB, and by 256 some times if they take no more than 200 ms. */
int node_ask_speed(int fd, int timeout_ms, uint64_t *speed,
		   struct hexo_error *err);

struct node_vm {
	const char *name; /* for listings; cut to what fits */
	const void *elf;  /* of the node's ISA, as in the image */
	size_t elf_size;
	uint64_t memory, stack; /* bytes */
	uint32_t backend;       /* as in struct hexo_msg_vm */
	uint32_t timeout_s;     /* how long it waits for a lost home */
	const void *volumes;    /* as files_volumes_list() makes it */
	size_t volumes_len;
};

/*
 * Sends the ELF unless the node has it, and has a hexo-vm started for it: the
 * connection is a session's (node/session.h) from now on, in which its HELLO
 * (or ERROR) comes first. timeout_ms bounds each step, not the sum. Fails with
 * -ECONNREFUSED and hexod's words if it refuses.
 */
int node_start_vm(int fd, const struct node_vm *vm, int timeout_ms,
		  uint64_t session[2], struct hexo_error *err);

/* Goes on with a session on a new connection: received is how much of it has
 * come here, and becomes how much has come there. */
int node_resume(int fd, const uint64_t session[2], int timeout_ms,
		uint64_t *received, struct hexo_error *err);

#endif
