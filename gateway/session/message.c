#include "gateway/session/message.h"

#include "protocol/number.h"
#include "protocol/sockjs.h"
#include "protocol/utf8.h"
#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdlib.h>

enum { RENDERINGS_MAX = 8 };

/* One rendering of the message, in one wire form. */
struct form {
	enum stomp_version version;
	enum wire wire;
	uint64_t subscription; /* number of the name */
	uint32_t ack;
	uint16_t attempt;
	bool is_text;
	struct buf bytes;
};

struct message {
	size_t references;
	size_t size;
	struct place place;
	uint64_t sent_at;
	uint64_t expires_at;
	uint64_t hash;   /* of the address; 0: not asked for yet */
	bool is_placed;  /* receivers see the place */
	bool is_frame;   /* a MESSAGE; else text that leaves as it is */
	uint8_t payload; /* enum payload */
	uint8_t form_count, form_next;
	struct slice destination, address, body; /* point into `bytes` */
	struct form *forms;
	size_t header_count;
	struct stomp_header headers[];
	/* the bytes of headers, destination and body follow */
};

/* False for headers that only the server may set (STOMP 1.2). */
static bool message_header_passes(struct slice name)
{
	static const struct slice kept[] = {
		SLICE_INIT("content-length"),
		SLICE_INIT("receipt"),
		SLICE_INIT("transaction"),
		SLICE_INIT("subscription"),
		SLICE_INIT("message-id"),
		SLICE_INIT("destination"),
		SLICE_INIT("ack"),
		SLICE_INIT("redelivered"),
	};

	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
		if (slice_equal(name, kept[i]))
			return false;
	}
	return !slice_starts_with(name, SLICE("x-postern-"));
}

static struct message *message_allocate(size_t header_count, size_t bytes, char **at)
{
	size_t head =
		sizeof(struct message) + header_count * sizeof(struct stomp_header);
	struct message *message = xmalloc(head + bytes);

	*at = (char *)message + head;
	*message = (struct message){.references = 1,
		.size = head + bytes,
		.destination = {*at, 0},
		.address = {*at, 0}};
	return message;
}

static void message_add_header(
	struct message *message, const struct stomp_header *header, char **at)
{
	struct slice name = slice_copy_out(at, header->name);

	message->headers[message->header_count++] =
		(struct stomp_header){name, slice_copy_out(at, header->value)};
}

static struct message *message_make(const struct stomp_frame *send,
	struct slice destination, struct slice address, const struct stomp_header *made,
	size_t made_count)
{
	bool is_private = !slice_equal(destination, address);
	size_t count = made_count, bytes = destination.len + send->body.len;

	if (is_private)
		bytes += address.len;
	for (size_t i = 0; i < made_count; i++)
		bytes += made[i].name.len + made[i].value.len;
	for (size_t i = 0; i < send->header_count; i++) {
		if (message_header_passes(send->headers[i].name)) {
			count++;
			bytes += send->headers[i].name.len + send->headers[i].value.len;
		}
	}
	char *at;
	struct message *message = message_allocate(count, bytes, &at);
	message->is_frame = true;
	message->destination = slice_copy_out(&at, destination);
	message->address =
		is_private ? slice_copy_out(&at, address) : message->destination;
	for (size_t i = 0; i < made_count; i++)
		message_add_header(message, &made[i], &at);
	for (size_t i = 0; i < send->header_count; i++) {
		if (message_header_passes(send->headers[i].name))
			message_add_header(message, &send->headers[i], &at);
	}
	message->body = slice_copy_out(&at, send->body);
	return message;
}

struct message *message_create(
	const struct stomp_frame *send, struct slice destination, struct slice address)
{
	return message_make(send, destination, address, NULL, 0);
}

/* The message as the SEND frame that would make it again. */
static struct stomp_frame message_frame(const struct message *message)
{
	return (struct stomp_frame){
		.command = STOMP_SEND,
		.headers = message->headers,
		.header_count = message->header_count,
		.body = message->body,
	};
}

struct message *message_forward(const struct message *message, struct slice destination,
	const struct stomp_header *made, size_t made_count)
{
	const struct stomp_frame frame = message_frame(message);

	return message_make(&frame, destination, destination, made, made_count);
}

struct message *message_rename(const struct message *message, struct slice destination)
{
	const struct stomp_frame frame = message_frame(message);
	struct message *renamed =
		message_make(&frame, destination, message->address, NULL, 0);

	renamed->place = message->place;
	renamed->is_placed = message->is_placed;
	renamed->sent_at = message->sent_at;
	renamed->expires_at = message->expires_at;
	return renamed;
}

static void message_write_headers(
	struct buf *out, const struct stomp_header *headers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		stomp_write_header(out, STOMP_1_2, headers[i].name, headers[i].value);
}

