/* Input that the parser cannot read, and frames that are incomplete. */
#include "gateway/stomp/client_refusal.h"

#include "gateway/stomp/client_internal.h"
#include "gateway/worker/metrics.h"

static const struct fault {
	enum refusal_kind kind;
	const char *what; /* names the parser's culprit; empty: not quoted */
} faults[] = {
	[STOMP_FAULT_NONE] = {REFUSAL_UNKNOWN_COMMAND, ""}, /* not used */
	[STOMP_FAULT_COMMAND] = {REFUSAL_UNKNOWN_COMMAND, "command"},
	[STOMP_FAULT_NO_COLON] = {REFUSAL_NO_COLON, "header line"},
	[STOMP_FAULT_NO_NAME] = {REFUSAL_NO_NAME, "header line"},
	[STOMP_FAULT_ESCAPE] = {REFUSAL_ESCAPE, "header line"},
	[STOMP_FAULT_NUL] = {REFUSAL_NUL_IN_HEAD, ""},
	[STOMP_FAULT_LENGTH] = {REFUSAL_CONTENT_LENGTH, "header content-length"},
	[STOMP_FAULT_NO_NUL] = {REFUSAL_NO_NUL, ""},
	[STOMP_FAULT_BODY] = {REFUSAL_FRAME_BODY, ""},
	[STOMP_FAULT_FRAME_SIZE] = {REFUSAL_FRAME_SIZE, ""},
	[STOMP_FAULT_HEADERS] = {REFUSAL_HEADER_COUNT, ""},
	[STOMP_FAULT_HEADER_SIZE] = {REFUSAL_HEADER_SIZE, "header line"},
};

static void client_hint_bound(
	struct client *client, struct buf *hint, enum bound bound, const char *setting)
{
	const struct stomp_limits limits = client_limits(client, client->connected);
	const size_t value = bound == BOUND_HEADERS  ? limits.headers
			     : bound == BOUND_HEADER ? limits.header
						     : limits.frame;

	metrics_refuse(client->worker->metrics, bound);
	buf_printf(hint, "%s is %zu.", setting, value);
}

/* Guesses the port that the client was looking for. */
static void client_hint_command(
	const struct client *client, struct buf *hint, struct slice command)
{
	const struct endpoint *endpoint = session_endpoint(client->session);

	for (int i = STOMP_CONNECT; i <= STOMP_ERROR; i++) {
		if (slice_equal_nocase(
			    command, stomp_command_name((enum stomp_command)i)))
			buf_append(hint, SLICE("Commands are in capitals."));
	}
	if (!slice_starts_with(command, SLICE("[")) &&
		!slice_starts_with(command, SLICE("\"")))
		return;
	buf_append(
		hint, SLICE("This looks like SockJS, and plain STOMP is spoken here."));
	if (endpoint->sockjs)
		buf_printf(hint, " SockJS is at %.*s.", SLICE_ARGS(endpoint->path));
}

static void client_hint_fault(
	struct client *client, struct buf *hint, enum stomp_fault fault)
{
	switch (fault) {
	case STOMP_FAULT_COMMAND:
		client_hint_command(client, hint, stomp_parser_culprit(client->parser));
		break;
	case STOMP_FAULT_FRAME_SIZE:
		if (client->connected)
			client_hint_bound(client, hint, BOUND_FRAME, "limits.frame");
		else
			client_hint_bound(client, hint, BOUND_CONNECT_FRAME,
				"limits.connect_frame");
		break;
	case STOMP_FAULT_HEADERS:
		client_hint_bound(client, hint, BOUND_HEADERS, "limits.headers");
		break;
	case STOMP_FAULT_HEADER_SIZE:
		client_hint_bound(client, hint, BOUND_HEADER, "limits.header");
		break;
	case STOMP_FAULT_NONE:
	case STOMP_FAULT_NO_COLON:
	case STOMP_FAULT_NO_NAME:
	case STOMP_FAULT_ESCAPE:
	case STOMP_FAULT_NUL:
	case STOMP_FAULT_LENGTH:
	case STOMP_FAULT_NO_NUL:
	case STOMP_FAULT_BODY:
		break;
	}
}

void client_refuse_fault(struct client *client)
{
	const enum stomp_fault fault = stomp_parser_fault(client->parser);
	const struct slice what = slice_of(faults[fault].what);
	struct buf hint = {0};

	client_hint_fault(client, &hint, fault);
	client_refuse(client,
		&(struct client_refusal){
			.kind = faults[fault].kind,
			.what = what,
			.value = what.len > 0 ? stomp_parser_culprit(client->parser)
					      : (struct slice){NULL, 0},
			/* The command is shown as far as it was read. */
			.is_of_connect =
				!client->connected && fault != STOMP_FAULT_COMMAND,
			.hint = buf_slice(&hint),
			.receipt = stomp_parser_receipt(client->parser),
		});
	buf_finish(&hint);
}

void client_refuse_memory(struct client *client, size_t held)
{
	struct buf hint = {0};

	buf_printf(&hint, "It takes %zu bytes so far.", held);
	client_refuse(client, &(struct client_refusal){.kind = REFUSAL_FRAME_MEMORY,
				      .hint = buf_slice(&hint)});
	buf_finish(&hint);
}

void client_refuse_lateness(struct client *client, enum refusal_kind kind)
{
	size_t length = 0, taken = 0;
	struct buf hint = {0};

	if (stomp_parser_misses_body(client->parser, &length, &taken))
		buf_printf(&hint,
			"Its content-length is %zu, and %zu bytes of its body have "
			"come.",
			length, taken);
	else if (stomp_parser_is_inside(client->parser))
		buf_append(&hint,
			kind == REFUSAL_UNFINISHED
				? SLICE("A NUL byte ends every frame.")
				: SLICE("A frame has begun, and the NUL byte at its "
					"end has not come."));
	client_refuse(client,
		&(struct client_refusal){.kind = kind, .hint = buf_slice(&hint)});
	buf_finish(&hint);
}
