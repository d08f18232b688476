/*
 * Rates (broker/rate_limit.h): a SEND that comes too soon waits here, and the client is
 * not read meanwhile. All that it sends after that waits behind it, so nothing is lost
 * and the order stays.
 */
#include "gateway/stomp/client_internal.h"

#include "gateway/broker/rate_limit.h"
#include "gateway/stomp/client_refusal.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>
#include <string.h>

struct early_send {
	struct client *client;
	struct timer timer;
	struct rate_charge charge;
	bool is_charged;          /* false: its rates have changed */
	size_t size;              /* bytes of memory */
	struct stomp_frame frame; /* a copy */
	char *text;               /* of its slices */
	struct stomp_header headers[];
};

static void client_on_early_timer(struct timer *timer)
{
	client_resume_later(container_of(timer, struct early_send, timer)->client);
}

static struct early_send *early_send_create(const struct stomp_frame *frame)
{
	const size_t head = sizeof(struct early_send) +
			    frame->header_count * sizeof(struct stomp_header);
	size_t size = frame->body.len;

	for (size_t i = 0; i < frame->header_count; i++)
		size += frame->headers[i].name.len + frame->headers[i].value.len;

	struct early_send *early = xcalloc(1, head);
	char *at = early->text = xmalloc(size + 1);

	early->size = head + size;
	for (size_t i = 0; i < frame->header_count; i++)
		early->headers[i] = (struct stomp_header){
			slice_copy_out(&at, frame->headers[i].name),
			slice_copy_out(&at, frame->headers[i].value)};
	early->frame = (struct stomp_frame){
		.command = frame->command,
		.headers = early->headers,
		.header_count = frame->header_count,
		.body = slice_copy_out(&at, frame->body),
	};
	early->timer.fire = client_on_early_timer;
	return early;
}

static void early_send_destroy(struct early_send *early)
{
	free(early->text);
	free(early);
}

/* Once for a session: it may go on like that. */
static void client_log_rate(struct client *client, const struct rate_charge *charge)
{
	const struct session_facts facts = session_facts(client->session);
	char address[ADDRESS_TEXT_MAX];
	const struct log_field fields[] = {
		{"session", session_label(client->session), 0},
		{"user", participant_user(&client->participant), 0},
		{"address", address_write(&facts.address, address), 0},
		{"bound", slice_of(charge->bound), 0},
		{"wait", {NULL, 0}, charge->wait},
	};

	if (client->was_early)
		return;
	client->was_early = true;
	log_event(LOG_INFO, "client sends too often, and waits", fields,
		sizeof(fields) / sizeof(*fields));
}

static void client_hold_early(struct client *client, const struct stomp_frame *frame,
	const struct rate_charge *charge)
{
	struct early_send *early = early_send_create(frame);

	early->client = client;
	early->charge = *charge;
	early->is_charged = true;
	client->early = early;
	client->has_had_part = true;
	client_log_rate(client, charge);
	client_wait(client);
	loop_timer_start(client->worker->loop, &early->timer, charge->wait);
}

bool client_is_early(struct client *client, const struct stomp_frame *frame)
{
	struct broker_refusal refusal;
	struct broker_call call = {.participant = &client->participant,
		.frame = frame,
		.version = client->version,
		.refusal = &refusal};
	struct rate_charge charge;

	if (rate_limit_charge(client_broker(client), &call, &charge) ==
		BROKER_REFUSED) {
		client_refuse_frame(client, frame, &refusal);
		return true;
	}
	if (charge.wait == 0)
		return false;
	client_hold_early(client, frame, &charge);
	return true;
}

size_t client_early_held(const struct client *client)
{
	return client->early == NULL ? 0 : client->early->size;
}

void client_run_early(struct client *client)
{
	struct early_send *early = client->early;

	if (early == NULL)
		return;
	loop_timer_stop(client->worker->loop, &early->timer);
	client->early = NULL;
	if (early->is_charged || !client_config(client)->has_rates ||
		!client_is_early(client, &early->frame))
		client_send(client, &early->frame);
	early_send_destroy(early);
}

void client_reconsider_early(struct client *client)
{
	struct early_send *early = client->early;

	if (early == NULL || !early->is_charged)
		return;
	rate_limit_give(client_broker(client), &early->charge);
	early->is_charged = false;
	client_resume_later(client);
}

void client_drop_early(struct client *client)
{
	struct early_send *early = client->early;

	if (early == NULL)
		return;
	loop_timer_stop(client->worker->loop, &early->timer);
	if (early->is_charged)
		rate_limit_give(client_broker(client), &early->charge);
	client->early = NULL;
	early_send_destroy(early);
}
