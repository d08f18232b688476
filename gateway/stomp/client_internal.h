/*
 * What the files of the STOMP conversation share; nobody else includes it. client.c is
 * its life: bytes in, frames and receipts out, and its end; client_connect.c begins
 * it, client_commands.c obeys, client_refusal.h refuses, client_beat.c watches the time.
 */
#ifndef GATEWAY_STOMP_CLIENT_INTERNAL_H
#define GATEWAY_STOMP_CLIENT_INTERNAL_H

#include "gateway/broker/broker.h"
#include "gateway/config/config.h"
#include "gateway/session/session.h"
#include "gateway/stomp/receipts.h"
#include "protocol/utf8.h"

struct connecting;

struct client {
	struct session *session;
	struct worker *worker;
	struct participant participant;
	struct stomp_parser *parser;
	enum stomp_version version;
	bool connected;
	bool disconnecting; /* DISCONNECT came: closes after the last receipt */
	bool hung_up; /* no more will come; the same, once what was kept is heard */
	bool ended;
	uint64_t requests; /* numbers what homes will answer */
	struct receipts receipts;

	/* Frames that came behind one that is not done yet wait. */
	bool waiting;
	struct buf kept;
	struct task resume;

	struct connecting *connecting; /* NULL: no login is being checked */

	/* One timer: the first frame until CONNECT, heart-beats from then on. */
	struct timer timer;
	uint32_t beat_every;       /* ms; 0: we send none */
	uint32_t expect_every;     /* ms; 0: we expect none */
	uint64_t silent_since;     /* its sign of life that the probes follow */
	uint8_t probes;            /* how often it was probed since */
	bool spoken;               /* something came since it was connected */
	struct utf8_joiner joiner; /* of its text messages */
};

static inline struct broker *client_broker(const struct client *client)
{
	return client->worker->broker;
}

static inline const struct config *client_config(const struct client *client)
{
	return client->worker->config;
}

/* client.c */

/* Sends the frame, which is one of that command, and frees the buf. */
void client_write(struct client *client, enum stomp_command command, struct buf *frame);

/* The conversation is over; the session closes when what was said has left. */
void client_end(struct client *client, enum ending ending);

/* The frame's receipt, if it asked for one, leaves after that many answers. */
void client_expect(struct client *client, const struct stomp_frame *frame,
	uint64_t request, size_t answers);
void client_flush_receipts(struct client *client);

/* What the frame asked for, or empty. */
struct slice frame_receipt(const struct stomp_frame *frame);

/* Frames are kept until client_resume_later(). */
void client_wait(struct client *client);
void client_resume_later(struct client *client);

/* client_connect.c */
struct stomp_limits client_limits(const struct client *client, bool connected);
void client_connect(struct client *client, const struct stomp_frame *frame);
void client_logged_in(struct participant *participant, bool good); /* participant.h */
void client_forget_login(struct client *client);

/* client_commands.c */
void client_dispatch(struct client *client, const struct stomp_frame *frame);

/* client_beat.c: sets the timer to what is due next; and the timer's fire(). The timer is
 * set lazily: signs of life and what is sent move nothing. */
void client_reschedule(struct client *client);
void client_on_timer(struct timer *timer);

#endif
