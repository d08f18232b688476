/* The names of SUBSCRIBEs that were refused while their session went on. */
#ifndef GATEWAY_BROKER_REFUSED_H
#define GATEWAY_BROKER_REFUSED_H

#include "protocol/slice.h"

struct broker;
struct participant;

/*
 * The id of a SUBSCRIBE that was refused while the session went on, or its
 * destination where it had no id. Its UNSUBSCRIBE is no mistake. At most as many as
 * limits.subscriptions: then the oldest is forgotten.
 */
void refused_remember(struct broker *broker, struct participant *participant,
	const struct slice *id, struct slice destination);

/*
 * Takes that SUBSCRIBE out of the memory. True when it was there: then the UNSUBSCRIBE
 * is no mistake.
 */
bool refused_forget(struct participant *participant, const struct slice *id,
	const struct slice *destination);

/* When the session ends: forgets all of them. */
void refused_drop(struct participant *participant);

#endif
