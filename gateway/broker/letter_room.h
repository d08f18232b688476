/*
 * At the home of the dead-letter queue: what each account has there, so that none takes
 * more than its share (limits.share), and which workers wait for room: for letters of
 * one account, or, as ACCOUNT_HOUSE, for letters of whatever account.
 */
#ifndef GATEWAY_BROKER_LETTER_ROOM_H
#define GATEWAY_BROKER_LETTER_ROOM_H

#include "gateway/base/list.h"
#include "gateway/base/table.h"
#include "gateway/worker/account.h"

struct worker;

struct letter_room {
	const struct worker *worker;
	struct table tenants; /* accounts with letters, or for which workers wait */
	struct list changed;  /* of these: letter_room_changed() has to return them */
	size_t waiting;       /* workers, for whatever account */
};

/* Allocates nothing yet. `worker` is the home, and must outlive the room. */
void letter_room_init(struct letter_room *room, const struct worker *worker);

/* Forgets who waits. All letters must have left. */
void letter_room_finish(struct letter_room *room);

/*
 * True when a letter of that size fits the account's share of the dead-letter queue. An
 * account without letters there may always have one. Counts nothing.
 */
bool letter_room_fits(const struct letter_room *room, uint32_t account, uint64_t bytes);

/* Counts a letter of that account, whether it fits or not. */
void letter_room_take(struct letter_room *room, uint32_t account, uint64_t bytes);

/* That letter has left. */
void letter_room_give(struct letter_room *room, uint32_t account, uint64_t bytes);

/* That worker waits, after all others that do. It is noted once. */
void letter_room_await(struct letter_room *room, uint32_t account, unsigned worker);

/* Takes the worker that waits for longest; false when none does. */
bool letter_room_next(struct letter_room *room, uint32_t account, unsigned *worker);

/*
 * The next account for which workers wait, and whose letters are not what they were at
 * the last call. False when there is none.
 */
bool letter_room_changed(struct letter_room *room, uint32_t *account);

#endif
