/* CONNECT and STOMP: versions, heart-beats, and the answer. */
#include "gateway/stomp/client_internal.h"

#include "gateway/stomp/client_refusal.h"
#include "gateway/stomp/login.h"
#include "protocol/heartbeat.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>

/* The highest version in the list, whatever its order. */
static bool client_choose_version(
	const struct slice *offered, enum stomp_version *version)
{
	bool found = false;

	if (offered == NULL) { /* STOMP 1.0 has no such header */
		*version = STOMP_1_0;
		return true;
	}
	for (struct slice rest = *offered; rest.len > 0;) {
		size_t comma = slice_find(rest, ',');
		const struct slice one =
			slice_trim_front(slice_first(rest, comma), SLICE(" "));

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

static void client_write_beats(struct buf *frame, struct heartbeat ours)
{
	buf_append(frame, SLICE("heart-beat:"));
	buf_append_number(frame, ours.send);
	buf_append_char(frame, ',');
	buf_append_number(frame, ours.want);
	buf_append_char(frame, '\n');
}

static void client_write_connected(
	struct client *client, struct heartbeat ours, bool negotiated)
{
	struct buf frame = {0};

	stomp_write_begin(&frame, STOMP_CONNECTED);
	if (negotiated)
		stomp_write_header_plain(
			&frame, SLICE("version"), stomp_version_name(client->version));
	client_write_beats(&frame, ours);
	stomp_write_header_plain(
		&frame, SLICE("server"), SLICE("Postern/" POSTERN_VERSION));
	stomp_write_header_plain(
		&frame, SLICE("session"), session_label(client->session));
	/* As in Spring: a client without a login gets no such header. */
	if (client->participant.user != NULL)
		stomp_write_header_plain(&frame, SLICE("user-name"),
			name_text(client->participant.user));
	stomp_write_end(&frame, SLICE(""));
	client_write(client, STOMP_CONNECTED, &frame);
}

struct stomp_limits client_limits(const struct client *client, bool connected)
{
	const struct limits *limits = &client_config(client)->limits;

	return (struct stomp_limits){connected ? limits->frame : limits->connect_frame,
		limits->headers, limits->header};
}

/* The results of CONNECT, kept while the login is checked. */
struct connecting {
	struct heartbeat theirs;
	bool negotiated; /* the client sent accept-version */
	struct name *login;
	char receipt[]; /* of a CONNECT that wrongly asks for one; for an ERROR */
};

void client_forget_login(struct client *client)
{
	if (client->connecting != NULL)
		name_unref(&client->worker->names, client->connecting->login);
	free(client->connecting);
	client->connecting = NULL;
}

/* The client is connected. */
static void client_welcome(
	struct client *client, struct heartbeat theirs, bool negotiated)
{
	const struct times *times = &client_config(client)->times;
	const struct heartbeat ours = {
		heartbeat_offer((uint32_t)times->stomp_send,
			(uint32_t)times->stomp_send_least, theirs.want),
		(uint32_t)times->stomp_want};
	struct stomp_limits limits = client_limits(client, true);

	stomp_parser_set(client->parser, client->version, &limits);
	client->connected = true;
	client_write_connected(client, ours, negotiated);
	client->beat_every = heartbeat_interval(ours, theirs);
	client->expect_every = heartbeat_interval(theirs, ours);
	client_reschedule(client);
}

void client_logged_in(struct participant *participant, enum login_verdict verdict)
{
	struct client *client = container_of(participant, struct client, participant);
	struct connecting *connecting = client->connecting;

	if (verdict == LOGIN_REFUSED) {
		client_refuse(client, &(struct client_refusal){
					      .kind = REFUSAL_BAD_LOGIN,
					      .receipt = slice_of(connecting->receipt),
				      });
		return;
	}
	participant->user = name_ref(connecting->login);
	session_set_user(client->session, participant->user);
	client_welcome(client, connecting->theirs, connecting->negotiated);
	client_forget_login(client);
	client_resume_later(client);
}

/* A refusal of CONNECT shows no value, only the name of its header. */
static void client_refuse_connect(struct client *client,
	const struct stomp_frame *frame, enum refusal_kind kind, const char *header)
{
	struct buf what = {0};

	if (header != NULL)
		buf_printf(&what, "header %s", header);
	client_refuse(client, &(struct client_refusal){
				      .kind = kind,
				      .what = buf_slice(&what),
				      .is_of_connect = true,
				      .receipt = frame_receipt(frame),
			      });
	buf_finish(&what);
}

static void client_log_in(struct client *client, const struct stomp_frame *frame,
	struct heartbeat theirs, bool negotiated)
{
	const struct slice *login = stomp_header(frame, SLICE("login"));
	const struct slice *passcode = stomp_header(frame, SLICE("passcode"));
	const struct slice receipt = frame_receipt(frame);

	if (login == NULL || passcode == NULL) {
		client_refuse_connect(client, frame, REFUSAL_NO_LOGIN,
			login == NULL ? "login" : "passcode");
		return;
	}
	if (!login_check(client->worker, client->participant.entry.number, *login,
		    *passcode)) {
		client_refuse_connect(client, frame, REFUSAL_LOGINS, NULL);
		return;
	}
	client->connecting = xcalloc(1, sizeof(*client->connecting) + receipt.len + 1);
	client->connecting->theirs = theirs;
	client->connecting->negotiated = negotiated;
	client->connecting->login = name_intern(&client->worker->names, *login);
	memcpy(client->connecting->receipt, receipt.data, receipt.len);
	client_wait(client);
}

/* A client of the console must show the token of the admin listener, if it has one. */
static bool client_is_operator(
	const struct client *client, const struct stomp_frame *frame)
{
	const struct slice token = client_config(client)->admin_token;
	const struct slice *passcode = stomp_header(frame, SLICE("passcode"));

	return token.len == 0 ||
	       (passcode != NULL && slice_equal_constant_time(*passcode, token));
}

void client_connect(struct client *client, const struct stomp_frame *frame)
{
	const struct slice *versions = stomp_header(frame, SLICE("accept-version"));
	const struct slice *beats = stomp_header(frame, SLICE("heart-beat"));
	struct heartbeat theirs = {0, 0};

	if (client->connected)
		client_refuse_connect(client, frame, REFUSAL_CONNECT_AGAIN, NULL);
	else if (!client_choose_version(versions, &client->version))
		client_refuse_connect(
			client, frame, REFUSAL_STOMP_VERSION, "accept-version");
	else if (beats != NULL && !heartbeat_parse(*beats, &theirs))
		client_refuse_connect(client, frame, REFUSAL_HEART_BEAT, "heart-beat");
	else if (session_endpoint(client->session)->is_console &&
		 !client_is_operator(client, frame))
		client_refuse_connect(client, frame, REFUSAL_BAD_TOKEN, "passcode");
	else if (session_endpoint(client->session)->is_console ||
		 !login_is_needed(client_config(client)))
		client_welcome(client, theirs, versions != NULL);
	else
		client_log_in(client, frame, theirs, versions != NULL);
}
