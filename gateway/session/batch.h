/*
 * A batch is the oldest messages of a queue, joined into one write. A fan-out puts the
 * same messages into the queues of many sessions. The batch cache joins them once, for
 * the first session that pulls them; the other sessions get the same bytes. The cache
 * remembers the latest batch of its worker until the turn ends.
 *
 * A large message is a batch alone, and is not copied: the rendering itself leaves.
 */
#ifndef GATEWAY_SESSION_BATCH_H
#define GATEWAY_SESSION_BATCH_H

#include "gateway/session/outbound.h"

/* How an outlet joins messages. */
struct batch_format {
	enum wire wire;
	void (*append)(struct buf *bytes, struct rendering message);
};

/* The oldest messages of a queue, joined. Valid until the next call. */
struct batch {
	struct slice bytes;
	size_t count;   /* 0: there is no memory for the rendering of a large message */
	size_t payload; /* bytes of the messages themselves */
	bool is_alone;  /* a large message as it is, without what `append` adds */
	bool is_text;   /* of one alone: its rendering is */
};

/* A message of at least so many bytes is a batch alone. */
enum { BATCH_ALONE = 65536 };

struct batch_cache;
struct workers;

/* The caller owns the cache. Each worker has one. `workers` have the budget. */
struct batch_cache *batch_cache_create(struct workers *workers);
void batch_cache_destroy(struct batch_cache *batch_cache);

/*
 * Joins the oldest messages of a queue that is not empty: at least one, then more
 * until the batch has `budget` bytes. Takes nothing out of the queue. `how` must be
 * static: the cache compares its address with that of the previous call. The bytes
 * live until the next call. The memory of a large rendering is claimed (budget.h); if
 * there is none, not even after the cache has forgotten others, the batch is empty.
 */
struct batch batch_cache_pull(struct batch_cache *batch_cache,
	const struct outbound *queue, const struct batch_format *how, size_t budget);

/*
 * Drops the batch and its references to messages. Call it at the end of each turn: the
 * next turn has other messages.
 */
void batch_cache_clear(struct batch_cache *batch_cache);

#endif
