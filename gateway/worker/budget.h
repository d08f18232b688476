/*
 * The memory of the process, as a budget that accounts share (limits.memory).
 *
 * What is used: all that our own code has allocated (xmalloc_bytes()) and what a
 * library has for peers, right at every moment; and a correction for what the process
 * has beyond that, which pressure.h renews four times a second. The room is the rest of
 * the limit.
 *
 * What a peer makes Postern hold is charged to its account where a buffer grows:
 * bodies, unfinished messages and frames, input that waits, transactions,
 * subscriptions, the rests of writes, what is not acknowledged. No delivery is charged.
 * One rule says whose buffer may grow:
 *
 *     the account, and the holder once more, must fit the room without limit/8
 *
 * So an account that takes all it can has half of the memory at most, and a third if
 * one session does it; two take a third each. Newcomers always find room, since a
 * holder below 64 KiB may use the eighth, too, down to limit/32, if all of its account
 * fits what is then left: many small holders are not small together. An account of an
 * exempt address need not fit.
 *
 * Messages in queues are promised, and cannot be thrown away. They have a budget of
 * their own, half of the limit by default, which goes by the same rule.
 */
#ifndef GATEWAY_WORKER_BUDGET_H
#define GATEWAY_WORKER_BUDGET_H

#include "protocol/buf.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct workers;
struct worker;

enum {
	BUDGET_SMALL = 81920, /* of a small holder: a buffer of 64 KiB, and little */
	BUDGET_LEAST = 8192,  /* a smaller buffer is not charged */
};

struct budget {
	int64_t limit;              /* bytes; 0: none, before pressure_start() */
	_Atomic int64_t correction; /* bytes that are used and not counted */
	_Atomic int64_t libraries;  /* bytes of libraries for peers; and claims */
	_Atomic int64_t kept;       /* bytes of messages in queues */
};

/* Bytes that are counted: all but the correction. From any thread. */
int64_t budget_counted(const struct workers *workers);

/* Bytes that are left; negative when too many are used. From any thread. */
int64_t budget_room(const struct workers *workers);

/* True when there is no room even for those who hold little. From any thread. */
bool budget_is_tight(const struct workers *workers);

/*
 * True when a holder of the account that has `held` bytes may have `more`. Charges
 * nothing. ACCOUNT_HOUSE always may. False is not counted: that is for the caller.
 */
bool budget_admits(
	const struct workers *workers, uint32_t account, int64_t held, int64_t more);

/*
 * True when there is room for `more` bytes of a holder that no account bounds, without
 * limit/8, which stays for small holders. Charges and counts nothing.
 */
bool budget_has_room(const struct workers *workers, int64_t more);

/*
 * Claims memory that is about to be allocated for output: the claim counts as used, so
 * that no two workers find the same room. False, and nothing is claimed, when the rest
 * would be tight. End the claim when the memory has been allocated, and counts itself.
 */
bool budget_claim(struct workers *workers, uint64_t bytes);
void budget_end_claim(struct workers *workers, uint64_t bytes);

/*
 * buf_reserve_exactly(), if budget_claim() finds room for all bytes of the buf: they
 * may have to move. False, and nothing has changed, when there is none.
 */
bool budget_reserve(struct workers *workers, struct buf *buf, size_t extra);

/* Charges the account `bytes`, or gives them back, if they are negative. */
void budget_charge(const struct workers *workers, uint32_t account, int64_t bytes);

/* Counts memory of a library, which xmalloc_bytes() does not count. */
void budget_count_library(struct workers *workers, int64_t bytes);

/* As budget_charge(), for memory of a library, which is counted too. */
void budget_charge_library(struct workers *workers, uint32_t account, int64_t bytes);

/*
 * True when queues may keep so many bytes more of messages of the account. Charges and
 * counts nothing. ACCOUNT_HOUSE always may.
 */
bool budget_may_keep(const struct worker *worker, uint32_t account, int64_t bytes);

/* Queues keep so many bytes more of the account's messages, or fewer. */
void budget_keep(struct workers *workers, uint32_t account, int64_t bytes);

/* Bytes that queues may keep in all: limits.backlog_total_bytes; 0: no limit. */
int64_t budget_kept_max(const struct worker *worker);

/*
 * A buffer has grown or shrunk from `before` to `now` bytes of memory. What that
 * changes for its account: buffers below BUDGET_LEAST do not count.
 */
int64_t budget_change(uint64_t before, uint64_t now);

#endif
