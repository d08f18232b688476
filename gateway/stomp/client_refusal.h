/*
 * The one rule for what becomes of something that a STOMP client is refused. Whatever
 * can refuse (the parser, the broker, a home, later rules and applications) names a
 * kind of refusal.h and comes through client_refuse(); www/docs/stomp.md has the same
 * table.
 *
 *                    broker.deny strict   soft, and subscribed      soft, and not
 *                                         to /user/queue/errors     subscribed to it
 *   malformed        ERROR and close      ERROR and close           ERROR and close
 *   denied           ERROR and close      MESSAGE there             ERROR and close
 *   failed           see soft             MESSAGE there             nothing is sent
 *
 * Before CONNECTED everything is ERROR and close. Always: what was asked for has not
 * happened, its RECEIPT never comes, and a log line and a counter name it. The answer
 * has the receipt-id that was asked for, and of what is denied or has failed the
 * denied-destination.
 */
#ifndef GATEWAY_STOMP_CLIENT_REFUSAL_H
#define GATEWAY_STOMP_CLIENT_REFUSAL_H

#include "gateway/worker/refusal.h"
#include "protocol/stomp.h"

struct broker_refusal;
struct client;

enum client_answer {
	CLIENT_ANSWER_ERROR,   /* and the conversation ends */
	CLIENT_ANSWER_MESSAGE, /* at /user/queue/errors, and it goes on */
	CLIENT_ANSWER_NONE,    /* it goes on */
};

/*
 * What a client gets for a refusal: the table above as a function. `is_soft`:
 * broker.deny is "soft"; `has_errors`: the client subscribes to /user/queue/errors.
 */
enum client_answer client_answer_to(
	enum refusal_class class, bool is_connected, bool is_soft, bool has_errors);

/* Everything is borrowed; what is zeroed is not said. */
struct client_refusal {
	enum refusal_kind kind;
	struct slice what, value; /* refusal.h */
	bool is_of_connect;
	struct slice hint;
	struct slice receipt;     /* that the frame asked for */
	struct slice destination; /* for denied-destination */
};

/*
 * Refuses something: counts and logs it, and answers by client_answer_to(). Does
 * nothing once the conversation has ended, which this call may do.
 */
void client_refuse(struct client *client, const struct client_refusal *refusal);

/*
 * Refuses a frame as the broker has refused it: an ERROR, a message to
 * /user/queue/errors, or nothing, by client_answer_to().
 */
void client_refuse_frame(struct client *client, const struct stomp_frame *frame,
	const struct broker_refusal *refusal);

/*
 * As client_refuse_frame(), for a frame that was taken first and is refused by its home
 * later. Its receipt is cancelled.
 */
void client_refuse_request(
	struct client *client, uint64_t request, const struct broker_refusal *refusal);

/* client_fault.c: what the parser cannot read, and what does not come. */

/*
 * The parser has said BAD: sends the ERROR with what the parser knows of the fault, and
 * ends the client.
 */
void client_refuse_fault(struct client *client);

/*
 * Ends a client whose CONNECT or heart-beat has not come in time, with an ERROR that
 * says so. Part of a frame may have come.
 */
void client_refuse_lateness(struct client *client, enum refusal_kind kind);

#endif
