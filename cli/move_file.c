/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <unistd.h>

#include "base/base.h"
#include "cli/home_state.h"

static void save_failed(struct home *home)
{
	home_say(home, "cannot write %s: %m", home->save_path);
	move_save_end(home, false);
}

void move_save_begin(struct home *home)
{
	if (!home->config->save_streams)
		return;
	home->save_path =
		base_printf("%s/hop-%u.stream", home->config->save_streams,
			    home->stats.hop_count + 1);
	home->save = fopen(home->save_path, "we");
	if (!home->save)
		save_failed(home);
}

void move_save(struct home *home, const void *data, size_t len)
{
	if (home->save && fwrite(data, 1, len, home->save) != len)
		save_failed(home);
}

void move_save_end(struct home *home, bool whole)
{
	FILE *file = base_take_ptr(home->save);
	cleanup_free char *path = base_take_ptr(home->save_path);

	if (!file)
		return;
	if (fclose(file) != 0 && whole) {
		home_say(home, "cannot write %s: %m", path);
		whole = false;
	}
	if (!whole)
		unlink(path);
}
