/*
 * A batch is the oldest messages of a queue as one write. What is fanned out to many
 * sessions waits in all their queues as the same messages: they are joined once, for
 * the first session that pulls them, and the others get the same bytes. The batch cache
 * remembers the latest batch of its worker until the turn ends.
 */
#ifndef GATEWAY_SESSION_BATCH_H
#define GATEWAY_SESSION_BATCH_H

#include "gateway/session/outbound.h"

/* How an outlet joins messages. */
struct batch_format {
	enum wire wire;
	void (*append)(struct buf *bytes, struct rendering message);
};

/* The oldest messages of a queue as they leave together, until the next call. */
struct batch {
	struct slice bytes;
	size_t count;
	size_t payload; /* bytes of the messages themselves */
};

struct batch_cache;

/* The caller owns the cache, one for each worker. */
struct batch_cache *batch_cache_create(void);
void batch_cache_destroy(struct batch_cache *batch_cache);

/*
 * Joins the oldest messages of a queue that is not empty: at least one, and more until
 * the batch has `budget` bytes. Takes nothing out of the queue. `how` must be static:
 * the cache compares its address with the one before. The bytes live until the next
 * call.
 */
struct batch batch_cache_pull(struct batch_cache *batch_cache,
	const struct outbound *queue, const struct batch_format *how, size_t budget);

/*
 * Forgets the batch, and with it the references to its messages. At the end of each
 * turn: the next one has other messages.
 */
void batch_cache_clear(struct batch_cache *batch_cache);

#endif
