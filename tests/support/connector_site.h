/*
 * A connector and its owner, for test_connector.c and test_connector_names.c. The
 * fixture of their cases is connector_site_setup() and connector_site_teardown().
 */
#ifndef TESTS_SUPPORT_CONNECTOR_SITE_H
#define TESTS_SUPPORT_CONNECTOR_SITE_H

#include "gateway/base/connector.h"
#include "gateway/base/loop.h"
#include "protocol/buf.h"

#include <stdbool.h>

enum { PATIENCE = 600000 }; /* the deadline: no test reaches it by waiting */

struct connector_site {
	struct loop *loop;
	struct connector *connector; /* NULL: there is none */
	struct buf told;             /* "connected", or why not, a blank after each */
	int fd;                      /* of the last connection; -1: none is open */
	uint64_t draw;               /* each random number; 0 waits a quarter less */
	void (*then)(void);          /* what a callback does last */
	bool is_awaiting;
	int descriptors; /* that are open without a test */
};

extern struct connector_site connector_site;

void connector_site_setup(void);

/* Fails the test if a descriptor is left but connector_site.fd, which it closes. */
void connector_site_teardown(void);

/* All but the servers. Waits are from 100 to 1000 ms. */
struct connector_settings connector_site_settings(void);

/* A connector for these servers; a NULL ends the list. */
void connector_site_make(const char *const *servers);
void connector_site_make_for(const char *server);

/* Begins an attempt and sees that it takes its time. */
void connector_site_begin(void);

/* Runs the loop until the connector has said something. */
void connector_site_await(void);

/* Begins an attempt and sees it end. */
void connector_site_connect(void);

/* Closes the connection that was made last. */
void connector_site_hang_up(void);

/* The two ways to end a connector: cancel it, or destroy it. */
extern void (*const connector_site_ends[2])(void);

/* Sees that nothing is told, whatever time passes. */
void connector_site_expect_nothing(void);

/* Compares what was told since the last time with printf()'s output. */
void assert_told(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
