/*
 * The headers by which a route with "identify" tells workers who has sent a message:
 * x-postern-user, -groups, -session and -destination, and a reply-to that leads to the
 * one session. Clients cannot forge them: message.c passes no header of such a name on.
 */
#ifndef GATEWAY_BROKER_SENDER_HEADERS_H
#define GATEWAY_BROKER_SENDER_HEADERS_H

#include "gateway/broker/send.h"

enum { SENDER_HEADERS_MAX = 5 };

struct sender_headers {
	struct stomp_header items[SENDER_HEADERS_MAX];
	size_t count;
	size_t for_few; /* more, after those: the reply-to, which topics do not carry */
	struct buf groups, reply_to; /* private: the bytes of two of them */
};

/*
 * Fills in the headers for a frame of that publication. A sender without a name has no
 * x-postern-user, and one without a session none of the others but the destination.
 * With a reply-to of its own it keeps that. Borrows the sender's texts and the frame's.
 */
void sender_headers_init(struct sender_headers *headers,
	const struct publication *publication, const struct stomp_frame *frame);
void sender_headers_finish(struct sender_headers *headers);

#endif
