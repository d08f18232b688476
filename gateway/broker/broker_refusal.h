/*
 * The reason why the broker refuses a frame. A home's answer carries it to the
 * participant, and a doomed transaction keeps it for its COMMIT. So it owns its text:
 * nothing in it points into the frame.
 */
#ifndef GATEWAY_BROKER_BROKER_REFUSAL_H
#define GATEWAY_BROKER_BROKER_REFUSAL_H

#include "gateway/worker/refusal.h"

enum {
	BROKER_VALUE_MAX = 96, /* more than refusal.h prints */
	BROKER_HINT_MAX = 200,
	BROKER_REASON_MAX = 120,
};

struct broker_refusal {
	enum refusal_kind kind;
	const char *what; /* a literal; NULL: nothing to quote */
	bool has_value;
	size_t value_len;
	char value[BROKER_VALUE_MAX];   /* beginning of the value */
	char hint[BROKER_HINT_MAX];     /* empty: no hint */
	char reason[BROKER_REASON_MAX]; /* for the log alone; empty: none */

	/* For `denied-destination`; empty: the frame's destination, if it has one. */
	struct slice destination;
};

/*
 * Overwrites *refusal with the kind and the refused value: `what` is a literal or
 * NULL. Copies the beginning of `value`, which may be NULL. Sets no hint.
 */
void broker_refusal_set(struct broker_refusal *refusal, enum refusal_kind kind,
	const char *what, const struct slice *value);

/*
 * Replaces the hint, which tells the client what to do: whole sentences, cut at
 * BROKER_HINT_MAX.
 */
void broker_refusal_hint(struct broker_refusal *refusal, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Sets what the log says besides, and the client is not told. Cut as the hint is. */
void broker_refusal_reason(struct broker_refusal *refusal, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Copies a refusal and its destination into one piece of memory, which free() frees. */
struct broker_refusal *broker_refusal_copy(
	const struct broker_refusal *refusal, struct slice destination);

#endif
