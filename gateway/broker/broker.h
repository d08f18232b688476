/*
 * The broker routes what clients say to the homes of destinations and back. A
 * destination's prefix decides: a broker prefix is a topic, an application
 * prefix is a route of the configuration.
 *
 * Everything is asynchronous: homes are reached by posts, and answer by posts
 * to the party. A party's requests are answered in the order in which it asked
 * one home; a request to several homes is answered by each.
 */
#ifndef GATEWAY_BROKER_BROKER_H
#define GATEWAY_BROKER_BROKER_H

#include "gateway/broker/party.h"
#include "gateway/worker.h"
#include "protocol/stomp.h"

struct broker;
struct subscription;

/* `workers` is how many the crew will have. */
struct broker *broker_create(struct worker *worker, unsigned workers);
void broker_destroy(struct broker *broker); /* no party may be left */

/* The party's session and answer are set. It may be freed after broker_leave(). */
void broker_enter(struct broker *broker, struct party *party);

/* Ends its subscriptions; what is on its way to it will be dropped. */
void broker_leave(struct broker *broker, struct party *party);

/*
 * Subscribes under the subscription's id, or without one (STOMP 1.0) when it is
 * NULL. Messages that the home takes after its answer are delivered. False, with
 * a sentence for the client in *error, when it is refused right here.
 */
bool broker_subscribe(struct broker *broker, struct party *party,
	const struct stomp_frame *frame, enum stomp_version version, uint64_t request,
	struct buf *error);

/*
 * Ends the subscription of that id (or, when it is NULL, of that destination) at
 * once: nothing of it is queued any more. False when there is none.
 */
bool broker_unsubscribe(struct broker *broker, struct party *party,
	const struct slice *id, const struct slice *destination);

/*
 * Sends a SEND frame where its destination says. *answers is how many homes
 * will answer `request`. False, with a sentence in *error, when it is refused
 * right here; then nothing was sent.
 */
bool broker_send(struct broker *broker, struct party *party,
	const struct stomp_frame *frame, uint64_t request, size_t *answers,
	struct buf *error);

#endif
