/*
 * How often a client may send: limits.user_messages of its account, on all its sessions
 * together, and the rate of the rule that allows the SEND. What comes too soon waits
 * for its time, or the rule lets it be denied. Exempt addresses and the console have no
 * rates.
 */
#ifndef GATEWAY_BROKER_RATE_LIMIT_H
#define GATEWAY_BROKER_RATE_LIMIT_H

#include "gateway/broker/broker.h"
#include "gateway/identity/rate.h"

/* What a SEND was charged. Zeroed: nothing. */
struct rate_charge {
	uint64_t
		wait; /* milliseconds until it may be passed to broker_send(); 0: now */
	char bound[40]; /* that it waits for, by its key: "rules[3].rate" */
	uint32_t account;
	unsigned rule;           /* the number of the rule's rate; 0: none */
	struct rate user, rated; /* not set: not charged */
};

/*
 * Charges a SEND, before broker_send() is asked. When BROKER_TAKEN, fills *charge: the
 * message waits for that time, and comes then without another charge; or
 * rate_limit_give() takes it back. When BROKER_REFUSED, which dooms its transaction as
 * any refusal does, it must not come.
 */
enum broker_result rate_limit_charge(
	struct broker *broker, struct broker_call *call, struct rate_charge *charge);

/* The SEND does not come. */
void rate_limit_give(const struct broker *broker, const struct rate_charge *charge);

#endif
