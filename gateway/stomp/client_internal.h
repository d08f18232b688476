/*
 * Shared by the files of the STOMP conversation only. client.c has its life: input,
 * frames, receipts and the end. client_connect.c begins it, client_commands.c runs
 * commands, client_refusal.h refuses, client_beat.c watches the time.
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
	bool hung_up;       /* no more input; the same, after the kept frames */
	bool ended;
	uint64_t requests; /* numbers the requests to homes */
	struct receipts receipts;

	/* The frames after an unfinished one wait here, if `waiting`. */
	struct buf kept;
	struct task resume;

	struct connecting *connecting; /* NULL: no login check under way */

	/* One timer: for the first frame until CONNECT, then for heart-beats. */
	struct timer timer;
	uint32_t beat_every;   /* ms; 0: send none */
	uint32_t expect_every; /* ms; 0: expect none */
	uint64_t silent_since; /* the sign of life before the probes */
	uint8_t probes;        /* how often it was probed since */
	bool spoken;           /* received something since CONNECTED */
	bool waiting;
	struct utf8_joiner joiner; /* of its text messages */
};

/* The broker of the client's worker; it reaches all destinations. */
static inline struct broker *client_broker(const struct client *client)
{
	return client->worker->broker;
}

/*
 * The latest configuration. A reload may replace it between two frames: do not keep
 * it.
 */
static inline const struct config *client_config(const struct client *client)
{
	return client->worker->config;
}

/* client.c */

/*
 * Queues a copy of the frame, which has that command, and empties the buf by
 * buf_finish().
 */
void client_write(struct client *client, enum stomp_command command, struct buf *frame);

/* Ends the conversation; the session closes when the queued output has left. */
void client_end(struct client *client, enum ending ending);

/*
 * If the frame asks for a receipt, sends it after `answers` answers to `request`; with
 * 0 immediately, or after the receipts before it.
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
 * Pauses the session: the frames after this one are kept, unparsed, until
 * client_resume_later().
 */
void client_wait(struct client *client);

/*
 * Ends client_wait(). The kept frames run at the end of the turn, not within this
 * call. Does nothing if no frame waits.
 */
void client_resume_later(struct client *client);

/* client_connect.c */

/*
 * The limits for the parser. Before CONNECT a frame may be limits.connect_frame bytes
 * long, afterwards limits.frame.
 */
struct stomp_limits client_limits(const struct client *client, bool connected);

/*
 * CONNECT or STOMP: chooses the version and the heart-beats, then answers CONNECTED or
 * an ERROR. If users are configured, it waits for the check of the password first.
 */
void client_connect(struct client *client, const struct stomp_frame *frame);

/*
 * The participant's logged_in(): another thread has checked the password, and the
 * session still exists.
 */
void client_logged_in(struct participant *participant, enum login_verdict verdict);

/*
 * Frees the data of CONNECT that was kept for the check. Does nothing without a check.
 */
void client_forget_login(struct client *client);

/* client_commands.c */

/*
 * Takes one whole frame of the peer: counts it, shows it to the tap, and runs its
 * command. May end the client.
 */
void client_dispatch(struct client *client, const struct stomp_frame *frame);

/*
 * client_beat.c: sets the timer to the next deadline: CONNECT, a heart-beat, or a sign
 * of life. Input and output do not move the timer; client_on_timer() looks again.
 */
void client_reschedule(struct client *client);

/*
 * The timer's fire(): refuses a client that is late, probes one that is silent, sends
 * a heart-beat if nothing else was sent.
 */
void client_on_timer(struct timer *timer);

#endif
