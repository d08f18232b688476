/*
 * The graveyard remembers for two minutes how SockJS sessions ended: a late poll
 * gets the close frame again and never opens a new session under an old id. It
 * is bounded (limits.ended_sessions); the oldest graves go first.
 */
#ifndef GATEWAY_SESSION_GRAVEYARD_H
#define GATEWAY_SESSION_GRAVEYARD_H

#include "gateway/worker/ending.h"
#include "protocol/hash.h"

#include <stdbool.h>
#include <stddef.h>

struct graveyard;

struct grave {
	enum ending ending;
	unsigned visits; /* how often it was found, this time included */
};

/* For `most` graves, at least one. */
struct graveyard *graveyard_create(const struct hash_key *key, size_t most);
void graveyard_destroy(struct graveyard *graveyard); /* NULL is fine */

/*
 * Copies the key. `now` is in ms and never goes back. False when a younger grave than
 * two minutes had to make room.
 */
bool graveyard_bury(struct graveyard *graveyard, struct slice key, enum ending ending,
	uint64_t now);

/* NULL when there is none, or none so young. Valid until the next burial. */
const struct grave *graveyard_find(
	struct graveyard *graveyard, struct slice key, uint64_t now);

#endif
