/*
 * A SockJS transport is a description: how one frame is written into a response (a
 * downlink), or how a request brings messages (an uplink). To add one, write a file
 * like eventsource.c and add a line to the list in gateway/worker/transport.h.
 */
#ifndef TRANSPORTS_SOCKJS_LINK_H
#define TRANSPORTS_SOCKJS_LINK_H

#include "gateway/session/message.h"
#include "gateway/worker/metrics.h"
#include "protocol/buf.h"
#include "protocol/sockjs.h"

/* Links of different families never share a session. */
enum link_family {
	FAMILY_NONE, /* a description without a family: a bug of ours */
	FAMILY_XHR,
	FAMILY_JSONP, /* any page can load it: only for open endpoints */
};

struct downlink {
	struct slice path; /* the last segment of the URL */
	const char *method;
	const char *content_type;
	enum wire wire; /* the form of messages inside a frame */
	bool streams;   /* many frames in one response; else one, then the end */
	bool at_once;   /* never waits: with nothing queued it sends h */
	bool calls;     /* the response is a script that calls the parameter c */
	enum link_family family;
	enum transport transport; /* of its sessions; each link has its own */
	enum request_kind kind;   /* the same */

	/* Streams begin with this; it is sent as a chunk of its own. */
	void (*begin)(struct buf *body, struct slice callback);

	/* The text before and after each frame (o, h, a[...], c[...]). */
	struct slice before, after;
	struct slice called; /* after `before` and the parameter c; else empty */
};

struct uplink {
	struct slice path;
	enum request_kind kind;

	enum link_family family;

	/*
	 * Finds the messages in a request's body. `form`: its Content-Type is a
	 * form's; `most` as in sockjs_decode(). One byte of text becomes `inflation`
	 * bytes at most.
	 */
	enum sockjs_decode (*decode)(struct sockjs_messages *messages,
		struct slice body, bool form, size_t most);
	unsigned inflation;

	/* The status of the answer when the messages are taken. */
	unsigned status;
	const char *content_type;
	struct slice answer;
};

/*
 * eventsource_downlink, xhr_send_uplink and so on, each in the file of its transport.
 */
#define DOWNLINK(NAME, name) extern const struct downlink name##_downlink;
#define UPLINK(NAME, name)   extern const struct uplink name##_uplink;
TRANSPORT_LIST(TRANSPORT_SKIP, DOWNLINK, UPLINK)
#undef DOWNLINK
#undef UPLINK

/*
 * The transport that carries messages to the client under that last segment of a URL,
 * with case; NULL when there is none.
 */
const struct downlink *downlink_find(struct slice path);

/* As downlink_find(), for the transports that bring messages. */
const struct uplink *uplink_find(struct slice path);

/*
 * Appends to *body the text before a frame in a response of that link. link->after
 * follows the frame.
 */
void downlink_begin_frame(
	const struct downlink *link, struct slice callback, struct buf *body);

#endif
