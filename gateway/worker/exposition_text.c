#include "gateway/worker/exposition_text.h"

#include "gateway/worker/metrics.h"

#include <inttypes.h>

void exposition_begin(
	struct writer *writer, const char *name, const char *type, const char *help)
{
	writer->name = name;
	buf_printf(writer->out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void exposition_append_label(struct buf *out, struct slice value)
{
	for (size_t i = 0; i < value.len; i++) {
		if (value.data[i] == '\n') {
			buf_append(out, SLICE("\\n"));
			continue;
		}
		if (value.data[i] == '\\' || value.data[i] == '"')
			buf_append_char(out, '\\');
		buf_append_char(out, value.data[i]);
	}
}

void exposition_append_value(struct writer *writer, int64_t value)
{
	buf_printf(writer->out, " %" PRId64 "\n", value);
}

void exposition_number(struct writer *writer, const char *name, const char *type,
	const char *help, int64_t value)
{
	exposition_begin(writer, name, type, help);
	buf_append(writer->out, slice_of(name));
	exposition_append_value(writer, value);
}

void exposition_labelled(struct writer *writer, const char *label, const char *name,
	const struct counter *counter)
{
	buf_printf(writer->out, "%s{%s=\"%s\"}", writer->name, label, name);
	exposition_append_value(writer, (int64_t)counter_read(counter));
}

void exposition_labelled_twice(struct writer *writer, const char *label,
	const char *name, const char *label_two, const char *name_two,
	const struct counter *counter)
{
	buf_printf(writer->out, "%s{%s=\"%s\",%s=\"%s\"}", writer->name, label, name,
		label_two, name_two);
	exposition_append_value(writer, (int64_t)counter_read(counter));
}

void exposition_append_thousandths(struct buf *out, uint64_t value)
{
	buf_printf(out, "%" PRIu64 ".%03" PRIu64, value / 1000, value % 1000);
}

void exposition_append_bound(struct buf *out, uint64_t thousandths)
{
	exposition_append_thousandths(out, thousandths);
	while (out->data[out->len - 1] == '0')
		out->len--;
	if (out->data[out->len - 1] == '.')
		out->len--;
}
