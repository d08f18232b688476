#include "gateway/broker/sender_headers.h"

#include "gateway/broker/internal.h"
#include "gateway/broker/replies.h"
#include "gateway/identity/identity.h"

/* A comma parts two groups, so that one within a name is percent-encoded. */
static void sender_append_groups(struct buf *out, const struct identity *identity)
{
	for (size_t i = 0; identity != NULL && i < identity->group_count; i++) {
		const struct slice group = identity->groups[i];

		if (i > 0)
			buf_append_char(out, ',');
		for (size_t at = 0; at < group.len; at++) {
			if (group.data[at] == ',' || group.data[at] == '%')
				buf_printf(out, "%%%02X", (unsigned)group.data[at]);
			else
				buf_append_char(out, group.data[at]);
		}
	}
}

static void sender_headers_add(
	struct sender_headers *headers, struct slice name, struct slice value)
{
	if (value.len > 0)
		headers->items[headers->count++] = (struct stomp_header){name, value};
}

void sender_headers_init(struct sender_headers *headers,
	const struct publication *publication, const struct stomp_frame *frame)
{
	const struct sender *sender = publication->sender;
	const struct slice *destination = stomp_header(frame, SLICE("destination"));

	*headers = (struct sender_headers){.count = 0};
	sender_append_groups(&headers->groups, sender->identity);
	if (sender->label.len > 0 && stomp_header(frame, SLICE("reply-to")) == NULL)
		replies_append(publication->broker, publication->participant,
			&headers->reply_to);
	sender_headers_add(
		headers, SLICE("x-postern-user"), identity_user(sender->identity));
	sender_headers_add(
		headers, SLICE("x-postern-groups"), buf_slice(&headers->groups));
	sender_headers_add(headers, SLICE("x-postern-session"), sender->label);
	if (destination != NULL)
		sender_headers_add(
			headers, SLICE("x-postern-destination"), *destination);
	if (headers->reply_to.len > 0)
		headers->items[headers->count + headers->for_few++] =
			(struct stomp_header){
				SLICE("reply-to"), buf_slice(&headers->reply_to)};
}

void sender_headers_finish(struct sender_headers *headers)
{
	buf_finish(&headers->groups);
	buf_finish(&headers->reply_to);
}
