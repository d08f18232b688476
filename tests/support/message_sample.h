/*
 * Messages to /topic/a:b, and their expected form at a receiver, for test_message.c
 * and test_message_headers.c. The cases of both use sample_setup() and
 * sample_teardown().
 */
#ifndef TESTS_SUPPORT_MESSAGE_SAMPLE_H
#define TESTS_SUPPORT_MESSAGE_SAMPLE_H

#include "gateway/session/message.h"

/* Where a test interns the names of subscriptions, and unrefs each. */
extern struct names sample_names;

void sample_setup(void);
void sample_teardown(void);

/*
 * A message with one header (or none, when `name` is NULL), at place 1a-5. The caller
 * has its only reference.
 */
struct message *sample_message(const char *name, const char *value, struct slice body);

/* The beginning of its rendering for a receiver that has not named its subscription. */
#define SAMPLE_HEAD_1_0 "MESSAGE\nmessage-id:1a-5\ndestination:/topic/a:b\n"
#define SAMPLE_HEAD_1_2 "MESSAGE\nmessage-id:1a-5\ndestination:/topic/a\\cb\n"

/* Fails the test unless such a receiver gets exactly these bytes. */
void sample_check(struct message *message, enum stomp_version version, enum wire wire,
	struct slice expected);

#endif
