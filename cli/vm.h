/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hexo-vm as its job's home sees it: a channel, and the process behind it
 * if that is a child of ours.
 */
#ifndef HEXO_CLI_VM_H
#define HEXO_CLI_VM_H

#include <sys/types.h>

#include "cli/image.h"
#include "migrate/link.h"
#include "cli/loop.h"
#include "cli/place.h"
#include "files/volume.h"

enum cli_backend { CLI_BACKEND_KVM, CLI_BACKEND_PROCESS, CLI_BACKEND_AUTO };

/* What every VM of a job is made of. */
struct cli_vm_config {
	struct cli_image *image;
	uint64_t memory, stack; /* bytes */
	enum cli_backend backend;
	const struct files_volumes *volumes; /* of which some may be local */
	const char *name;        /* of the job, for listings of nodes */
	uint64_t link_timeout_s; /* without a link to a node: it is lost */
};

struct cli_vm {
	struct cli_place place; /* its isa is known once the VM is connected */
	struct migrate_link link; /* fd -1 until then */
	int pending;              /* connecting to a node: its outcome comes
				     from here; else -1 */
	pid_t pid;    /* hexo-vm, or who connects to a node; -1: no child */
	pid_t keeper; /* who keeps the link to a node; -1: none */
	int news;     /* from there: struct cli_keeper_news; else -1 */
	uint32_t killed_by; /* the signal, as news from a node say; else 0 */
	bool unreachable;
	uint64_t broken_ns; /* base_now_ns() when that changed */
	uint64_t speed; /* of the link, as measured: bytes a second; 0: not */
	struct cli_watch news_watch; /* the home's */
	uint32_t backend, no_fetch;  /* as HELLO said */
	struct home *home;           /* whose VM it is */
	struct cli_watch watch;      /* the home's */
};

/* A VM that is not there. */
void cli_vm_init(struct cli_vm *vm);
bool cli_vm_exists(const struct cli_vm *vm);

/*
 * Starts a hexo-vm at a place. Here: a child, connected at once. At a node:
 * a child connects to it and sends the ELF; when vm->pending is readable,
 * cli_vm_connected() tells the outcome.
 */
int cli_vm_launch(struct cli_vm *vm, const struct cli_vm_config *config,
		  const struct cli_place *place, struct hexo_error *err);
int cli_vm_connected(struct cli_vm *vm, struct hexo_error *err);

/* Closes the channel; vm->place stays, for messages. Returns the child that is
 * still to be reaped, or -1; a hexo-vm whose channel closes exits by itself. */
pid_t cli_vm_close(struct cli_vm *vm);

/* How hexo-vm ended, here or at a node, for messages: " (killed by signal
 * 11)", "" if it is not known. Waits a moment for that. Returns its exit
 * status, -1 if it has none or ran at a node. */
enum { CLI_VM_END_TEXT = 96 };
int cli_vm_end(struct cli_vm *vm, char *text, size_t size);

/* Waits at most timeout_ms for a child to end. Returns 1 and its wait
 * status if it did, else 0. */
int cli_child_wait(pid_t pid, int timeout_ms, int *status);

#endif
