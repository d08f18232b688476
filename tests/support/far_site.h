/*
 * Two engines beside each other: the fake engine owns what begins with /topic/far/ and
 * /queue/far/, the memory engine the rest. Two clients, at different workers if there
 * are several.
 */
#ifndef TESTS_SUPPORT_FAR_SITE_H
#define TESTS_SUPPORT_FAR_SITE_H

#include "tests/support/fake_engine.h"
#include "tests/support/still_workers.h"
#include "tests/support/stomp_peer.h"

struct far_site {
	struct workers *workers;
	struct stomp_peer *peer, *reader;
};

extern struct far_site far_site;

/* Each request to the fake engine, and each answer, takes a turn. */
void far_site_begin(const char *members);

/* The same, with other shares. */
void far_site_begin_with(const struct engine_share *shares, const char *members);
void far_site_end(void);

/* The fake engine is there again, and all that was under way arrives. */
void far_site_come_back(void);

/* The peer's session ends as when its connection breaks. Nothing runs yet. */
void far_site_lose(struct stomp_peer *peer);

/* The ack id of the next MESSAGE that the peer gets; valid until the next call. */
const char *far_site_next_ack(struct stomp_peer *peer);

/* Acknowledges it, by a frame of that command with these other headers. */
void far_site_settle(struct stomp_peer *peer, const char *command, const char *headers);

/* Transactions of the peer. */

/* BEGIN of the transaction "t", and a SEND within it. */
void far_site_open(void);
void far_site_add(const char *destination, const char *body);

/*
 * BEGIN and all frames but the COMMIT: for a topic and a queue of each engine, which
 * the reader subscribes to after far_site_listen().
 */
void far_site_open_mixed(void);
void far_site_listen(void);

/* Whether the reader has got all of each engine since the last time, or nothing. */
void far_site_check_got(bool is_near, bool is_far);

/*
 * A topic, perhaps a queue, and a queue of the fake engine. Without the first queue the
 * memory engine reserves within the call.
 */
void far_site_open_queues(bool has_queue);

/*
 * The reader has got nothing, and the queues have the room of limits.backlog_messages,
 * 3. Ends the reader's subscriptions.
 */
void far_site_check_nothing(void);

/* How many messages more the queue takes. It is full afterwards. */
unsigned far_site_room(const char *queue);

#endif
