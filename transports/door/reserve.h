/*
 * The last connections of limits.connections are kept for second requests: those of
 * sessions that exist. Whether a session exists is known at its home only, so the door
 * asks there before it hands such a connection over.
 */
#ifndef TRANSPORTS_DOOR_RESERVE_H
#define TRANSPORTS_DOOR_RESERVE_H

#include "transports/base/peer.h"
#include "transports/sockjs/route.h"

/*
 * Asks the home of the route's session whether it exists and admits the peer. A post
 * carries the answer to pending_answered(), with that number. Copies what it needs. On
 * the door's worker.
 */
void reserve_ask(struct worker *worker, const struct http_route *route,
	const struct peer *peer, uint64_t number);

#endif
