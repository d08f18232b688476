/*
 * A trace tells the console of the frames of one session, as long as it is asked for:
 * it ends by itself some seconds after the last question. Long texts are cut, the values of
 * headers that look like secrets are hidden, and a session that says very much is told
 * of in part, with the number of frames that were skipped.
 */
#ifndef GATEWAY_CONSOLE_TRACE_H
#define GATEWAY_CONSOLE_TRACE_H

#include "gateway/session/outbound.h"
#include "protocol/stomp.h"

struct console_reply;
struct session;
struct trace;

/* Copies what it keeps. It belongs to the session (session_trace()). */
struct trace *trace_create(
	const struct console_reply *reply, const struct session *session);
void trace_destroy(struct trace *trace); /* NULL is fine */

/* The client has sent a frame of that many bytes of body. */
void trace_frame(struct trace *trace, const struct session *session,
	const struct stomp_frame *frame);

/* Something was queued for it. */
void trace_delivery(struct trace *trace, const struct session *session,
	const struct delivery *delivery);

#endif
