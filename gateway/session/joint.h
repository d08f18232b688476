/*
 * What is fanned out to many sessions waits in all their queues as the same run of
 * messages: it is joined once, for the first that pulls it, and the others get the same
 * bytes. A joint remembers the latest run of its worker, until the turn ends.
 */
#ifndef GATEWAY_SESSION_JOINT_H
#define GATEWAY_SESSION_JOINT_H

#include "gateway/session/outbound.h"

/* How an outlet joins messages. */
struct joining {
	enum wire wire;
	void (*append)(struct buf *run, struct rendering message);
};

/* The oldest messages of a queue as they leave together, until the next call. */
struct run {
	struct slice bytes;
	size_t count;
	size_t payload; /* bytes of the messages themselves */
};

struct joint;

struct joint *joint_create(void);
void joint_destroy(struct joint *joint);

/* At least one message, and more until the run has `budget` bytes. The queue has some. */
struct run joint_pull(struct joint *joint, const struct outbound *queue,
	const struct joining *how, size_t budget);

/* Forgets the run, which keeps its messages. */
void joint_clear(struct joint *joint);

#endif
