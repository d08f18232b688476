#include "gateway/session/message_internal.h"

#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdlib.h>

/*
 * True for what a receiver may take for a header of ours. Libraries trim blanks, of
 * Unicode too, and workers may not look at the case. Nearly all names begin with a
 * character that is not trimmed, and no x.
 */
static bool message_header_is_ours(struct slice name)
{
	const struct slice ours = SLICE("x-postern-");
	const unsigned char first = name.len > 0 ? (unsigned char)name.data[0] : 'a';
	const bool is_trimmed = first <= ' ' || first >= 0x7f;

	if (!is_trimmed)
		return (first == 'x' || first == 'X') &&
		       slice_equal_nocase(slice_first(name, ours.len), ours);
	for (; name.len >= ours.len; name = slice_from(name, 1)) {
		if (slice_equal_nocase(slice_first(name, ours.len), ours))
			return true;
	}
	return false;
}

/*
 * False for headers that only the server may set (STOMP 1.2). Those of a message that
 * exists are its own: they pass if they are `checked`.
 */
static inline bool message_header_passes(struct slice name, bool checked)
{
	static const struct slice kept[] = {
		SLICE_INIT("destination"), /* nearly every SEND has these two */
		SLICE_INIT("content-length"),
		SLICE_INIT("receipt"),
		SLICE_INIT("transaction"),
		SLICE_INIT("subscription"),
		SLICE_INIT("message-id"),
		SLICE_INIT("ack"),
		SLICE_INIT("redelivered"),
	};

	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
		if (slice_equal(name, kept[i]))
			return false;
	}
	return checked || !message_header_is_ours(name);
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

/* Inline, since most make no header: a round trip takes 100 instructions fewer. */
static inline struct message *message_make(const struct stomp_frame *send, bool checked,
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
		if (message_header_passes(send->headers[i].name, checked)) {
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
		if (message_header_passes(send->headers[i].name, checked))
			message_add_header(message, &send->headers[i], &at);
	}
	message->body = slice_copy_out(&at, send->body);
	return message;
}

struct message *message_create(
	const struct stomp_frame *send, struct slice destination, struct slice address)
{
	return message_make(send, false, destination, address, NULL, 0);
}

struct message *message_create_made(const struct stomp_frame *send,
	struct slice destination, struct slice address, const struct stomp_header *made,
	size_t made_count)
{
	return message_make(send, false, destination, address, made, made_count);
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

	return message_make(&frame, true, destination, destination, made, made_count);
}

struct message *message_rename(const struct message *message, struct slice destination)
{
	const struct stomp_frame frame = message_frame(message);
	struct message *renamed =
		message_make(&frame, true, destination, message->address, NULL, 0);

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

void message_unref(struct message *message)
{
	if (message == NULL || --message->references > 0)
		return;
	message_drop_renderings(message);
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

void message_set_account(struct message *message, uint32_t account)
{
	message->account = (uint16_t)account;
}

uint32_t message_account(const struct message *message)
{
	return message->account;
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
