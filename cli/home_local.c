/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Local volumes, as a job's home sees them. Where the VM is a process here, the
 * home serves them as it does the others; at a node a process there does
 * (node/storage.h). What is open in them goes along when the job moves: the
 * home has it told by who served it, and opened by who is to, before the
 * target gets what it needs to commit.
 */
#include <errno.h>
#include <string.h>

#include "cli/home_vm.h"
#include "files/state.h"

static bool local_used(const struct home *home)
{
	return files_volumes_have_local(home->config->volumes);
}

/* Takes files over; why: if they are NULL. */
static void local_note(struct home *home, json_t *files,
		       const struct hexo_error *why)
{
	json_decref(home->local.files);
	home->local.files = files;
	if (!files)
		home->local.why = *why;
}

/* ---- what a node says ---- */

/* Whether a list is one of handles of local volumes only, whose files have
 * names: the contents of others would be the home's to save. */
static bool local_is_list(const json_t *files)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(files, i, entry)
	{
		if (!files_state_is_local(entry) ||
		    json_object_get(entry, "deleted"))
			return false;
	}
	return json_is_array(files);
}

static int local_state(struct home *home, const struct migrate_msg *msg)
{
	json_error_t why;
	json_t *root =
		json_loadb(msg->data, msg->len, JSON_REJECT_DUPLICATES, &why);
	json_t *files = json_object_get(root, "files");
	const char *text = json_string_value(json_object_get(root, "error"));
	struct hexo_error reason = { 0 };

	if (!local_is_list(files) && !text) {
		json_decref(root);
		return hexo_fail(&home->why, -EPROTO,
				 "its node did not say what is open in local "
				 "volumes");
	}
	if (text)
		hexo_fail(&reason, -EIO, "%s", text);
	home_plain(reason.text);
	local_note(home, text ? NULL : json_incref(files), &reason);
	json_decref(root);
	return 0;
}

void home_local_open(struct home *home)
{
	hexo_fail(&home->local.why, -EPROTO,
		  "its node did not say what is open in local volumes");
}

void home_local_close(struct home *home)
{
	json_decref(home->local.files);
}

int home_local_message(struct home *home, const struct migrate_msg *msg,
		       bool runs)
{
	if (!local_used(home) || !home->owner->place.remote)
		return 0;
	switch (msg->type) {
	case HEXO_MSG_LOCAL_STATE:
		return local_state(home, msg) < 0 ? -EPROTO : 1;
	case HEXO_MSG_LOCAL_SYNCED:
		home->local.unsynced.code = 0;
		if (msg->len)
			hexo_fail(&home->local.unsynced, -EIO, "%s",
				  home_text(msg, 0));
		return 1;
	case HEXO_MSG_LOCAL_ASK:
		if (!runs)
			return 0;
		/* From now on it has effects there. */
		home->served++;
		home_send(home, home->owner, HEXO_MSG_LOCAL_GRANT, NULL, 0);
		return 1;
	default:
		return 0;
	}
}

/* ---- moves ---- */

static int local_send(struct home *home, struct cli_vm *to, json_t *files,
		      bool cut, struct hexo_error *err)
{
	json_t *root = json_pack("{s:O, s:b}", "files", files, "cut", cut);
	cleanup_free char *text = json_dumps(root, JSON_COMPACT);

	json_decref(root);
	if (!text || strlen(text) > HEXO_MSG_MAX)
		return hexo_fail(err, -E2BIG,
				 "the job has too many files open in local "
				 "volumes");
	home_send(home, to, HEXO_MSG_LOCAL_OPEN, text, strlen(text));
	return 0;
}

static int local_open(struct home *home, const json_t *files,
		      struct hexo_error *err)
{
	const struct files_reopen how = { .keep = true };
	const json_t *entry;
	size_t i;
	int r = 0;

	files_close_local(&home->files);
	json_array_foreach(files, i, entry)
	{
		r = files_state_open(&home->files, entry, &how, err);
		if (r < 0)
			break;
	}
	return r;
}

int home_local_ship(struct home *home)
{
	bool from_here = !home->owner->place.remote;
	bool to_here = !home->target->place.remote;
	struct home_local *l = &home->local;
	struct hexo_error why = { 0 };

	/* Between two VMs of this machine the home's handles stay. */
	if (!local_used(home) || (from_here && to_here))
		return 0;
	if (from_here)
		local_note(home, files_state_local(&home->files, &why), &why);
	if (!l->files) {
		home->why = l->why;
		return -EIO;
	}
	return to_here ? local_open(home, l->files, &home->why)
		       : local_send(home, home->target, l->files, false,
				    &home->why);
}

void home_local_settle(struct home *home)
{
	if (!home->owner->place.remote)
		return;
	files_close_local(&home->files);
	files_volumes_close_local(home->config->volumes);
}

/* ---- checkpoints ---- */

static json_t *local_of(const json_t *files)
{
	json_t *local = json_array();
	json_t *entry;
	size_t i;

	json_array_foreach((json_t *)files, i, entry)
	{
		if (files_state_is_local(entry))
			json_array_append(local, entry);
	}
	return local;
}

int home_local_restore(struct home *home, struct hexo_error *err)
{
	const struct cli_checkpoint *c = home->config->restore;
	json_t *local;
	int r;

	if (!local_used(home) || !home->owner->place.remote || !c)
		return 0;
	local = local_of(json_object_get(c->state, "files"));
	r = local_send(home, home->owner, local, !home->config->keep_files,
		       err);
	json_decref(local);
	return r;
}

void home_local_sync(struct home *home)
{
	if (!local_used(home) || !home->owner->place.remote)
		return;
	hexo_fail(&home->local.unsynced, -EPROTO,
		  "its node did not sync local volumes");
	home_send(home, home->owner, HEXO_MSG_LOCAL_SYNC, NULL, 0);
}

int home_local_save(struct home *home, json_t *state, struct hexo_error *err)
{
	const struct home_local *l = &home->local;
	const struct hexo_error *why = &l->why;

	if (!local_used(home) || !home->owner->place.remote)
		return 0;
	if (l->files && l->unsynced.code < 0)
		why = &l->unsynced;
	else if (l->files && json_array_extend(json_object_get(state, "files"),
					       l->files) == 0)
		return 0;
	else if (l->files)
		return hexo_fail(err, -ENOMEM, "no memory for its state");
	*err = *why;
	return -EIO;
}
