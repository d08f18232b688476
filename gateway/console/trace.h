/*
 * A trace reports the frames of one session to the console, and why one was refused,
 * with the rule that denies it. It ends by itself some seconds after the last request.
 * Long texts are cut. Values of headers are hidden that look like tokens, or whose
 * names look like a secret's (secret.h); bodies are shown. Of a very busy session it
 * reports a part, with the number of skipped frames.
 */
#ifndef GATEWAY_CONSOLE_TRACE_H
#define GATEWAY_CONSOLE_TRACE_H

struct console_reply;
struct session;
struct tap;

/*
 * Makes a tap that reports frames to `reply`, which is copied, for some seconds. Pass
 * it to session_set_tap(), which takes it over. It continues the numbers of the
 * session's present trace.
 */
struct tap *trace_create(
	const struct console_reply *reply, const struct session *session);

#endif
