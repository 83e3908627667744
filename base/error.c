/* SPDX-License-Identifier: Apache-2.0 */
#include "hexo/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void error_format(struct hexo_error *err, const char *fmt, va_list ap)
{
	if (vsnprintf(err->text, sizeof(err->text), fmt, ap) < 0)
		err->text[0] = '\0';
}

int hexo_fail(struct hexo_error *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return code;
	va_start(ap, fmt);
	error_format(err, fmt, ap);
	va_end(ap);
	err->code = code;
	return code;
}

int hexo_fail_errno(struct hexo_error *err, const char *fmt, ...)
{
	int code = errno ? -errno : -EIO;
	va_list ap;
	size_t used;

	if (!err)
		return code;
	va_start(ap, fmt);
	error_format(err, fmt, ap);
	va_end(ap);
	used = strlen(err->text);
	snprintf(err->text + used, sizeof(err->text) - used, ": %s",
		 strerror(-code));
	err->code = code;
	return code;
}

int hexo_fail_context(struct hexo_error *err, const char *fmt, ...)
{
	char text[HEXO_ERROR_MAX];
	va_list ap;
	size_t used;

	if (!err)
		return -EINVAL;
	memcpy(text, err->text, sizeof(text));
	va_start(ap, fmt);
	error_format(err, fmt, ap);
	va_end(ap);
	used = strlen(err->text);
	snprintf(err->text + used, sizeof(err->text) - used, ": %s", text);
	return err->code;
}
