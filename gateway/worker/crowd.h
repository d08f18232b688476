/*
 * How much comes from each address, as all workers count it together: connections that
 * are open, and how many new sessions and unknown ones there were in this second. A
 * fixed table of atomics, found by a hash with the server's key: it takes no locks and
 * never grows. Two addresses may fall together, but nobody can choose whom with.
 *
 * Addresses in "exempt_addresses" and trusted proxies, who speak for many, are counted
 * but never bounded.
 */
#ifndef GATEWAY_WORKER_CROWD_H
#define GATEWAY_WORKER_CROWD_H

#include "protocol/address.h"
#include "protocol/hash.h"

struct config;
struct crowd;

struct crowd *crowd_create(const struct hash_key *key);
void crowd_destroy(struct crowd *crowd); /* NULL is fine */

/* A connection from that address is there; the result is for crowd_leave(). */
unsigned crowd_enter(struct crowd *crowd, const struct address *address);
void crowd_leave(struct crowd *crowd, unsigned place);

/* False, and logged, when that address has its limits.address_connections. */
bool crowd_has_room(const struct crowd *crowd, const struct config *config,
	const struct address *address);

enum crowd_rate {
	CROWD_SESSIONS, /* that are opened */
	CROWD_UNKNOWN,  /* that are named, and are not there */
	CROWD_RATES,
};

/* Counts one more; false, and logged, when there were too many in this second. */
bool crowd_admits(struct crowd *crowd, const struct config *config,
	enum crowd_rate rate, struct slice address, uint64_t now);

#endif
