/*
 * A reload may bring other rules. Then every participant is looked at again: what the
 * rules do not allow any more is ended. A few participants have their turn at a time.
 */
#ifndef GATEWAY_BROKER_REVIEW_H
#define GATEWAY_BROKER_REVIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct broker;
struct config;

struct review {
	const struct config *config; /* under which it was done; held */
	uint64_t *numbers;           /* of the participants that wait for it */
	size_t count;
};

void review_init(struct broker *broker);
void review_finish(struct broker *broker);

/*
 * Begins a review when the worker has another configuration, and goes on with one:
 * calls the participants' review(). True when participants still wait.
 */
bool review_turn(struct broker *broker);

#endif
