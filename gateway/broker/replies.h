/*
 * The address by which a program answers to one session: /reply-queue/TOKEN, which a
 * route with "identify" puts into the reply-to of what it sends. What is sent there
 * reaches the session's own /user/queue/replies, and no other session of the user.
 *
 * A token names the session by its number, and has a tag that only its worker can make.
 * So nobody guesses one, and a session keeps nothing for it.
 */
#ifndef GATEWAY_BROKER_REPLIES_H
#define GATEWAY_BROKER_REPLIES_H

#include "gateway/base/registry.h"
#include "protocol/buf.h"

#include <stdbool.h>

struct broker;
struct message;

/* The secret of one worker's tokens: a key for each half of a tag. */
struct reply_keys {
	struct hash_key halves[2];
};

/* Makes a random secret. */
void reply_keys_init(struct reply_keys *keys);

/* Appends /reply-queue/ and the token of that participant of this worker. */
void replies_append(
	const struct broker *broker, struct handle participant, struct buf *out);

/* Whether the part of a token after its worker has the form of such a token. */
bool replies_is_token(struct slice rest);

/* Appends the address of such a token. No client can name it. */
void replies_append_address(struct slice token, struct buf *address);

/* Whether the address is one of replies_append_address(). */
bool replies_is_address(struct slice address);

/*
 * Runs at the token's worker: delivers the message to the /user/queue/replies of the
 * session. Drops it if the tag is wrong, the session has ended, or it does not
 * subscribe there.
 */
void replies_deliver(struct broker *broker, struct message *message);

/* Where answers arrive. */
struct slice replies_destination(void);

#endif
