/*
 * A party is a conversation as the broker knows it: a number that posts can carry
 * while the conversation itself may end, and the function that hears answers.
 */
#ifndef GATEWAY_BROKER_PARTY_H
#define GATEWAY_BROKER_PARTY_H

#include "gateway/list.h"
#include "gateway/name.h"
#include "gateway/registry.h"

struct session;
struct subscription;

struct party {
	struct entry entry; /* among the parties of its worker */
	struct session *session;
	struct name *user; /* the conversation's; NULL: nobody has logged in */

	/* By ordinal, which rises and is never given twice. */
	struct subscription **subscriptions;
	size_t subscription_count, subscription_capacity;
	uint32_t ordinals;

	struct list transactions; /* the open ones */
	size_t transaction_count;
	uint32_t transactions_ever;

	/*
	 * A home has taken what `request` asked for, or refuses it: then *error says
	 * why, else it is empty. Request 0 hears only of refusals.
	 */
	void (*answer)(struct party *party, uint64_t request, struct slice error);

	/* Its login has been checked (login.h). */
	void (*logged_in)(struct party *party, bool good);

	/* A commit that had to wait is under way: the next frames may follow. */
	void (*committed)(struct party *party);
};

#endif
