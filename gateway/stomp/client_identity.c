/* An identity that a new token replaces, that rules look at again, or that ends. */
#include "gateway/stomp/client_internal.h"

#include "gateway/broker/permit.h"
#include "gateway/stomp/client_refusal.h"
#include "gateway/stomp/login_token.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>
#include <time.h>

static const struct slice token_destination = SLICE_INIT("/session/token");

bool client_become(struct client *client, struct identity *identity)
{
	struct participant *participant = &client->participant;

	if (!session_set_user(client->session, identity->user)) {
		identity_unref(identity);
		return false;
	}
	identity_unref(participant->identity);
	participant->identity = identity;
	participant->account = session_account(client->session);
	return true;
}

void client_become_listeners(struct client *client)
{
	const struct endpoint *endpoint = session_endpoint(client->session);
	const struct identity_facts facts = {
		.source = LOGIN_BY_LISTENER,
		.user = endpoint->user,
		.groups = endpoint->groups.items,
		.group_count = endpoint->groups.count,
	};

	session_name_user(client->session, endpoint->user);
	client->participant.identity = identity_create(&facts, '/', NULL);
}

enum login_result client_login_result(enum refusal_kind kind)
{
	if (kind == REFUSAL_TOKEN_EXPIRED)
		return LOGIN_EXPIRED;
	return kind == REFUSAL_LOGINS || kind == REFUSAL_SHARE ? LOGIN_BUSY
							       : LOGIN_REFUSED;
}

/* The end. */

uint64_t client_until_expired(const struct client *client)
{
	const struct identity *identity = client->participant.identity;

	if (identity == NULL || identity->expires_at == 0)
		return UINT64_MAX;
	const int64_t left = (identity->expires_at - (int64_t)time(NULL)) * 1000 +
			     (int64_t)client_config(client)->times.leeway;
	return left > 0 ? (uint64_t)left : 0;
}

void client_refuse_expired(struct client *client)
{
	client_refuse(client, &(struct client_refusal){.kind = REFUSAL_TOKEN_EXPIRED,
				      .ending = ENDING_EXPIRED});
}

/* The rules. */

void client_review(struct client *client)
{
	struct participant *participant = &client->participant;

	for (size_t at = participant->subscription_count; at-- > 0 && !client->ended;) {
		struct permit_ended ended = {.id = {0}};

		if (permit_keep(client_broker(client), participant, at, &ended))
			continue;
		client_refuse(client,
			&(struct client_refusal){
				.kind = ended.refusal.kind,
				.what = SLICE("destination"),
				.value = buf_slice(&ended.destination),
				.reason = slice_of(ended.refusal.reason),
				.destination = buf_slice(&ended.destination),
				.ended = ended.id.len > 0
						 ? buf_slice(&ended.id)
						 : buf_slice(&ended.destination),
			});
		permit_ended_finish(&ended);
	}
}

/* A new token. */

struct refreshing {
	uint64_t request; /* of its receipt; 0: none is asked for */
	char receipt[];
};

bool client_is_refresh(const struct client *client, const struct stomp_frame *frame)
{
	const struct slice *destination;

	if (client_config(client)->token_count == 0)
		return false;
	destination = stomp_header(frame, SLICE("destination"));
	return destination != NULL && slice_equal(*destination, token_destination);
}

static void client_count_refresh(const struct client *client, enum login_result result)
{
	counter_add(&client->worker->metrics->token_refreshes[result], 1);
}

static void client_refuse_refresh(struct client *client, enum refusal_kind kind,
	const char *hint, const char *reason, struct slice receipt)
{
	client_count_refresh(client, client_login_result(kind));
	client_refuse(client, &(struct client_refusal){
				      .kind = kind,
				      .hint = slice_of(hint),
				      .reason = slice_of(reason),
				      .receipt = receipt,
				      .destination = token_destination,
			      });
}

/* Takes the verdict's identity over. False after refusing it. */
static bool client_accept_refresh(struct client *client,
	const struct login_verdict *verdict, struct slice receipt)
{
	struct identity *identity = verdict->identity;

	if (identity == NULL) {
		client_refuse_refresh(
			client, verdict->kind, "", verdict->reason, receipt);
		return false;
	}
	if (!slice_equal(participant_user(&client->participant), identity->user)) {
		identity_unref(identity);
		client_refuse_refresh(
			client, REFUSAL_OTHER_USERS_TOKEN, "", "", receipt);
		return false;
	}
	client_count_refresh(client, LOGIN_IN);
	client_become(client, identity); /* it is the same user's */
	client_reschedule(client);
	client_review(client);
	return true;
}

void client_refreshed(struct client *client, const struct login_verdict *verdict)
{
	struct refreshing *refreshing = client->refreshing;
	const struct slice receipt = slice_of(refreshing->receipt);

	client->refreshing = NULL;
	if (client_accept_refresh(client, verdict, receipt))
		receipts_answer(&client->receipts, refreshing->request);
	else if (!client->ended)
		client_cancel_receipt(client, refreshing->request);
	free(refreshing);
	if (client->ended)
		return;
	client_flush_receipts(client);
	client_resume_later(client);
}

static void client_wait_for_refresh(
	struct client *client, const struct stomp_frame *frame)
{
	const struct slice receipt = frame_receipt(frame);
	struct refreshing *refreshing =
		xcalloc(1, sizeof(*refreshing) + receipt.len + 1);

	if (receipt.len > 0)
		refreshing->request = ++client->requests;
	memcpy(refreshing->receipt, receipt.data, receipt.len);
	client->refreshing = refreshing;
	client_wait(client);
	client_expect(client, frame, refreshing->request, 1);
}

static void client_check_refresh(
	struct client *client, const struct stomp_frame *frame, struct slice token)
{
	struct login_request request = client_login_request(client);
	enum refusal_kind why;

	request.token = token;
	if (login_check(client->worker->logins, &request, &why))
		client_wait_for_refresh(client, frame);
	else
		client_refuse_refresh(client, why, "", "", frame_receipt(frame));
}

void client_refresh(struct client *client, const struct stomp_frame *frame)
{
	struct slice token;
	const bool has_token =
		login_token_of_frame(client_config(client), frame, &token);
	const struct slice receipt = frame_receipt(frame);
	struct login_verdict verdict;

	if (!has_token)
		client_refuse_refresh(client, REFUSAL_TOKEN,
			"Send it in a header of this frame, as CONNECT does.", "",
			receipt);
	else if (stomp_header(frame, SLICE("transaction")) != NULL)
		client_refuse_refresh(client, REFUSAL_TOKEN,
			"A token takes no part in a transaction.", "", receipt);
	else if (!login_token_decide(client->worker, token, &verdict))
		client_check_refresh(client, frame, token);
	else if (client_accept_refresh(client, &verdict, receipt))
		client_expect(client, frame, 0, 0);
}
