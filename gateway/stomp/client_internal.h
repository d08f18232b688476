/*
 * What the files of the STOMP conversation share; nobody else includes it. client.c is
 * its life: bytes in, frames and receipts out, and its end; client_connect.c begins
 * it, client_commands.c obeys, client_refusal.h refuses, client_beat.c watches the
 * time.
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

	/* Frames that came behind one that is not done yet wait, if `waiting`. */
	struct buf kept;
	struct task resume;

	struct connecting *connecting; /* NULL: no login is being checked */

	/* One timer: the first frame until CONNECT, heart-beats from then on. */
	struct timer timer;
	uint32_t beat_every;   /* ms; 0: we send none */
	uint32_t expect_every; /* ms; 0: we expect none */
	uint64_t silent_since; /* its sign of life that the probes follow */
	uint8_t probes;        /* how often it was probed since */
	bool spoken;           /* something came since it was connected */
	bool waiting;
	struct utf8_joiner joiner; /* of its text messages */
};

/* The broker of the worker where the client lives; it reaches all destinations. */
static inline struct broker *client_broker(const struct client *client)
{
	return client->worker->broker;
}

/*
 * The latest configuration, which a reload may replace between two frames: do not keep
 * it.
 */
static inline const struct config *client_config(const struct client *client)
{
	return client->worker->config;
}

/* client.c */

/*
 * Queues a copy of the frame, which is one of that command, and empties the buf by
 * buf_finish().
 */
void client_write(struct client *client, enum stomp_command command, struct buf *frame);

/* The conversation is over; the session closes when what was said has left. */
void client_end(struct client *client, enum ending ending);

/*
 * If the frame asks for a receipt, that receipt leaves when `answers` answers to
 * `request` have come; with 0 it leaves immediately, or after the receipts before it.
 */
void client_expect(struct client *client, const struct stomp_frame *frame,
	uint64_t request, size_t answers);

/*
 * Sends the receipts that are due, in the order of asking. After a DISCONNECT the last
 * one ends the client.
 */
void client_flush_receipts(struct client *client);

/* The value of the frame's receipt header, or empty. Borrowed from the frame. */
struct slice frame_receipt(const struct stomp_frame *frame);

/*
 * Pauses the session: the frames that come after this one are kept, unparsed, until
 * client_resume_later().
 */
void client_wait(struct client *client);

/*
 * Ends client_wait(). The kept frames run at the end of the turn, not within this call.
 * Does nothing if nothing waits.
 */
void client_resume_later(struct client *client);

/* client_connect.c */

/*
 * The limits for the parser. Before CONNECT a frame may be limits.connect_frame bytes
 * long, afterwards limits.frame.
 */
struct stomp_limits client_limits(const struct client *client, bool connected);

/*
 * CONNECT or STOMP: chooses the version and the heart-beats, then answers CONNECTED, an
 * ERROR, or, if users are configured, waits for the password's check.
 */
void client_connect(struct client *client, const struct stomp_frame *frame);

/*
 * The participant's logged_in(): the password was checked on another thread, and the
 * session has not ended meanwhile.
 */
void client_logged_in(struct participant *participant, enum login_verdict verdict);

/*
 * Frees what was kept of CONNECT for the check. Does nothing when no check was under
 * way.
 */
void client_forget_login(struct client *client);

/* client_commands.c */

/*
 * Takes one whole frame of the peer: counts it, shows it to a tap, and does what its
 * command says. May end the client.
 */
void client_dispatch(struct client *client, const struct stomp_frame *frame);

/*
 * client_beat.c: sets the timer to what is due next: CONNECT, a heart-beat, or a sign
 * of life. Signs of life and what is sent do not move the timer; client_on_timer()
 * looks again.
 */
void client_reschedule(struct client *client);

/*
 * The timer's fire(): refuses a client that is late, probes one that is silent, sends a
 * heart-beat where nothing else was sent.
 */
void client_on_timer(struct timer *timer);

#endif
