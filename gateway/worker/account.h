/*
 * Accounts: whose share of the process something is. A client's account is that of its
 * address, and after a login that of its user. All workers share the accounts: a fixed
 * table of atomics, found by a hash with the server's key. It takes no locks and never
 * grows. Two clients may share an account, but a peer cannot choose with which.
 *
 * An account is named by its place in the table, which fits a post. What belongs to no
 * client (dead letters, the console's answers) belongs to ACCOUNT_HOUSE. Nothing
 * bounds that one.
 */
#ifndef GATEWAY_WORKER_ACCOUNT_H
#define GATEWAY_WORKER_ACCOUNT_H

#include "gateway/identity/rate.h"
#include "protocol/address.h"
#include "protocol/hash.h"

#include <stdbool.h>

enum { ACCOUNT_HOUSE = 0, ACCOUNTS = 65536 };

/* What is summed for each account. Whoever adds something subtracts it again. */
enum account_sum {
	ACCOUNT_SESSIONS,     /* that are open */
	ACCOUNT_RESERVED,     /* connections that limits.reserve has kept for it */
	ACCOUNT_SEGMENTS,     /* of patterns that its clients have made (audience.h) */
	ACCOUNT_DESTINATIONS, /* that its clients have made (topic.h, memory.h) */
	ACCOUNT_SENDS,        /* on the way to their homes (credit.h) */
	ACCOUNT_SEND_BYTES,   /* of these */
	ACCOUNT_WAITING,      /* participants that wait for credits */
	ACCOUNT_HELD,         /* bytes that its sessions and requests hold (budget.h) */
	ACCOUNT_KEPT,         /* bytes of its messages in queues */
	ACCOUNT_SUMS,
};

struct accounts;

/* The number of an account as the key of a table. It must not move meanwhile. */
static inline struct slice account_key(const uint32_t *account)
{
	return (struct slice){(const char *)account, sizeof(*account)};
}

/*
 * The caller owns it; all workers share it, since it is atomic inside. Copies the key,
 * which should be secret, since peers choose addresses and users.
 */
struct accounts *accounts_create(const struct hash_key *key);

/*
 * Every sum must be zero again: what was charged to a client has ended. NULL is fine.
 */
void accounts_destroy(struct accounts *accounts);

/*
 * The account of an address, never ACCOUNT_HOUSE. The first 64 bits of an IPv6 address
 * count, since its holder can use the others freely. Unknown addresses, as that of a
 * local socket, share one account.
 */
uint32_t account_of_address(
	const struct accounts *accounts, const struct address *address);

/* The account of a user who has logged in, from whatever address. Not ACCOUNT_HOUSE. */
uint32_t account_of_user(const struct accounts *accounts, struct slice user);

/*
 * Whether the account is one of an exempt address: no share bounds it (share.h). At
 * first it is not. From any thread.
 */
void account_set_exempt(struct accounts *accounts, uint32_t account, bool is_exempt);

/* What account_set_exempt() has set last. From any thread. */
bool account_is_exempt(const struct accounts *accounts, uint32_t account);

/*
 * Adds `amount`, which may be negative, to a sum of the account, and returns the new
 * sum. From any thread.
 */
int64_t account_add(struct accounts *accounts, uint32_t account, enum account_sum sum,
	int64_t amount);

/* A sum of the account, as it is now. From any thread. */
int64_t account_sum(
	const struct accounts *accounts, uint32_t account, enum account_sum sum);

/*
 * Gives all accounts a full bucket for the rate of that number, below RATES_MAX
 * (rate.h). Before that, no thread may ask for these buckets.
 */
void accounts_begin_rate(struct accounts *accounts, unsigned rate);

/* The account's bucket for a rate that was begun. */
struct rate_bucket *account_rate(
	const struct accounts *accounts, uint32_t account, unsigned rate);

#endif
