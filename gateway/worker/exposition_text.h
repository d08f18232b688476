/* Lines of Prometheus's text format, for exposition.c. */
#ifndef GATEWAY_WORKER_EXPOSITION_TEXT_H
#define GATEWAY_WORKER_EXPOSITION_TEXT_H

#include "protocol/buf.h"

#include <stdbool.h>

struct counter;
struct metrics;
struct workers;

/* The text under construction. */
struct writer {
	struct buf *out;
	const struct workers *workers;
	const struct metrics *sum;
	const char *name; /* metric whose samples are written */
	bool is_opened;   /* counts sessions opened, not those open */
};

/* Appends the HELP and TYPE of the metric whose samples follow. `name` is static. */
void exposition_begin(
	struct writer *writer, const char *name, const char *type, const char *help);

/* Appends a whole metric that has one sample. `name` is static. */
void exposition_number(struct writer *writer, const char *name, const char *type,
	const char *help, int64_t value);

/* Appends the value of a label, in which backslash, quote and line feed are escaped. */
void exposition_append_label(struct buf *out, struct slice value);

/* Ends a sample: a blank, the value, a line end. */
void exposition_append_value(struct writer *writer, int64_t value);

/* A sample with one label. The label's value is ours and needs no escaping. */
void exposition_labelled(struct writer *writer, const char *label, const char *name,
	const struct counter *counter);

/* The same with two labels. */
void exposition_labelled_twice(struct writer *writer, const char *label,
	const char *name, const char *label_two, const char *name_two,
	const struct counter *counter);

/* Appends thousandths as a decimal number. */
void exposition_append_thousandths(struct buf *out, uint64_t value);

/* The same as a histogram's bound: "0.01", "0.5", "10". */
void exposition_append_bound(struct buf *out, uint64_t thousandths);

#endif
