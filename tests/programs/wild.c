/* SPDX-License-Identifier: Apache-2.0 */
/* Writes to 8 MiB all the time until a file appears; then goes wrong.
 * Arguments: null, constant or jump; where the file will be. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char memory[8 << 20];
static const char constant[4096] = "constant";

static void go_wrong(const char *how)
{
	char *volatile at = NULL;
	uintptr_t volatile data = (uintptr_t)memory;

	if (!strcmp(how, "constant"))
		at = (char *)(uintptr_t)constant;
	if (!strcmp(how, "jump"))
		((void (*)(void))data)();
	*at = 1;
}

int main(int argc, char **argv)
{
	memset(memory, 1, sizeof(memory));
	printf("ready\n");
	fflush(stdout);
	while (access(argv[2], F_OK) < 0) {
		for (size_t i = 0; i < sizeof(memory); i += 8192)
			memory[i]++;
		usleep(1000);
	}
	go_wrong(argv[1]);
	return memory[0];
}
