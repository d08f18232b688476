/*
 * Who publishes. A client does, by a SEND on its session. A program behind the gateway
 * may, too: a sender needs no session.
 */
#ifndef GATEWAY_BROKER_SENDER_H
#define GATEWAY_BROKER_SENDER_H

#include "protocol/slice.h"

struct identity;
struct participant;

enum sender_kind {
	SENDER_CLIENT,
	SENDER_CONSOLE, /* on the operators' endpoint: it may also ask services */
	SENDER_PROGRAM, /* behind the gateway: broker.client_send does not bind it */
};

/* All is borrowed. */
struct sender {
	enum sender_kind kind;
	const struct identity *identity; /* NULL: nobody has logged in */
	struct slice label;              /* of its session; empty: none */
};

/* The participant, which has a session, as a sender. */
struct sender sender_of(const struct participant *participant);

#endif
