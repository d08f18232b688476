/*
 * {now:FORMAT}. Each conversion is a literal of its own: no text of the configuration
 * ever reaches strftime(), and the switch is the allow-list.
 */
#include "gateway/route/template_time.h"

/* Returns the length, or 0 for an unsupported conversion. */
static size_t template_time_convert(
	char *text, size_t size, char conversion, const struct tm *tm)
{
	switch (conversion) {
	case 'Y':
		return strftime(text, size, "%Y", tm);
	case 'm':
		return strftime(text, size, "%m", tm);
	case 'd':
		return strftime(text, size, "%d", tm);
	case 'e':
		return strftime(text, size, "%e", tm);
	case 'j':
		return strftime(text, size, "%j", tm);
	case 'H':
		return strftime(text, size, "%H", tm);
	case 'I':
		return strftime(text, size, "%I", tm);
	case 'M':
		return strftime(text, size, "%M", tm);
	case 'S':
		return strftime(text, size, "%S", tm);
	case 'p':
		return strftime(text, size, "%p", tm);
	case 'a':
		return strftime(text, size, "%a", tm);
	case 'A':
		return strftime(text, size, "%A", tm);
	case 'b':
		return strftime(text, size, "%b", tm);
	case 'B':
		return strftime(text, size, "%B", tm);
	case 'u':
		return strftime(text, size, "%u", tm);
	case 'V':
		return strftime(text, size, "%V", tm);
	case 'F':
		return strftime(text, size, "%F", tm);
	case 'T':
		return strftime(text, size, "%T", tm);
	case 'R':
		return strftime(text, size, "%R", tm);
	case 's':
		return strftime(text, size, "%s", tm);
	case 'z':
		return strftime(text, size, "%z", tm);
	case 'Z':
		return strftime(text, size, "%Z", tm);
	case '%':
		return strftime(text, size, "%%", tm);
	}
	return 0;
}

bool template_time(struct slice format, time_t now, struct buf *out)
{
	size_t start = out->len;
	struct tm tm;
	char text[64]; /* the longest is a zone's name */

	if (format.len == 0 || format.len > TEMPLATE_TIME_MAX ||
		localtime_r(&now, &tm) == NULL)
		return false;
	for (size_t i = 0; i < format.len; i++) {
		if (format.data[i] != '%') {
			buf_append_char(out, format.data[i]);
			continue;
		}
		size_t len = ++i < format.len
				     ? template_time_convert(
					       text, sizeof(text), format.data[i], &tm)
				     : 0;
		if (len == 0) {
			out->len = start;
			return false;
		}
		buf_append(out, (struct slice){text, len});
	}
	return true;
}
