/*
 * A tombstone keeps for two minutes how a SockJS session ended. A late poll gets the
 * close frame again and never opens a new session under an old id. Tombstones are
 * bounded (limits.ended_sessions); the oldest go first.
 */
#ifndef GATEWAY_SESSION_TOMBSTONES_H
#define GATEWAY_SESSION_TOMBSTONES_H

#include "gateway/worker/ending.h"
#include "protocol/hash.h"

#include <stdbool.h>
#include <stddef.h>

struct tombstones;

struct tombstone {
	enum ending ending;
	unsigned visits; /* how often it was found, this time included */
};

/*
 * Has room for `most` tombstones, at least one. Copies the key, which should be secret.
 */
struct tombstones *tombstones_create(const struct hash_key *key, size_t most);
void tombstones_destroy(struct tombstones *tombstones); /* NULL is fine */

/*
 * Keeps how the session of that key ended; copies the key. `now` is in milliseconds
 * and never goes back. False when a tombstone younger than two minutes had to make
 * room.
 */
bool tombstones_add(struct tombstones *tombstones, struct slice key, enum ending ending,
	uint64_t now);

/*
 * How the session of that key ended, if within the last two minutes, else NULL. Counts
 * the visit. Valid until the next tombstone is added.
 */
const struct tombstone *tombstones_find(
	struct tombstones *tombstones, struct slice key, uint64_t now);

#endif
