/*
 * A party is a conversation as the broker knows it: a number that posts can carry
 * while the conversation itself may end, and the function that hears answers.
 */
#ifndef GATEWAY_BROKER_PARTY_H
#define GATEWAY_BROKER_PARTY_H

#include "gateway/list.h"
#include "gateway/registry.h"

struct session;

struct party {
	struct entry entry; /* among the parties of its worker */
	struct session *session;
	struct list subscriptions; /* of struct subscription */

	/*
	 * A home has taken what `request` asked for, or refuses it: then *error says
	 * why, else it is empty. Request 0 hears only of refusals.
	 */
	void (*answer)(struct party *party, uint64_t request, struct slice error);
};

#endif
