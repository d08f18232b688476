/* CONNECT and STOMP: versions, heart-beats, and what is answered. */
#include "gateway/client_internal.h"

#include "gateway/log.h"
#include "gateway/login.h"
#include "protocol/heartbeat.h"
#include "protocol/xmalloc.h"

#include <stdio.h>
#include <stdlib.h>

/* The highest version in the list, in whatever order it stands. */
static bool choose_version(const struct slice *offered, enum stomp_version *version)
{
	bool found = false;

	if (offered == NULL) { /* STOMP 1.0 had no such header */
		*version = STOMP_1_0;
		return true;
	}
	for (struct slice rest = *offered; rest.len > 0;) {
		size_t comma = slice_find(rest, ',');
		struct slice one = slice_first(rest, comma);

		while (one.len > 0 && one.data[0] == ' ')
			one = slice_from(one, 1);
		for (int i = STOMP_1_0; i <= STOMP_1_2; i++) {
			enum stomp_version known = (enum stomp_version)i;

			if (slice_equal(one, stomp_version_name(known)) &&
				(!found || known > *version)) {
				*version = known;
				found = true;
			}
		}
		rest = slice_from(rest, comma + 1);
	}
	return found;
}

static void client_write_connected(
	struct client *client, struct heartbeat ours, bool negotiated)
{
	struct buf frame = {0};
	char beats[32];
	int len = snprintf(beats, sizeof(beats), "%u,%u", ours.send, ours.want);

	stomp_write_begin(&frame, STOMP_CONNECTED);
	if (negotiated)
		stomp_write_header_plain(
			&frame, SLICE("version"), stomp_version_name(client->version));
	stomp_write_header_plain(
		&frame, SLICE("heart-beat"), (struct slice){beats, (size_t)len});
	stomp_write_header_plain(
		&frame, SLICE("server"), SLICE("Postern/" POSTERN_VERSION));
	stomp_write_header_plain(
		&frame, SLICE("session"), session_label(client->session));
	/* As Spring says it; who is nobody has no such header. */
	if (client->party.user != NULL)
		stomp_write_header_plain(
			&frame, SLICE("user-name"), name_text(client->party.user));
	stomp_write_end(&frame, SLICE(""));
	client_write(client, STOMP_CONNECTED, &frame);
}

struct stomp_limits client_limits(const struct client *client, bool connected)
{
	const struct limits *limits = &client_config(client)->limits;

	return (struct stomp_limits){connected ? limits->frame : limits->connect_frame,
		limits->headers, limits->header};
}

/* What is agreed on while the login is being checked. */
struct connecting {
	struct heartbeat theirs;
	bool negotiated; /* the client knows of versions */
	struct name *login;
	char receipt[]; /* asked for, against the rules; for an ERROR */
};

void client_forget_login(struct client *client)
{
	if (client->connecting != NULL)
		name_unref(&client->worker->names, client->connecting->login);
	free(client->connecting);
	client->connecting = NULL;
}

/* The client is in. */
static void client_welcome(
	struct client *client, struct heartbeat theirs, bool negotiated)
{
	const struct times *times = &client_config(client)->times;
	const struct heartbeat ours = {
		(uint32_t)times->stomp_send, (uint32_t)times->stomp_want};
	struct stomp_limits limits = client_limits(client, true);

	stomp_parser_set(client->parser, client->version, &limits);
	client->connected = true;
	client_write_connected(client, ours, negotiated);
	client->beat_every = heartbeat_interval(ours, theirs);
	client->expect_every = heartbeat_interval(theirs, ours);
	client_plan(client);
}

void client_logged_in(struct party *party, bool good)
{
	struct client *client = container_of(party, struct client, party);
	struct connecting *connecting = client->connecting;

	if (!good) {
		struct slice login = name_text(connecting->login);

		/* Whoever reads the log must not be fooled by what a stranger wrote. */
		log_warn("session %.*s: bad login of %zu bytes, or its passcode",
			SLICE_ARGS(session_label(client->session)), login.len);
		client_fail(client, slice_of(connecting->receipt),
			SLICE("Bad login or passcode"));
		return;
	}
	party->user = name_ref(connecting->login);
	client_welcome(client, connecting->theirs, connecting->negotiated);
	client_forget_login(client);
	client_go_on(client);
}

/* False, with a sentence in *why, when nobody can be asked. */
static bool client_log_in(struct client *client, const struct stomp_frame *frame,
	struct heartbeat theirs, bool negotiated, struct buf *why)
{
	const struct slice *login = stomp_header(frame, SLICE("login"));
	const struct slice *passcode = stomp_header(frame, SLICE("passcode"));
	const struct slice receipt = frame_receipt(frame);

	if (login == NULL || passcode == NULL) {
		buf_append(why, SLICE("CONNECT needs a login and a passcode"));
		return false;
	}
	if (!login_check(
		    client->worker, client->party.entry.number, *login, *passcode)) {
		buf_append(why, SLICE("Too many logins are being checked"));
		return false;
	}
	client->connecting = xcalloc(1, sizeof(*client->connecting) + receipt.len + 1);
	client->connecting->theirs = theirs;
	client->connecting->negotiated = negotiated;
	client->connecting->login = name_intern(&client->worker->names, *login);
	memcpy(client->connecting->receipt, receipt.data, receipt.len);
	client_wait(client);
	return true;
}

/* Who opens the console must show the token of the admin listener, if it has one. */
static bool client_is_operator(
	const struct client *client, const struct stomp_frame *frame)
{
	const struct slice token = client_config(client)->admin_token;
	const struct slice *passcode = stomp_header(frame, SLICE("passcode"));

	return token.len == 0 ||
	       (passcode != NULL && slice_is_secret(*passcode, token));
}

void client_connect(struct client *client, const struct stomp_frame *frame)
{
	const struct slice *versions = stomp_header(frame, SLICE("accept-version"));
	const struct slice *beats = stomp_header(frame, SLICE("heart-beat"));
	struct heartbeat theirs = {0, 0};
	struct buf why = {0};

	if (client->connected)
		buf_append(&why, SLICE("The client is connected already"));
	else if (!choose_version(versions, &client->version))
		buf_append(&why, SLICE("No version in common"));
	else if (beats != NULL && !heartbeat_parse(*beats, &theirs))
		buf_append(&why, SLICE("The heart-beat header is malformed"));
	else if (session_endpoint(client->session)->is_console) {
		if (client_is_operator(client, frame))
			client_welcome(client, theirs, versions != NULL);
		else
			buf_append(
				&why, SLICE("The token is not the admin listener's"));
	} else if (!login_is_needed(client_config(client)))
		client_welcome(client, theirs, versions != NULL);
	else
		client_log_in(client, frame, theirs, versions != NULL, &why);
	if (why.len > 0)
		client_refuse(client, frame, &why);
}
