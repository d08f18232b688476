/* The login that the opening request of a session has shown. */
#include "gateway/session/session_internal.h"

#include "protocol/xmalloc.h"

#include <stdlib.h>

/* Owns the texts of `peer`. */
struct session_shown {
	struct peer peer;
	char text[];
};

void session_keep_shown(struct session *session, const struct peer *peer)
{
	const size_t size = peer->user.len + peer->groups.len + peer->token.len;

	if (size == 0)
		return;
	struct session_shown *shown = xcalloc(1, sizeof(*shown) + size);
	char *at = shown->text;
	shown->peer.user = slice_copy_out(&at, peer->user);
	shown->peer.groups = slice_copy_out(&at, peer->groups);
	shown->peer.token = slice_copy_out(&at, peer->token);
	session->shown = shown;
}

const struct peer *session_shown(const struct session *session)
{
	return session->shown == NULL ? NULL : &session->shown->peer;
}

void session_hide_token(struct session *session)
{
	struct session_shown *shown = session->shown;

	if (shown == NULL || shown->peer.token.len == 0)
		return;
	explicit_bzero(shown->text + shown->peer.user.len + shown->peer.groups.len,
		shown->peer.token.len);
	shown->peer.token = SLICE("");
}

bool session_user_admits(const struct session *session, const struct peer *peer)
{
	const struct slice user =
		session->shown == NULL ? SLICE("") : session->shown->peer.user;

	return slice_equal(user, peer->user);
}

void session_forget_shown(struct session *session)
{
	session_hide_token(session);
	free(session->shown);
}
