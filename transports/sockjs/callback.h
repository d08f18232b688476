/*
 * The name of the function that a script or page of SockJS calls with each frame
 * (jsonp, htmlfile): the parameter c, or callback, of the request's query.
 */
#ifndef TRANSPORTS_SOCKJS_CALLBACK_H
#define TRANSPORTS_SOCKJS_CALLBACK_H

#include "gateway/worker/refusal.h"
#include "transports/sockjs/link.h"

enum { CALLBACK_MAX = 32 };

enum callback_verdict {
	CALLBACK_GOOD,
	CALLBACK_MISSING, /* no such parameter, or an empty one */
	CALLBACK_INVALID, /* too long, or not only of letters, digits, - _ . */
};

/*
 * Decodes the callback of `query`, the part of a URL after its "?". It becomes code in
 * a page, so a character that could end the name is refused. With CALLBACK_GOOD,
 * `callback` gets the name and a NUL; else it is unchanged.
 */
enum callback_verdict callback_read(
	struct slice query, char callback[CALLBACK_MAX + 1]);

/*
 * The callback of a request for `link` with that target: empty if the link takes none.
 * False, with *wrong, if it is missing or invalid.
 */
bool callback_take(const struct downlink *link, struct slice target,
	char callback[CALLBACK_MAX + 1], enum refusal_kind *wrong);

#endif