void message_write_send(const struct message *message, struct buf *out,
	struct slice destination, const struct stomp_header *made, size_t made_count)
{
	stomp_write_begin(out, STOMP_SEND);
	stomp_write_header(out, STOMP_1_2, SLICE("destination"), destination);
	message_write_headers(out, made, made_count);
	message_write_headers(out, message->headers, message->header_count);
	stomp_write_header_number(out, SLICE("content-length"), message->body.len);
	stomp_write_end(out, message->body);
}

struct message *message_create_text(struct slice text, enum payload payload)
{
	char *at;
	struct message *message = message_allocate(0, text.len, &at);

	message->payload = (uint8_t)payload;
	message->body = slice_copy_out(&at, text);
	return message;
}

/* Moves a slice of the message to the same place in its copy. */
static void message_move_slice(
	struct slice *slice, const struct message *message, const struct message *copy)
{
	slice->data = (const char *)copy + (slice->data - (const char *)message);
}

struct message *message_copy(const struct message *message)
{
	struct message *copy = xmalloc(message->size);

	memcpy(copy, message, message->size);
	copy->references = 1;
	copy->forms = NULL;
	copy->form_count = copy->form_next = 0;
	message_move_slice(&copy->destination, message, copy);
	message_move_slice(&copy->address, message, copy);
	message_move_slice(&copy->body, message, copy);
	for (size_t i = 0; i < copy->header_count; i++) {
		message_move_slice(&copy->headers[i].name, message, copy);
		message_move_slice(&copy->headers[i].value, message, copy);
	}
	return copy;
}

struct message *message_ref(struct message *message)
{
	message->references++;
	return message;
}

static void form_finish(struct form *form)
{
	buf_finish(&form->bytes);
}

void message_unref(struct message *message)
{
	if (message == NULL || --message->references > 0)
		return;
	for (size_t i = 0; i < message->form_count; i++)
		form_finish(&message->forms[i]);
	free(message->forms);
	free(message);
}

void message_set_place(struct message *message, struct place place, bool is_shown)
{
	assert(message->is_frame && message->place.epoch == 0 &&
		message->form_count == 0);
	message->place = place;
	message->is_placed = is_shown;
}

struct place message_place(const struct message *message)
{
	return message->place;
}

bool message_is_numbered(const struct message *message)
{
	return message->is_placed;
}

void message_set_sent_at(struct message *message, uint64_t now)
{
	message->sent_at = now;
}

uint64_t message_sent_at(const struct message *message)
{
	return message->sent_at;
}

void message_set_expiry(struct message *message, uint64_t at)
{
	message->expires_at = at;
}

uint64_t message_expires_at(const struct message *message)
{
	return message->expires_at;
}

struct slice message_destination(const struct message *message)
{
	return message->destination;
}

struct slice message_address(const struct message *message)
{
	return message->address;
}

uint64_t message_hash(struct message *message, const struct hash_key *key)
{
	if (message->hash == 0)
		message->hash = hash_slice(key, message->address);
	return message->hash;
}

size_t message_size(const struct message *message)
{
	return message->size;
}

/*
 * The content-length that a receiver counts. SockJS carries text: bytes that are not
 * UTF-8 arrive as U+FFFD, and a surrogate pair in six octets arrives as one character.
 * A raw receiver gets as many octets as were sent (message_make_text()).
 */
static size_t message_body_len(const struct message *message, enum wire wire)
{
	switch (wire) {
	case WIRE_PLAIN:
	case WIRE_OCTETS:
		return message->body.len;
	case WIRE_SOCKJS:
	case WIRE_PERCENT:
	case WIRE_SCRIPT:
		return utf8_clean_len(message->body);
	}
	abort();
}

/* Room for the longest id, EPOCH-OFFSET-ORDINAL.ATTEMPT. */
enum { ID_MAX = 4 * (NUMBER_DIGITS_MAX + 1) };

static size_t message_write_place(const struct message *message, char text[ID_MAX])
{
	size_t len = number_write_hex(text, message->place.epoch);

	text[len++] = '-';
	return len + number_write(text + len, message->place.offset);
}

/*
 * A header with the id whose first `len` octets are in `text`. An id names a delivery,
 * not the message, so that of a redelivery ends with the attempt.
 */
static void message_write_id(struct buf *out, struct slice name, char text[ID_MAX],
	size_t len, uint16_t attempt)
{
	if (attempt > 1) {
		text[len++] = '.';
		len += number_write(text + len, attempt);
	}
	stomp_write_header_made(out, name, (struct slice){text, len});
}

/* About the length of the frame, so that it is written in one piece of memory. */
static size_t message_room(const struct message *message, const struct view *view)
{
	enum {
		FIXED = 128 /* the names of Postern's own headers, and their numbers */
	};
	const size_t head =
		sizeof(*message) + message->header_count * sizeof(message->headers[0]);

	return FIXED + message->size - head + 2 * message->header_count +
	       (view->subscription == NULL ? 0 : name_text(view->subscription).len);
}

