/*
 * The console's services: a page that watches the gateway asks for them by a SEND below
 * /admin with a reply-to, and gets its answer as JSON. Nothing is gathered while nobody
 * asks. Only sessions of the admin listener's endpoint may.
 *
 *   /admin/overview       how much there is of everything
 *   /admin/sessions       those that match {"search": ...}, {"most": ...} at most, and
 *                         no more than the asker's queue can well take
 *   /admin/session        one of them, {"session": label}, with its subscriptions
 *   /admin/destinations   the same of topics and queues
 *   /admin/kick           ends the session {"session": label}
 *   /admin/trace          tells of that session's frames for some seconds (trace.h)
 */
#ifndef GATEWAY_CONSOLE_CONSOLE_H
#define GATEWAY_CONSOLE_CONSOLE_H

#include "gateway/broker/broker.h"
#include "gateway/broker/destination.h"
#include "gateway/broker/service.h"

#include <jansson.h>

/*
 * A SEND below /admin. Refused when no service has that path, the body is no JSON
 * object, it stands in a transaction, or has no reply-to /temp-queue/... The answer
 * comes later, from any worker.
 */
extern const struct service console_service;

/*
 * Where an answer goes: the reply queue of the client that has asked. Whoever keeps it
 * frees the target.
 */
struct console_reply {
	struct target target;
	struct slice about; /* a constant: what was asked */
};

/*
 * Takes over the answer and sends it to the reply queue. From any worker; the client
 * that asked may be gone.
 */
void console_answer(
	struct broker *broker, const struct console_reply *reply, json_t *answer);

/* console_gather.c: what one worker knows of. */
struct question {
	struct slice search;  /* in any text of a row; empty: all */
	struct slice session; /* a label */
	size_t most;          /* rows, */
	size_t most_bytes;    /* and bytes of them, about */
	const struct console_reply *reply;
};

struct finding {
	json_t *rows; /* an array */
	size_t bytes; /* of them */
	bool is_full; /* no more rows; they are counted only */
	uint64_t total;
};

/*
 * Takes over the row and appends it. Drops it when the finding has `most` rows or
 * `most_bytes` bytes: then it is full, and stays so.
 */
void finding_append(
	struct finding *finding, json_t *row, size_t most, size_t most_bytes);

/* console_looks.c: looks on a worker; on each of them for one question. */
typedef void console_look(struct worker *worker, const struct question *question,
	struct finding *finding);

/*
 * Asks all workers by `look`, and answers the client when every worker has replied.
 * `asked` is the JSON object that the client has sent. Takes over what `reply` has.
 */
void console_gather(struct broker *broker, struct console_reply *reply,
	const json_t *asked, console_look *look);

console_look console_look_sessions, console_look_session, console_look_destinations,
	console_look_kick, console_look_trace;

#endif
