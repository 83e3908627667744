/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers the lines of stdin and turns their letters to upper case. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t length;
	long lines = 0, bytes = 0;

	while ((length = getline(&line, &room, stdin)) >= 0) {
		for (ssize_t i = 0; i < length; i++)
			line[i] = (char)toupper((unsigned char)line[i]);
		printf("%6ld  %s%s", ++lines, line,
		       line[length - 1] == '\n' ? "" : "\n");
		bytes += length;
	}
	free(line);
	if (ferror(stdin)) {
		perror("stdin");
		return EXIT_FAILURE;
	}
	printf("%ld lines, %ld bytes\n", lines, bytes);
	return 0;
}
