#include "gateway/broker/broker_refusal.h"

#include "protocol/xmalloc.h"

#include <stdarg.h>
#include <stdio.h>

void broker_refusal_set(struct broker_refusal *refusal, enum refusal_kind kind,
	const char *what, const struct slice *value)
{
	*refusal = (struct broker_refusal){
		.kind = kind, .what = what, .has_value = value != NULL};
	if (value == NULL)
		return;
	const struct slice start = slice_first(*value, sizeof(refusal->value));
	refusal->value_len = start.len;
	memcpy(refusal->value, start.data, start.len);
}

void broker_refusal_hint(struct broker_refusal *refusal, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(refusal->hint, sizeof(refusal->hint), format, arguments);
	va_end(arguments);
}

void broker_refusal_reason(struct broker_refusal *refusal, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(refusal->reason, sizeof(refusal->reason), format, arguments);
	va_end(arguments);
}

struct broker_refusal *broker_refusal_copy(
	const struct broker_refusal *refusal, struct slice destination)
{
	struct broker_refusal *copy = xmalloc(sizeof(*copy) + destination.len);
	char *text = (char *)(copy + 1);

	*copy = *refusal;
	copy->destination = (struct slice){text, destination.len};
	memcpy(text, destination.data, destination.len);
	return copy;
}
