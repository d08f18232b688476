/* The names of SUBSCRIBEs that were refused while their session continued. */
#ifndef GATEWAY_BROKER_REFUSED_H
#define GATEWAY_BROKER_REFUSED_H

#include "protocol/slice.h"

struct broker;
struct participant;

/*
 * Remembers the id of a refused SUBSCRIBE, or its destination if it had no id, so that
 * the later UNSUBSCRIBE is no mistake: 8 bytes of it, which the session is charged. If
 * limits.subscriptions are remembered already, or there is no memory for more, forgets
 * the oldest.
 */
void refused_remember(struct broker *broker, struct participant *participant,
	const struct slice *id, struct slice destination);

/*
 * Forgets the refused SUBSCRIBE of that id or, if `id` is NULL, of that destination.
 * True when it was remembered: the UNSUBSCRIBE is then no mistake.
 */
bool refused_forget(struct broker *broker, struct participant *participant,
	const struct slice *id, const struct slice *destination);

/* The session ends: forgets all refused SUBSCRIBEs of the participant. */
void refused_drop(struct participant *participant);

#endif
