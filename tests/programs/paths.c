/* SPDX-License-Identifier: Apache-2.0 */
/* paths read|write|remove FILE...: tries it and says how it went. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void read_file(const char *path)
{
	char line[100] = "";
	FILE *f = fopen(path, "r");

	if (!f || (!fgets(line, sizeof(line), f) && ferror(f))) {
		printf("%s: %s\n", path, strerror(errno));
	} else {
		line[strcspn(line, "\n")] = '\0';
		printf("%s: %s\n", path, line);
	}
	if (f)
		fclose(f);
}

static void write_file(const char *path)
{
	FILE *f = fopen(path, "w");

	if (!f || fputs("written\n", f) < 0 || fclose(f) != 0)
		printf("%s: %s\n", path, strerror(errno));
	else
		printf("%s: written\n", path);
}

static void remove_file(const char *path)
{
	printf("%s: %s\n", path,
	       unlink(path) == 0 ? "removed" : strerror(errno));
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	for (int i = 2; i < argc; i++) {
		if (!strcmp(what, "read"))
			read_file(argv[i]);
		else if (!strcmp(what, "write"))
			write_file(argv[i]);
		else
			remove_file(argv[i]);
	}
	return 0;
}
