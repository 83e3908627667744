/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

void base_free_at(void *pointer_to_pointer)
{
	free(*(void **)pointer_to_pointer);
}

void base_close_at(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

void base_fclose_at(FILE **file)
{
	if (*file)
		fclose(*file);
}

int base_read_all(int fd, void *data, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = read(fd, (char *)data + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return done ? -EPIPE : -ENODATA;
		done += (size_t)n;
	}
	return 0;
}

int base_write_all(int fd, const void *data, size_t len)
{
	size_t done = 0;

	while (done < len) {
		const char *from = (const char *)data + done;
		ssize_t n = send(fd, from, len - done, MSG_NOSIGNAL);

		if (n < 0 && errno == ENOTSOCK)
			n = write(fd, from, len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		done += (size_t)n;
	}
	return 0;
}

int base_read_file(const char *path, size_t max, char **data, size_t *len,
		   struct hexo_error *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	cleanup_free char *text = NULL;
	struct stat st;
	int r;

	if (fd < 0)
		return hexo_fail_errno(err, "cannot open %s", path);
	if (fstat(fd, &st) < 0)
		return hexo_fail_errno(err, "cannot stat %s", path);
	if (!S_ISREG(st.st_mode))
		return hexo_fail(err, S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL,
				 "%s is not a regular file", path);
	if ((uint64_t)st.st_size > max)
		return hexo_fail(err, -EFBIG, "%s is larger than %zu bytes",
				 path, max);
	text = malloc((size_t)st.st_size + 1);
	if (!text)
		return hexo_fail(err, -ENOMEM, "no memory to read %s", path);
	r = base_read_all(fd, text, (size_t)st.st_size);
	if (r < 0 && !(r == -ENODATA && st.st_size == 0))
		return hexo_fail(err, r, "cannot read %s: %s", path,
				 strerror(-r));
	text[st.st_size] = '\0';
	*len = (size_t)st.st_size;
	*data = base_take_ptr(text);
	return 0;
}

int base_parse_u64(const char *text, uint64_t *value)
{
	char *end;
	unsigned long long v;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	v = strtoull(text, &end, 10);
	if (errno)
		return -ERANGE;
	if (*end)
		return -EINVAL;
	*value = v;
	return 0;
}

int base_parse_size(const char *text, uint64_t *value)
{
	static const char suffixes[] = "KMGT";
	size_t n = strlen(text);
	cleanup_free char *digits = base_strdup(text);
	const char *suffix = NULL;
	unsigned shift = 0;
	uint64_t v;
	int r;

	if (n > 1 && (suffix = strchr(suffixes, text[n - 1]))) {
		shift = 10 * (unsigned)(suffix - suffixes + 1);
		digits[n - 1] = '\0';
	}
	r = base_parse_u64(digits, &v);
	if (r < 0)
		return r;
	if (v > UINT64_MAX >> shift)
		return -ERANGE;
	*value = v << shift;
	return 0;
}

int base_parse_time(const char *text, uint64_t *ns)
{
	static const struct {
		const char *unit;
		uint64_t ns;
	} units[] = {
		{ "ms", 1000000 },    { "s", 1000000000 },
		{ "m", 60000000000 }, { "h", 3600000000000 },
		{ "", 1000000000 },
	};
	size_t digits = strspn(text, "0123456789");
	cleanup_free char *number = base_strdup(text);
	uint64_t v;
	int r;

	number[digits] = '\0';
	r = base_parse_u64(number, &v);
	if (r < 0)
		return r;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(text + digits, units[i].unit))
			continue;
		if (v > UINT64_MAX / units[i].ns)
			return -ERANGE;
		*ns = v * units[i].ns;
		return 0;
	}
	return -EINVAL;
}

uint64_t base_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static _Noreturn void base_out_of_memory(void)
{
	static const char text[] = "hexo: out of memory\n";

	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(125);
	_exit(125);
}

void *base_alloc(size_t size)
{
	void *p = calloc(1, size ? size : 1);

	if (!p)
		base_out_of_memory();
	return p;
}

void *base_realloc(void *p, size_t size)
{
	p = realloc(p, size ? size : 1);
	if (!p)
		base_out_of_memory();
	return p;
}

char *base_strdup(const char *s)
{
	char *copy = strdup(s);

	if (!copy)
		base_out_of_memory();
	return copy;
}

char *base_vprintf(const char *fmt, va_list ap)
{
	char *text;

	if (vasprintf(&text, fmt, ap) < 0)
		base_out_of_memory();
	return text;
}

char *base_printf(const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	text = base_vprintf(fmt, ap);
	va_end(ap);
	return text;
}

void base_buffer_add(struct base_buffer *b, const void *data, size_t len)
{
	if (b->len + len + 1 > b->room) {
		b->room = 2 * (b->len + len) + 64;
		b->data = base_realloc(b->data, b->room);
	}
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void base_buffer_printf(struct base_buffer *b, const char *fmt, ...)
{
	cleanup_free char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = base_vprintf(fmt, ap);
	va_end(ap);
	base_buffer_add(b, text, strlen(text));
}

void base_buffer_free(struct base_buffer *b)
{
	free(b->data);
	*b = (struct base_buffer){ 0 };
}

char *base_sibling(const char *name)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (n < 0)
		return base_strdup(name);
	self[n] = '\0';
	slash = strrchr(self, '/');
	if (slash)
		*slash = '\0';
	return base_printf("%s/%s", self, name);
}
