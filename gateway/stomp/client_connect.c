/* CONNECT and STOMP: versions, heart-beats, and the answer. */
#include "gateway/stomp/client_internal.h"

#include "gateway/stomp/client_refusal.h"
#include "gateway/stomp/login.h"
#include "gateway/stomp/login_header.h"
#include "gateway/stomp/login_token.h"
#include "protocol/heartbeat.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>
#include <time.h>

/* The highest version in the list, whatever its order. */
static bool client_choose_version(struct client *client, const struct slice *offered)
{
	bool found = false;

	if (offered == NULL) { /* STOMP 1.0 has no such header */
		client->version = STOMP_1_0;
		return true;
	}
	for (struct slice rest = *offered; rest.len > 0;) {
		size_t comma = slice_find(rest, ',');
		const struct slice one =
			slice_trim_front(slice_first(rest, comma), SLICE(" "));

		for (int i = STOMP_1_0; i <= STOMP_1_2; i++) {
			enum stomp_version known = (enum stomp_version)i;

			if (slice_equal(one, stomp_version_name(known)) &&
				(!found || known > client->version)) {
				client->version = known;
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

/* For a page that renews its token in time. */
static void client_write_expiry(const struct client *client, struct buf *frame)
{
	const struct identity *identity = client->participant.identity;
	const int64_t now = (int64_t)time(NULL);

	if (identity != NULL && identity->expires_at > 0)
		stomp_write_header_number(frame, SLICE("expires-in"),
			identity->expires_at > now
				? (uint64_t)(identity->expires_at - now)
				: 0);
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
	if (client->participant.identity != NULL)
		stomp_write_header_plain(&frame, SLICE("user-name"),
			participant_user(&client->participant));
	client_write_expiry(client, &frame);
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
	char receipt[];  /* of a CONNECT that wrongly asks for one; for an ERROR */
};

void client_forget_login(struct client *client)
{
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

static void client_count_login(
	const struct client *client, enum login_source source, enum login_result result)
{
	counter_add(&client->worker->metrics->logins[source][result], 1);
}

/* The user or the address already uses its share of that bound. */
static void client_refuse_share(struct client *client, const char *setting,
	uint64_t bound, struct slice receipt)
{
	struct buf hint = {0};

	buf_printf(&hint, "%s is %llu, and limits.share %llu per cent.", setting,
		(unsigned long long)bound,
		(unsigned long long)client_config(client)->limits.share);
	client_refuse(client, &(struct client_refusal){
				      .kind = REFUSAL_SHARE,
				      .hint = buf_slice(&hint),
				      .is_of_connect = true,
				      .receipt = receipt,
			      });
	buf_finish(&hint);
}

/* Lets the client in as the verdict says, or refuses its CONNECT. */
static void client_conclude_login(struct client *client,
	const struct login_verdict *verdict, struct heartbeat theirs, bool negotiated,
	struct slice receipt)
{
	if (verdict->identity == NULL) {
		client_count_login(
			client, verdict->source, client_login_result(verdict->kind));
		client_refuse(client, &(struct client_refusal){
					      .kind = verdict->kind,
					      .reason = slice_of(verdict->reason),
					      .receipt = receipt,
				      });
	} else if (client_become(client, verdict->identity)) {
		client_count_login(client, verdict->source, LOGIN_IN);
		client_welcome(client, theirs, negotiated);
	} else {
		client_count_login(client, verdict->source, LOGIN_BUSY);
		client_refuse_share(client, "limits.sessions",
			client_config(client)->limits.sessions, receipt);
	}
}

void client_logged_in(
	struct participant *participant, const struct login_verdict *verdict)
{
	struct client *client = container_of(participant, struct client, participant);
	struct connecting *connecting = client->connecting;

	if (connecting == NULL) {
		client_refreshed(client, verdict);
		return;
	}
	client_conclude_login(client, verdict, connecting->theirs,
		connecting->negotiated, slice_of(connecting->receipt));
	if (client->ended)
		return;
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

struct login_request client_login_request(const struct client *client)
{
	return (struct login_request){
		.participant = client->participant.entry.number,
		.account = client->participant.account,
		.address = session_facts(client->session).address,
		.login = SLICE(""),
		.passcode = SLICE(""),
		.token = SLICE(""),
	};
}

/* Keeps what CONNECT said until the login has been checked. */
static void client_keep_connect(struct client *client, const struct stomp_frame *frame,
	struct heartbeat theirs, bool negotiated)
{
	const struct slice receipt = frame_receipt(frame);

	/* What takes its time now is the check. */
	loop_timer_stop(client->worker->loop, &client->timer);
	client->connecting = xcalloc(1, sizeof(*client->connecting) + receipt.len + 1);
	client->connecting->theirs = theirs;
	client->connecting->negotiated = negotiated;
	memcpy(client->connecting->receipt, receipt.data, receipt.len);
	client_wait(client);
}

static void client_check_login(struct client *client, const struct stomp_frame *frame,
	const struct login_request *request, struct heartbeat theirs, bool negotiated)
{
	enum refusal_kind why;

	if (login_check(client->worker->logins, request, &why)) {
		client_keep_connect(client, frame, theirs, negotiated);
		return;
	}
	client_count_login(client,
		request->token.len > 0 ? LOGIN_BY_TOKEN : LOGIN_BY_PASSWORD,
		client_login_result(why));
	if (why == REFUSAL_SHARE)
		client_refuse_share(client, "limits.logins",
			client_config(client)->limits.logins, frame_receipt(frame));
	else
		client_refuse_connect(client, frame, why, NULL);
}

static void client_log_in_by_password(struct client *client,
	const struct stomp_frame *frame, struct heartbeat theirs, bool negotiated)
{
	const struct slice *login = stomp_header(frame, SLICE("login"));
	const struct slice *passcode = stomp_header(frame, SLICE("passcode"));
	struct login_request request = client_login_request(client);

	if (login == NULL || passcode == NULL) {
		client_count_login(client,
			login == NULL && passcode == NULL ? LOGIN_ANONYMOUS
							  : LOGIN_BY_PASSWORD,
			LOGIN_REFUSED);
		client_refuse_connect(client, frame, REFUSAL_NO_LOGIN,
			login == NULL ? "login" : "passcode");
		return;
	}
	request.login = *login;
	request.passcode = *passcode;
	client_check_login(client, frame, &request, theirs, negotiated);
}

static void client_log_in_by_token(struct client *client,
	const struct stomp_frame *frame, struct slice token, struct heartbeat theirs,
	bool negotiated)
{
	struct login_request request = client_login_request(client);
	struct login_verdict verdict;

	request.token = token;
	if (login_token_decide(client->worker, token, &verdict))
		client_conclude_login(
			client, &verdict, theirs, negotiated, frame_receipt(frame));
	else
		client_check_login(client, frame, &request, theirs, negotiated);
}

/* The user whom a trusted proxy has named when the session was opened. */
static void client_log_in_by_header(struct client *client,
	const struct stomp_frame *frame, const struct peer *shown,
	struct heartbeat theirs, bool negotiated)
{
	struct login_verdict verdict;

	login_header_check(client_config(client), shown, &verdict);
	client_conclude_login(
		client, &verdict, theirs, negotiated, frame_receipt(frame));
}

/* Lets in a client that shows nothing: as its listener's user, or as nobody. */
static void client_enter_without_login(
	struct client *client, struct heartbeat theirs, bool negotiated)
{
	const struct endpoint *endpoint = session_endpoint(client->session);
	const bool is_listeners = endpoint->user.len > 0;

	if (is_listeners)
		client_become_listeners(client);
	if (is_listeners ||
		(login_is_needed(client_config(client)) && !endpoint->is_console))
		client_count_login(client,
			is_listeners ? LOGIN_BY_LISTENER : LOGIN_ANONYMOUS, LOGIN_IN);
	client_welcome(client, theirs, negotiated);
}

/* Refuses a client that shows nothing that could log it in. */
static void client_refuse_login(
	struct client *client, const struct stomp_frame *frame, bool has_login)
{
	const struct config *config = client_config(client);

	client_count_login(
		client, has_login ? LOGIN_BY_PASSWORD : LOGIN_ANONYMOUS, LOGIN_REFUSED);
	client_refuse_connect(client, frame,
		config->token_count > 0 ? REFUSAL_NO_TOKEN : REFUSAL_NO_PROXY_USER,
		NULL);
}

/*
 * One source decides, the first that the client shows: a trusted proxy's header, a
 * token, a login. What is shown and bad is refused. Only a client that shows nothing
 * may be its listener's user, or nobody.
 */
static void client_log_in(struct client *client, const struct stomp_frame *frame,
	struct heartbeat theirs, bool negotiated)
{
	const struct config *config = client_config(client);
	const struct peer *shown = session_shown(client->session);
	struct slice token = SLICE("");
	bool has_token = login_token_of_frame(config, frame, &token);
	const bool has_login = stomp_header(frame, SLICE("login")) != NULL ||
			       stomp_header(frame, SLICE("passcode")) != NULL;
	const bool may_enter = config->login.anonymous ||
			       session_endpoint(client->session)->user.len > 0;

	if (!has_token && shown != NULL && config->token_count > 0) {
		token = shown->token;
		has_token = token.len > 0;
	}
	if (shown != NULL && shown->user.len > 0)
		client_log_in_by_header(client, frame, shown, theirs, negotiated);
	else if (has_token)
		client_log_in_by_token(client, frame, token, theirs, negotiated);
	else if (config->user_count > 0 && (has_login || !may_enter))
		client_log_in_by_password(client, frame, theirs, negotiated);
	else if (may_enter && !has_login)
		client_enter_without_login(client, theirs, negotiated);
	else
		client_refuse_login(client, frame, has_login);
	session_hide_token(client->session);
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
	else if (!client_choose_version(client, versions))
		client_refuse_connect(
			client, frame, REFUSAL_STOMP_VERSION, "accept-version");
	else if (beats != NULL && !heartbeat_parse(*beats, &theirs))
		client_refuse_connect(client, frame, REFUSAL_HEART_BEAT, "heart-beat");
	else if (session_endpoint(client->session)->is_console &&
		 !client_is_operator(client, frame))
		client_refuse_connect(client, frame, REFUSAL_BAD_TOKEN, "passcode");
	else if (session_endpoint(client->session)->is_console ||
		 !login_is_needed(client_config(client)))
		client_enter_without_login(client, theirs, versions != NULL);
	else
		client_log_in(client, frame, theirs, versions != NULL);
}
