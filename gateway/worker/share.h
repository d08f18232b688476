/*
 * Shares: one account may use at most limits.share per cent of a bound of the process,
 * so that no client takes all of it. A client that has logged in uses its user's share,
 * any other one that of its address.
 *
 * With limits.share 100 there are no shares. An address in "exempt_addresses" or
 * "trusted_proxies" may use more: what it uses is counted, and never refused.
 * ACCOUNT_HOUSE is not even counted.
 */
#ifndef GATEWAY_WORKER_SHARE_H
#define GATEWAY_WORKER_SHARE_H

#include "gateway/worker/account.h"

#include <stdbool.h>
#include <stddef.h>

struct config;
struct worker;

/* The share of a bound, at least 1. It is 0, no limit, when the bound is. */
uint64_t share_of(const struct config *config, uint64_t bound);

/*
 * False, counted under the bound "share", when `amount` more would exceed the account's
 * share of `bound` (0: no limit). Adds nothing: when several workers add afterwards,
 * the sum may exceed the share a little.
 */
bool share_has_room(const struct worker *worker, uint32_t account, enum account_sum sum,
	size_t amount, uint64_t bound);

/*
 * Adds `amount` to the account's sum; share_give() subtracts it again. False, counted
 * under the bound "share" and with nothing added, when the sum would exceed the
 * account's share of `bound` (0: no limit).
 */
bool share_take(const struct worker *worker, uint32_t account, enum account_sum sum,
	size_t amount, uint64_t bound);

/* As share_take(), but no limit refuses it. */
void share_take_anyway(const struct worker *worker, uint32_t account,
	enum account_sum sum, size_t amount);

/* Subtracts what share_take() or share_take_anyway() has added for this account. */
void share_give(const struct worker *worker, uint32_t account, enum account_sum sum,
	size_t amount);

#endif
