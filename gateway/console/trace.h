/*
 * A trace tells the console of the frames of one session, as long as it is asked for:
 * it ends by itself some seconds after the last question. Long texts are cut, the
 * values of headers that look like secrets are hidden, and a session that says very
 * much is told of in part, with the number of frames that were skipped.
 */
#ifndef GATEWAY_CONSOLE_TRACE_H
#define GATEWAY_CONSOLE_TRACE_H

struct console_reply;
struct session;
struct tap;

/*
 * Makes a tap that reports frames to `reply`, which is copied, for some seconds. For
 * session_set_tap(), which takes it over. It continues the numbers of a trace that the
 * session has already.
 */
struct tap *trace_create(
	const struct console_reply *reply, const struct session *session);

#endif
