/* The names of SUBSCRIBEs that were refused while their session went on. */
#ifndef GATEWAY_BROKER_REFUSED_H
#define GATEWAY_BROKER_REFUSED_H

#include "protocol/slice.h"

struct broker;
struct participant;

/*
 * Remembers a copy of the id of a SUBSCRIBE that was refused while the session went on,
 * or of its destination if it had no id, so that its UNSUBSCRIBE is no mistake. With
 * limits.subscriptions of them the oldest is forgotten.
 */
void refused_remember(struct broker *broker, struct participant *participant,
	const struct slice *id, struct slice destination);

/*
 * Forgets the refused SUBSCRIBE of that id or, if `id` is NULL, of that destination.
 * True when it was remembered: then the UNSUBSCRIBE is no mistake.
 */
bool refused_forget(struct participant *participant, const struct slice *id,
	const struct slice *destination);

/* When the session ends: forgets all refused SUBSCRIBEs of the participant. */
void refused_drop(struct participant *participant);

#endif
