/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to devices: what shows a program that it talks to a terminal. */
#include "guest/kernel/file.h"
#include "guest/kernel/syscall.h"

KERNEL_NEVER_WAITS

static long window_size(struct kernel_file *f, struct abi_winsize *to)
{
	uint16_t size[2] = { 0 };
	int64_t status;

	if (f->kind != KERNEL_FILE_STREAM)
		return -ENOTTY;
	status = kernel_io(&(struct hexo_hc_io){ .op = HEXO_IO_WINSIZE,
						 .arg = { f->handle },
						 .out_addr =
							 kernel_address(size),
						 .out_len = sizeof(size) },
			   NULL);
	if (status < 0)
		return -ENOTTY;
	*to = (struct abi_winsize){ .rows = size[0], .cols = size[1] };
	return 0;
}

/* A terminal in its usual mode; the mode cannot be changed. */
static long terminal_mode(struct kernel_file *f, struct abi_termios *to)
{
	struct abi_winsize size;
	long status = window_size(f, &size);

	if (status)
		return status;
	*to = (struct abi_termios){
		.iflag = 0002400, /* ICRNL IXON */
		.oflag = 0000005, /* OPOST ONLCR */
		.cflag = 0000277, /* B38400 CS8 CREAD */
		.lflag = 0105073, /* ISIG ICANON ECHO.. IEXTEN */
		.cc = { 3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26 },
	};
	return 0;
}

static long bytes_ready(struct kernel_file *f, int *to)
{
	struct hexo_io_stat st;
	long status;

	if (f->kind == KERNEL_FILE_PIPE) {
		*to = (int)kernel_pipe_bytes(f);
		return 0;
	}
	if (f->kind != KERNEL_FILE_REGULAR)
		return -ENOTTY;
	status = kernel_file_stat(f, &st);
	if (!status)
		*to = st.size > f->offset ? (int)(st.size - f->offset) : 0;
	return status;
}

long sys_ioctl(int fd, uint32_t request, void *arg)
{
	struct kernel_file *f = kernel_file_get(fd);

	if (!f)
		return -EBADF;
	switch (request) {
	case TIOCGWINSZ:
		return window_size(f, arg);
	case TCGETS:
		return terminal_mode(f, arg);
	case FIONREAD:
		return bytes_ready(f, arg);
	default:
		return -ENOTTY;
	}
}

KERNEL_NEVER_WAITS_END
