/* The renderings of a message: its frame in the wire forms that receivers see. */
#include "gateway/session/message_internal.h"

#include "protocol/number.h"
#include "protocol/sockjs.h"
#include "protocol/utf8.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>

enum {
	RENDERINGS_MAX = 8,
	LARGE_BYTES = 4 << 20, /* of large renderings that a worker remembers */
	EXACT = 65536,         /* a message of so many bytes gets no more memory */
};

/* A large rendering among those of its worker. */
struct large {
	struct list link; /* in renderings->large */
	struct renderings *renderings;
	struct message *message;
	size_t bytes;
};

/* One rendering of the message, in one wire form. */
struct form {
	enum stomp_version version;
	enum wire wire;
	uint64_t subscription; /* number of the name */
	uint32_t ack;
	uint16_t attempt;
	bool is_text;
	struct large *large; /* owned; NULL: it is small, or not noted */
	struct buf bytes;
};

static void form_finish(struct form *form)
{
	buf_finish(&form->bytes);
	if (form->large == NULL)
		return;
	list_remove(&form->large->link);
	form->large->renderings->bytes -= form->large->bytes;
	free(form->large);
	form->large = NULL;
}

void message_drop_renderings(struct message *message)
{
	for (size_t i = 0; i < message->form_count; i++)
		form_finish(&message->forms[i]);
	free(message->forms);
	message->forms = NULL;
	message->form_count = message->form_next = 0;
}

size_t message_share(const struct message *message)
{
	size_t bytes = message->size;

	for (size_t i = 0; i < message->form_count; i++)
		bytes += message->forms[i].bytes.capacity;
	return bytes / message->references;
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
	buf_allocate(&clean, bytes->len);
	utf8_append_clean(&clean, buf_slice(bytes));
	if (clean.len != bytes->len) {
		buf_finish(&clean);
		return false;
	}
	buf_finish(bytes);
	*bytes = clean;
	return true;
}

/* The most bytes of the frame: each octet of a header may be escaped. */
static size_t message_plain_most(const struct message *message, const struct view *view)
{
	const size_t body = message->body.len;

	return 2 * (message_room(message, view) - body) + body;
}

static void message_write_plain(
	const struct message *message, const struct view *view, struct buf *out)
{
	if (message->size >= EXACT)
		buf_reserve_exactly(out, message_plain_most(message, view));
	if (message->is_frame)
		message_write_frame(message, view, out);
	else
		buf_append(out, message->body);
}

/* In the quotes of JSON, and coded for where these stand. */
static void form_quote(struct form *form, struct slice plain)
{
	struct buf quoted = {0};

	sockjs_quote(form->wire == WIRE_SOCKJS ? &form->bytes : &quoted, plain);
	if (form->wire == WIRE_PERCENT)
		sockjs_percent(&form->bytes, buf_slice(&quoted));
	else if (form->wire == WIRE_SCRIPT)
		sockjs_script(&form->bytes, buf_slice(&quoted));
	buf_finish(&quoted);
	form->is_text = true;
}

static void form_fill(struct form *form, const struct message *message,
	const struct view *view, struct buf *scratch)
{
	switch (form->wire) {
	case WIRE_OCTETS:
		message_write_plain(message, view, &form->bytes);
		break;
	case WIRE_PLAIN:
		message_write_plain(message, view, &form->bytes);
		form->is_text = message->payload == PAYLOAD_TEXT &&
				message_make_text(&form->bytes);
		break;
	case WIRE_SOCKJS:
	case WIRE_PERCENT:
	case WIRE_SCRIPT:
		buf_clear(scratch);
		message_write_plain(message, view, scratch);
		form_quote(form, buf_slice(scratch));
		break;
	}
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

/* The rendering that the message remembers; NULL if it has none for that view. */
static const struct form *message_find_form(
	const struct message *message, const struct view *view)
{
	for (size_t i = 0; i < message->form_count; i++) {
		if (form_suits(&message->forms[i], message, view))
			return &message->forms[i];
	}
	return NULL;
}

static size_t slice_count(struct slice slice, char byte)
{
	size_t count = 0;

	for (size_t i = 0; i < slice.len; i++)
		count += slice.data[i] == byte;
	return count;
}

/* The frame, its JSON, and what EventSource or a script makes of that. */
size_t message_rendering_cost(const struct message *message, const struct view *view)
{
	const struct slice body = message->body;
	const size_t plain = message_plain_most(message, view);
	const size_t head = plain - body.len;

	if (message_find_form(message, view) != NULL)
		return 0;
	if (view->wire == WIRE_OCTETS || view->wire == WIRE_PLAIN)
		return 2 * plain; /* and its text, without lone surrogates */
	const size_t quoted = SOCKJS_ESCAPED_MAX * head + sockjs_quoted_len(body);
	if (view->wire == WIRE_SOCKJS)
		return plain + quoted;
	if (view->wire == WIRE_PERCENT)
		return plain + 2 * quoted + 2 * (head + slice_count(body, '%'));
	return plain + 3 * quoted + 5 * (head + slice_count(body, '<'));
}

struct rendering message_render_with(
	struct message *message, const struct view *view, struct buf *scratch)
{
	const struct form *found = message_find_form(message, view);

	if (found != NULL)
		return (struct rendering){buf_slice(&found->bytes), found->is_text};
	struct form *form = message_make_form(message);
	*form = (struct form){.version = view->version,
		.wire = view->wire,
		.subscription = name_number(view->subscription),
		.ack = view->ack,
		.attempt = view->attempt};
	form_fill(form, message, view, scratch);
	return (struct rendering){buf_slice(&form->bytes), form->is_text};
}

struct rendering message_render(struct message *message, const struct view *view)
{
	struct buf scratch = {0};
	const struct rendering rendering = message_render_with(message, view, &scratch);

	buf_finish(&scratch);
	return rendering;
}

/* Large renderings. */

void renderings_init(struct renderings *renderings)
{
	list_init(&renderings->large);
	renderings->bytes = 0;
}

/* Frees the rendering; its message makes it again when it is asked for. */
static void large_forget(struct large *large)
{
	struct message *message = large->message;
	size_t at = 0;

	while (message->forms[at].large != large)
		at++;
	form_finish(&message->forms[at]);
	message->form_count--;
	memmove(&message->forms[at], &message->forms[at + 1],
		(message->form_count - at) * sizeof(*message->forms));
	message->form_next = 0;
}

void renderings_finish(struct renderings *renderings)
{
	while (!list_is_empty(&renderings->large))
		large_forget(container_of(renderings->large.next, struct large, link));
}

/* The rendering with these bytes. */
static struct form *message_form(struct message *message, const char *bytes)
{
	for (size_t i = 0; i < message->form_count; i++) {
		if (message->forms[i].bytes.data == bytes)
			return &message->forms[i];
	}
	return NULL;
}

void renderings_note(struct renderings *renderings, struct message *message,
	const struct rendering *rendering)
{
	struct form *form = message_form(message, rendering->bytes.data);

	if (form->large == NULL) {
		form->large = xmalloc(sizeof(*form->large));
		*form->large = (struct large){.renderings = renderings,
			.message = message,
			.bytes = form->bytes.capacity};
		renderings->bytes += form->large->bytes;
	} else {
		list_remove(&form->large->link);
	}
	struct list *latest = &form->large->link;
	list_append(&renderings->large, latest);
	while (renderings->bytes > LARGE_BYTES && renderings->large.next != latest)
		large_forget(container_of(renderings->large.next, struct large, link));
}
