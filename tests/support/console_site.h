/*
 * A console that watches some workers, and a STOMP client to watch, for test_console.c
 * and test_console_trace.c.
 */
#ifndef TESTS_SUPPORT_CONSOLE_SITE_H
#define TESTS_SUPPORT_CONSOLE_SITE_H

#include "gateway/console/console.h"
#include "tests/support/stomp_peer.h"

#include <jansson.h>

struct console_site {
	struct worker *worker;      /* the first one */
	struct stomp_peer *watcher; /* the console, at that worker */
	struct stomp_peer *peer;    /* at the last worker */
};

extern struct console_site console_site;

/*
 * Makes workers by still_workers_create(members), and connects both. Such a test needs
 * the tag "workers".
 */
void console_site_begin(const char *members);
void console_site_end(void);

/* The console asks that service; the body is JSON, or "". */
void console_site_ask(const char *service, const char *body);

/*
 * The body of the only answer from that service since the last call. The caller has
 * its reference. Fails the test if there is none.
 */
json_t *console_site_answer(const char *service);

/* The same for an answer that must have `count` rows; *first is row 0, borrowed. */
json_t *console_site_rows(const char *service, size_t count, json_t **first);

/* A member that must be an integer. */
json_int_t console_site_number(const json_t *json, const char *name);

/* A string member, else "". */
const char *console_site_text(const json_t *json, const char *name);

/* The session's label; it lives until the next call. */
const char *console_site_label(const struct stomp_peer *whom);

#endif
