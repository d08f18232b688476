/*
 * Counts per address, common to all workers: open connections, and in this second the
 * new sessions and the requests for unknown ones. A fixed table of atomics, found by a
 * hash with the server's key: it takes no locks and never grows. Two addresses may
 * share an entry, but a peer cannot choose with which.
 *
 * Addresses in "exempt_addresses" and trusted proxies, which carry many clients, are
 * counted but never bounded.
 */
#ifndef GATEWAY_WORKER_ADDRESS_LIMITS_H
#define GATEWAY_WORKER_ADDRESS_LIMITS_H

#include "protocol/address.h"
#include "protocol/hash.h"

struct config;
struct address_limits;

/*
 * The caller owns it; all workers share it, since it is atomic inside. Copies the key,
 * which should be secret, since peers choose addresses.
 */
struct address_limits *address_limits_create(const struct hash_key *key);
void address_limits_destroy(struct address_limits *address_limits); /* NULL is fine */

/*
 * True for an address in "exempt_addresses" and for a trusted proxy: neither these
 * limits nor shares (share.h) bound it.
 */
bool address_limits_are_off(const struct config *config, const struct address *address);

/*
 * Counts a connection from that address. Pass the result to address_limits_leave()
 * after the connection has closed. From any thread.
 */
unsigned address_limits_enter(
	struct address_limits *address_limits, const struct address *address);

/* Ends address_limits_enter(), which returned `slot`. From any thread. */
void address_limits_leave(struct address_limits *address_limits, unsigned slot);

/*
 * False, and logged, when the address has as many connections as
 * limits.address_connections, or its share of `all`, the connections that the process
 * may have; never for an exempt address. Counts nothing. From any thread.
 */
bool address_limits_have_room(const struct address_limits *address_limits,
	const struct config *config, const struct address *address, uint64_t all);

enum address_rate {
	ADDRESS_SESSIONS, /* new sessions */
	ADDRESS_UNKNOWN,  /* requests for sessions that do not exist */
	ADDRESS_TOKENS,   /* wrong tokens at the listener for operators */
	ADDRESS_LOGINS,   /* wrong logins of STOMP */
	ADDRESS_RATES,
};

/*
 * Counts one more event of that kind from `address` in the second of `now`, a time in
 * milliseconds. False, and logged, when that makes more than limits.address_sessions,
 * limits.address_unknown, or ten wrong tokens or logins; never for an exempt address.
 * Unknown addresses count as one. From any thread.
 */
bool address_limits_admit(struct address_limits *address_limits,
	const struct config *config, enum address_rate rate,
	const struct address *address, uint64_t now);

/*
 * The peer at `address` sends that header of proxies, and is not trusted. Warns that
 * all its users share these counts: once for each address, of at most 16 addresses.
 * From any thread.
 */
void address_limits_name_proxy(struct address_limits *address_limits,
	const struct address *address, struct slice header);

#endif