static void message_write_frame(
	const struct message *message, const struct view *view, struct buf *out)
{
	char text[ID_MAX];
	size_t len = message_write_place(message, text);
	const struct slice place = {text, len};

	buf_reserve(out, message_room(message, view));
	stomp_write_begin(out, STOMP_MESSAGE);
	if (view->subscription != NULL)
		stomp_write_header(out, view->version, SLICE("subscription"),
			name_text(view->subscription));
	message_write_id(out, SLICE("message-id"), text, len, view->attempt);
	stomp_write_header(
		out, view->version, SLICE("destination"), message->destination);
	if (message->is_placed)
		stomp_write_header_made(out, SLICE("x-postern-seq"), place);
	if (view->attempt > 1)
		stomp_write_header_made(out, SLICE("redelivered"), SLICE("true"));
	if (view->ack > 0) {
		text[len++] = '-';
		len += number_write(text + len, view->ack);
		message_write_id(out, SLICE("ack"), text, len, view->attempt);
	}
	for (size_t i = 0; i < message->header_count; i++) {
		stomp_write_header(out, view->version, message->headers[i].name,
			message->headers[i].value);
	}
	stomp_write_header_number(
		out, SLICE("content-length"), message_body_len(message, view->wire));
	stomp_write_end(out, message->body);
}

/*
 * A raw receiver gets valid UTF-8 as text. Lone surrogates, which only SockJS can
 * carry, become U+FFFD. That has the same length, so the content-length stays true.
 * Any other body that is not UTF-8 leaves as binary.
 */
static bool message_make_text(struct buf *bytes)
{
	struct buf clean = {0};

	if (utf8_is_valid(buf_slice(bytes)))
		return true;
	for (struct slice rest = buf_slice(bytes); rest.len > 0;) {
		uint32_t code;
		size_t len = utf8_decode(rest, &code);

		if (len == 0)
			return false;
		rest = slice_from(rest, len);
	}
	utf8_append_clean(&clean, buf_slice(bytes));
	if (clean.len != bytes->len) {
		buf_finish(&clean);
		return false;
	}
	buf_finish(bytes);
	*bytes = clean;
	return true;
}

static void form_fill(
	struct form *form, const struct message *message, const struct view *view)
{
	struct buf plain = {0}, quoted = {0};

	if (message->is_frame)
		message_write_frame(message, view, &plain);
	else
		buf_append(&plain, message->body);

	switch (form->wire) {
	case WIRE_OCTETS:
		form->bytes = plain;
		return;
	case WIRE_PLAIN:
		form->is_text =
			message->payload == PAYLOAD_TEXT && message_make_text(&plain);
		form->bytes = plain;
		return;
	case WIRE_SOCKJS:
		sockjs_quote(&form->bytes, buf_slice(&plain));
		break;
	case WIRE_PERCENT:
		sockjs_quote(&quoted, buf_slice(&plain));
		sockjs_percent(&form->bytes, buf_slice(&quoted));
		break;
	case WIRE_SCRIPT:
		sockjs_quote(&quoted, buf_slice(&plain));
		sockjs_script(&form->bytes, buf_slice(&quoted));
		break;
	}
	form->is_text = true;
	buf_finish(&plain);
	buf_finish(&quoted);
}

static bool form_suits(
	const struct form *form, const struct message *message, const struct view *view)
{
	if (form->wire != view->wire)
		return false;
	if (!message->is_frame)
		return true; /* text is the same for all views */
	return form->version == view->version && form->ack == view->ack &&
	       form->attempt == view->attempt &&
	       form->subscription == name_number(view->subscription);
}

/* Room for one more form: a new one, or that of the oldest. */
static struct form *message_make_form(struct message *message)
{
	if (message->form_count < RENDERINGS_MAX) {
		message->forms = xrealloc(message->forms,
			(message->form_count + 1) * sizeof(*message->forms));
		return &message->forms[message->form_count++];
	}
	struct form *oldest = &message->forms[message->form_next];
	message->form_next = (uint8_t)((message->form_next + 1) % RENDERINGS_MAX);
	form_finish(oldest);
	return oldest;
}

struct rendering message_render(struct message *message, const struct view *view)
{
	for (size_t i = 0; i < message->form_count; i++) {
		const struct form *form = &message->forms[i];

		if (form_suits(form, message, view))
			return (struct rendering){
				buf_slice(&form->bytes), form->is_text};
	}

	struct form *form = message_make_form(message);
	*form = (struct form){.version = view->version,
		.wire = view->wire,
		.subscription = name_number(view->subscription),
		.ack = view->ack,
		.attempt = view->attempt};
	form_fill(form, message, view);
	return (struct rendering){buf_slice(&form->bytes), form->is_text};
}
