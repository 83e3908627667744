/* SPDX-License-Identifier: Apache-2.0 */
/* hexo image: what is inside an image, and whether it is whole. */
#include <inttypes.h>
#include <stdio.h>

#include "base/base.h"
#include "cli/commands.h"
#include "cli/image.h"

enum image_option { IMAGE_JSON, IMAGE_HELP };

static const struct cli_option image_options[] = {
	[IMAGE_JSON] = { "json", NULL, "print the manifest as JSON" },
	[IMAGE_HELP] = { "help", NULL, "show this" },
	{ 0 },
};

static int image_set(void *ctx, int option, const char *value,
		     struct hexo_error *err)
{
	*(bool *)ctx |= option == IMAGE_JSON;
	return 0;
}

static void image_print_entry(const char *name, const struct cli_entry *e)
{
	printf("  %-10s %10zu bytes  xxh64 %016" PRIx64 "  %s\n", name, e->size,
	       e->hash, e->file);
}

static void image_print(const struct cli_image *image)
{
	const json_t *features = json_object_get(image->manifest, "features");
	const char *key;
	json_t *value;

	printf("%s: %s, build %016" PRIx64 "%016" PRIx64 ", layout %016" PRIx64
	       "\n",
	       image->path, image->name, image->build_id[0], image->build_id[1],
	       image->layout_hash);
	for (int i = 0; i < image->count; i++) {
		image_print_entry(cli_isa_name(image->elf[i].isa),
				  &image->elf[i].entry);
		if (image->elf[i].lines.file)
			image_print_entry("  lines", &image->elf[i].lines);
	}
	json_object_foreach((json_t *)features, key, value)
	{
		if (json_is_integer(value))
			printf("  %-10s %10" JSON_INTEGER_FORMAT "\n", key,
			       json_integer_value(value));
	}
}

static int image_check(struct cli_image *image, struct cli_elf *elf,
		       struct hexo_error *err)
{
	cleanup_close int lines = -1;
	int r = cli_image_load(image, elf, err);

	if (r < 0 || !elf->lines.file)
		return r;
	lines = cli_image_lines(image, elf, err);
	return lines < 0 ? lines : 0;
}

static int image_main(int argc, char **argv, struct hexo_error *err)
{
	struct cli_image image = { 0 };
	struct cli_operands operands;
	bool as_json = false;
	int r = cli_parse(&cli_image_command, argc, argv, image_set, &as_json,
			  &operands, err);

	if (r < 0)
		return CLI_USAGE;
	r = cli_image_open(&image, operands.at[0], err);
	for (int i = 0; r == 0 && i < image.count; i++)
		r = image_check(&image, &image.elf[i], err);
	if (r == 0 && as_json) {
		json_dumpf(image.manifest, stdout, JSON_INDENT(2));
		putchar('\n');
	} else if (r == 0) {
		image_print(&image);
	}
	cli_image_close(&image);
	return r < 0 ? CLI_FAILED : 0;
}

const struct cli_command cli_image_command = {
	.name = "image",
	.operands = "JOB",
	.summary = "Show what is inside an image, and check it.",
	.options = image_options,
	.operands_min = 1,
	.operands_max = 1,
	.main = image_main,
};
