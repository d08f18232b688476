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

#endif
