/*
 * The receipts that a client has asked for and not yet got. They leave in the order of
 * asking (STOMP 1.2, RECEIPT), each after every home concerned has answered.
 */
#ifndef GATEWAY_STOMP_RECEIPTS_H
#define GATEWAY_STOMP_RECEIPTS_H

#include "protocol/hash.h"

#include <stdint.h>

/* Small while none waits: thousands of clients exist. */
struct receipts {
	struct awaited *awaited; /* NULL: none waits */
};

/* Frees the receipts that were not sent. Zeroed receipts need no beginning. */
void receipts_finish(struct receipts *receipts);

/*
 * Promises a receipt, with a copy of `id`, after `answers` answers to `request`; with
 * 0 it is due. A request promises once. Request 0 gets no answers. Copies the key, by
 * which requests are found: they are the client's own numbers, so it need not be
 * secret.
 */
void receipts_expect(struct receipts *receipts, const struct hash_key *key,
	uint64_t request, struct slice id, size_t answers);

/*
 * One of the answers to `request` has come. Does nothing for a request without a
 * receipt. Ask receipts_due() afterwards.
 */
void receipts_answer(struct receipts *receipts, uint64_t request);

/*
 * The receipt of `request`, which is not due yet, waits for so many more answers. Does
 * nothing for a request without a receipt.
 */
void receipts_more(struct receipts *receipts, uint64_t request, size_t answers);

/*
 * The id of the receipt that was promised for `request`, or empty. Valid until that
 * receipt is dropped or cancelled.
 */
struct slice receipts_find(const struct receipts *receipts, uint64_t request);

/*
 * Drops the receipt that was promised for `request`, which was refused. Does nothing
 * when there is none.
 */
void receipts_cancel(struct receipts *receipts, uint64_t request);

/*
 * True when the oldest receipt is due; *id is then valid until receipts_drop(), which
 * removes the receipt.
 */
bool receipts_due(const struct receipts *receipts, struct slice *id);

/* Drops the oldest receipt, due or not. There must be one; frees its id. */
void receipts_drop(struct receipts *receipts);

bool receipts_is_empty(const struct receipts *receipts);

/* The memory that the receipts take, in bytes. */
size_t receipts_bytes(const struct receipts *receipts);

#endif
