/*
 * The load generator: clients, each with a dialect (its frames: dialect.h), a carrier
 * (its transport: carrier.h) and a mode (its behaviour).
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include "protocol/sockjs.h"
#include "protocol/stomp.h"
#include "tests/bench/check.h"
#include "tests/bench/histogram.h"
#include "tests/bench/stream.h"
#include "tests/bench/usage.h"

struct load;
struct client;

struct options {
	const struct mode *mode;
	const struct carrier *carrier;
	const struct dialect *dialect;
	const char *path;        /* of the endpoint */
	const char *destination; /* a topic's name is this with its number after it */
	unsigned port, tcp_port;
	struct processes server;
	unsigned clients; /* subscribers, or the mode's other clients */
	unsigned topics;
	unsigned idle;     /* sessions beside them that do nothing */
	unsigned held;     /* subscriptions of each of these, one topic each */
	unsigned window;   /* messages of a publisher under way */
	unsigned rate;     /* messages per second */
	unsigned messages; /* of each publisher, instead of a time; 0: unbounded */
	unsigned size;     /* bytes of a body */
	unsigned at_once;  /* sessions that are being opened */
	double seconds;
};

struct measure {
	struct usage empty, before, after; /* at the start; around the measured time */
	uint64_t begun, ended;
	uint64_t count; /* of the events that the mode counts */
};

struct mode {
	const char *name;
	const char *counts;  /* the unit of load->measure.count */
	bool has_publishers; /* one for each topic, beside the clients */
	bool each_alone;     /* each client has a topic of its own, and publishes */
	bool is_opening;     /* the opening of sessions is measured */
	bool connects_only;  /* sessions do not subscribe */
	bool wants_beats;    /* each session asks for a heart-beat every second */

	/* Each may be NULL. */
	void (*start)(struct load *load); /* all are there */
	void (*turn)(struct load *load);  /* every turn until the time is over */
	void (*heard)(
		struct load *load, struct client *client, const struct stamp *stamp);
};

/* The state of a topic's publisher. */
struct topic {
	struct client *publisher;
	unsigned subscribers;
	uint64_t sent;
	uint64_t done;     /* all subscribers have the messages below */
	unsigned *hearers; /* of each message in the window */
};

struct load {
	const struct options *options;
	struct streams streams;
	struct client *clients; /* idle ones, then subscribers, then publishers */
	size_t client_count, opened, ready;
	struct topic *topics;
	size_t topic_count;
	struct list sending; /* clients whose carrier has input for the dialect */
	struct sockjs_messages messages; /* being read */
	struct stomp_spare spare;        /* of the parsers */
	struct buf body;                 /* of the published messages */
	struct measure measure;
	struct histogram latencies;
	uint64_t due; /* of the next message at a steady rate */
};

struct client {
	struct load *load;
	const struct carrier *carrier;
	void *link; /* the carrier's; NULL: not opened yet */
	unsigned number;
	unsigned topic; /* the first of its topics */
	unsigned held;  /* subscriptions */
	bool subscribes, publishes;
	struct stomp_parser *parser;
	struct check check;
	struct list sending;
};

/* load.c */

/* Runs everything; true when nothing was lost, repeated or out of order. */
bool load_run(struct load *load);

/* A message has come: checks and counts it. */
void client_heard(struct client *client, struct slice body);

/* A heart-beat has come. */
void client_beaten(struct client *client);

/* The client is logged in, and has subscribed if it should. */
void client_ready(struct client *client);

/* No client may be lost: ends the program. */
void client_lost(struct client *client, const char *why) __attribute__((noreturn));

/* Publishes the next message of a topic, unless it was the last. */
void topic_publish_next(struct load *load, struct topic *topic);

/* modes.c */

const struct mode *mode_find(const char *name);

/* report.c */

/* Prints the results: one line of JSON. `sum` is that of all subscribers. */
void report(const struct load *load, const struct check *sum);

#endif
