/* SPDX-License-Identifier: Apache-2.0 */
// LINK: node/jobs.c node/host.c base/base.c base/error.c; -ljansson
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/base.h"
#include "node/jobs.h"

#define MIB UINT64_C(1048576)

static struct node_jobs jobs;

static int reset(void **state)
{
	memset(&jobs, 0, sizeof(jobs));
	jobs.limits.vms = 3;
	jobs.limits.memory = 100 * MIB;
	return 0;
}

static int admit(pid_t pid, uint64_t memory, uint64_t available)
{
	struct node_job *job = node_jobs_add(&jobs, pid, -1);
	struct node_ask ask = { NODE_ASK_VM, 0, memory, "job" };
	struct hexo_error err;
	int r;

	assert_non_null(job);
	r = node_jobs_admit(&jobs, job, &ask, available, &err);
	if (r < 0)
		assert_true(node_jobs_remove(&jobs, pid));
	return r;
}

static void bounds_the_number(void **state)
{
	assert_int_equal(admit(10, MIB, 1000 * MIB), 0);
	assert_int_equal(admit(11, MIB, 1000 * MIB), 0);
	assert_int_equal(admit(12, MIB, 1000 * MIB), 0);
	assert_int_equal(admit(13, MIB, 1000 * MIB), -EBUSY);
	assert_true(node_jobs_remove(&jobs, 11));
	assert_false(node_jobs_remove(&jobs, 11));
	assert_int_equal(admit(13, MIB, 1000 * MIB), 0);
}

static void bounds_the_memory(void **state)
{
	assert_int_equal(admit(10, 101 * MIB, 1000 * MIB), -ENOMEM);
	assert_int_equal(admit(10, UINT64_MAX, UINT64_MAX), -ENOMEM);
	assert_int_equal(admit(10, 60 * MIB, 1000 * MIB), 0);
	assert_int_equal(admit(11, 41 * MIB, 1000 * MIB), -ENOMEM);
	assert_int_equal(admit(11, 40 * MIB, 39 * MIB), -ENOMEM);
	assert_int_equal(admit(11, 40 * MIB, 40 * MIB), 0);
}

static void bounds_the_clients(void **state)
{
	int i;

	for (i = 0; i < NODE_CLIENTS_MAX; i++)
		assert_non_null(node_jobs_add(&jobs, 100 + i, -1));
	assert_true(node_jobs_full(&jobs));
	assert_null(node_jobs_add(&jobs, 99, -1));
	assert_true(node_jobs_remove(&jobs, 100));
	assert_non_null(node_jobs_add(&jobs, 99, -1));
}

static void strangers_make_room(void **state)
{
	struct node_job *job;

	assert_int_equal(node_jobs_stranger(&jobs), 0);
	job = node_jobs_add(&jobs, 10, -1);
	assert_non_null(node_jobs_add(&jobs, 11, -1));
	assert_int_equal(node_jobs_stranger(&jobs), 10);
	job->known = true;
	assert_int_equal(node_jobs_stranger(&jobs), 11);
	assert_true(node_jobs_remove(&jobs, 11));
	assert_int_equal(node_jobs_stranger(&jobs), 0);
}

static void describes_the_vms(void **state)
{
	struct node_job *job = node_jobs_add(&jobs, 10, -1);
	struct node_ask ask = { NODE_ASK_VM, 0, MIB, "a \"b\"\\" };
	cleanup_free char *text = NULL;
	json_t *root, *vm;
	const char *name;

	assert_int_equal(node_jobs_admit(&jobs, job, &ask, MIB, NULL), 0);
	assert_non_null(node_jobs_add(&jobs, 11, -1));
	text = node_jobs_info(&jobs);
	root = json_loads(text, 0, NULL);
	assert_non_null(root);
	assert_int_equal(json_array_size(json_object_get(root, "vms")), 1);
	vm = json_array_get(json_object_get(root, "vms"), 0);
	name = json_string_value(json_object_get(vm, "name"));
	assert_string_equal(name, ask.name);
	json_decref(root);
}

/* One question and its answer, as between hexod and a connection. */
static int ask(uint32_t what, uint64_t memory, struct node_job *job,
	       int control, struct node_answer *answer)
{
	struct node_ask a = { what, 0, memory, "job" };
	struct hexo_error err;

	assert_int_equal(send(control, &a, sizeof(a), 0), sizeof(a));
	assert_true(node_jobs_answer(&jobs, job));
	/* The same again, so that node_ask() finds an answer waiting. */
	return node_ask(control, &a, answer, &err);
}

static void answers(void **state)
{
	struct node_answer *answer = base_alloc(sizeof(*answer));
	struct node_job *job;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	job = node_jobs_add(&jobs, 10, pair[0]);
	assert_int_equal(ask(NODE_ASK_INFO, 0, job, pair[1], answer), 0);
	assert_int_equal(answer->text[0], '{');
	assert_true(node_jobs_answer(&jobs, job));
	assert_true(recv(pair[1], answer, sizeof(*answer), 0) > 0);
	assert_int_equal(ask(NODE_ASK_VM, 200 * MIB, job, pair[1], answer),
			 -EACCES);
	assert_non_null(strstr(answer->text, "200 MiB"));
	assert_false(job->vm);

	/* Not a question: the connection has no more say. */
	assert_true(node_jobs_answer(&jobs, job));
	assert_int_equal(send(pair[1], "x", 1, 0), 1);
	assert_false(node_jobs_answer(&jobs, job));
	assert_int_equal(job->control, -1);
	close(pair[1]);
	free(answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(bounds_the_number, reset),
		cmocka_unit_test_setup(bounds_the_memory, reset),
		cmocka_unit_test_setup(bounds_the_clients, reset),
		cmocka_unit_test_setup(strangers_make_room, reset),
		cmocka_unit_test_setup(describes_the_vms, reset),
		cmocka_unit_test_setup(answers, reset),
	};

	return cmocka_run_group_tests_name("node jobs", tests, NULL, NULL);
}
