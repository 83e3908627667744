/* SPDX-License-Identifier: Apache-2.0 */
/* exdev A B: renames and links either to a name beside the other, which lies
 * on another device, and says how that went. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void try(const char *from, const char *beside)
{
	char to[200];

	snprintf(to, sizeof(to), "%s.new", beside);
	printf("rename %s: %s\n", from,
	       rename(from, to) == 0 ? "done" : strerror(errno));
	printf("link %s: %s\n", from,
	       link(from, to) == 0 ? "done" : strerror(errno));
}

int main(int argc, char **argv)
{
	struct stat a, b;

	if (argc < 3 || stat(argv[1], &a) < 0 || stat(argv[2], &b) < 0)
		return 2;
	try(argv[1], argv[2]);
	try(argv[2], argv[1]);
	return a.st_dev != b.st_dev ? 0 : 1;
}
