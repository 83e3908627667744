/* SPDX-License-Identifier: Apache-2.0 */
// LINK: node/jobs.c node/cache.c node/host.c node/hash.c node/key.c
// LINK: node/list.c node/relay.c node/session.c migrate/channel.c
// LINK: migrate/hash.c base/base.c base/error.c tests/fuzz/shared/frames.c
// LINK: node/storage.c node/storage_serve.c node/storage_jail.c
// LINK: files/files.c files/data.c files/dir.c files/path.c files/volume.c
// LINK: files/local.c files/state.c migrate/link.c base/sandbox.c
// LINK: ; -ljansson -lxxhash -lseccomp -lpthread
// OPTIONS: -max_len=32768 -malloc_limit_mb=64
/*
 * What a client may ask of a hexod, up to the start of a VM: the hexod here
 * admits none. node_serve() itself never returns, so the loop around
 * serve_message() is repeated here.
 */
#include "node/serve.c"

#include <poll.h>
#include <pthread.h>

#include "node/hash.h"
#include "tests/fuzz/shared/fuzz.h"

enum { MESSAGES_MAX = 64 };

const uint16_t fuzz_message_min = HEXO_MSG_NODE_INFO;

static struct node_config config = { .timeout_ms = 1000, .deadline_s = 1 };
static struct node_jobs jobs;
static int control;

/* hexod: answers until this process ends. */
static void *hexod(void *arg)
{
	struct node_job *job = arg;
	struct pollfd p = { .fd = job->control, .events = POLLIN };

	while (poll(&p, 1, -1) < 0 || node_jobs_answer(&jobs, job))
		;
	return NULL;
}

/* A cache with one ELF, that of seeds. */
static void fill_cache(void)
{
	static const char data[] = "hexo";
	struct hexo_msg_image image = { .size = sizeof(data) - 1 };
	struct node_put put;
	struct hexo_error err;

	node_hash(data, image.size, image.hash);
	fuzz_check(node_put_begin(&config.cache, &image, &put, &err) == 0);
	fuzz_check(node_put_data(&put, data, image.size, &err) == 0);
	fuzz_check(node_put_end(&put, &err) == 0);
	node_put_abort(&put);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	cleanup_free char *path = base_printf("%s/cache", fuzz_scratch());
	struct node_job *job;
	struct hexo_error err;
	pthread_t thread;
	int pair[2];

	signal(SIGPIPE, SIG_IGN);
	config.sessions = base_printf("%s/sessions", fuzz_scratch());
	fuzz_check(node_cache_open(&config.cache, path, 1 << 20, &err) == 0);
	fuzz_check(node_relay_sweep(config.sessions, &err) == 0);
	fuzz_check(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
			      pair) == 0);
	control = pair[0];
	job = node_jobs_add(&jobs, getpid(), pair[1]);
	fuzz_check(job && !pthread_create(&thread, NULL, hexod, job));
	fill_cache();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct node_key peer;
	unsigned before = fuzz_descriptors();
	struct hexo_error err = { 0 };
	struct serve *s = base_alloc(sizeof(*s));
	int ends[2], r = 0;

	fuzz_check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
	fuzz_check(!size ||
		   send(ends[0], data, size, MSG_DONTWAIT) == (ssize_t)size);
	shutdown(ends[0], SHUT_WR);
	*s = (struct serve){ .config = &config,
			     .peer = &peer,
			     .client = ends[1],
			     .control = control };
	for (int i = 0; i < MESSAGES_MAX && r == 0; i++)
		r = serve_message(s, &err);
	fuzz_check(r != -ETIMEDOUT);
	migrate_inbox_free(&s->inbox);
	free(s);
	close(ends[0]);
	close(ends[1]);
	fuzz_check(fuzz_descriptors() == before);
	return 0;
}
