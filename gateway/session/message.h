/*
 * A message is on its way to sessions: one SEND to its subscribers, or a text for a
 * single session. Its content never changes. It is shared by reference, and the last
 * unref frees it.
 *
 * Fan-out is cheap because a message remembers its renderings: ten thousand browsers
 * that subscribe alike cost one rendering. A message belongs to one worker, so nothing
 * here is locked or atomic. Another worker gets a copy, or the only reference.
 */
#ifndef GATEWAY_SESSION_MESSAGE_H
#define GATEWAY_SESSION_MESSAGE_H

#include "gateway/base/list.h"
#include "gateway/base/name.h"
#include "protocol/stomp.h"

struct message;

enum wire {
	WIRE_PLAIN,   /* the frame itself, text if it can be, for a raw WebSocket */
	WIRE_SOCKJS,  /* as a quoted JSON string */
	WIRE_PERCENT, /* the same with %25 for %, for EventSource */
	WIRE_SCRIPT,  /* the same in a JavaScript string, for htmlfile and jsonp */
	WIRE_OCTETS,  /* the frame itself for TCP, whatever its bytes are */
};

/*
 * Makes a MESSAGE frame of `send`: copies its body and the headers that may pass.
 * Receivers see `destination`. Posts find the home by `address`, which differs from
 * the destination for private ones only. The caller has the only reference.
 */
struct message *message_create(
	const struct stomp_frame *send, struct slice destination, struct slice address);

/*
 * As message_create(), with headers of the server's own ("x-postern-...") before the
 * sender's, which has none of such a name.
 */
struct message *message_create_made(const struct stomp_frame *send,
	struct slice destination, struct slice address, const struct stomp_header *made,
	size_t made_count);

/*
 * A new message with the same headers and body for another destination. The headers
 * `made` stand before those of the message. The message has no place yet. The caller
 * has the only reference.
 */
struct message *message_forward(const struct message *message, struct slice destination,
	const struct stomp_header *made, size_t made_count);

/*
 * A new message that differs only in the destination that its receiver sees; address,
 * place and time stay. The caller has the only reference.
 */
struct message *message_rename(const struct message *message, struct slice destination);

/*
 * Appends the message as the SEND that would make it again, in STOMP 1.2: with
 * `destination`, the headers `made` before its own, and a content-length.
 */
void message_write_send(const struct message *message, struct buf *out,
	struct slice destination, const struct stomp_header *made, size_t made_count);

/* The kind of a message that is not a STOMP frame, for a raw WebSocket. */
enum payload {
	PAYLOAD_TEXT,   /* WTF-8 */
	PAYLOAD_BINARY, /* octets */
};

/* Copies a text, or octets, that leave unchanged. The caller has the only reference. */
struct message *message_create_text(struct slice text, enum payload payload);

/*
 * A copy without renderings, which may go to another worker. The caller has the only
 * reference.
 */
struct message *message_copy(const struct message *message);

/*
 * Returns `message` with one more reference. Only on the message's worker: the count is
 * not atomic.
 */
struct message *message_ref(struct message *message);
void message_unref(struct message *message); /* NULL is fine */

/* The position of a message in the order of its destination. */
struct place {
	uint64_t epoch;  /* changes when the destination is made again */
	uint64_t offset; /* from 1 */
};

/*
 * Sets the place, which makes the message-id. The destination's home calls it once,
 * before the first rendering. `is_shown` is true for topics, whose receivers can see
 * gaps by the header x-postern-seq.
 */
void message_set_place(struct message *message, struct place place, bool is_shown);

/* The message's place. The epoch is 0 until a home has numbered the message. */
struct place message_place(const struct message *message);
bool message_is_numbered(const struct message *message); /* its place is shown */

/*
 * Sets when the message was sent, in milliseconds of loop_now(). The sender's worker
 * calls it once. The time is 0 before: unknown, and no delay is measured.
 */
void message_set_sent_at(struct message *message, uint64_t now);

/*
 * When the message was sent, in milliseconds of loop_now(); 0: unknown. A copy on
 * another worker keeps the time.
 */
uint64_t message_sent_at(const struct message *message);

/*
 * Sets to whose account (account.h) is charged what the message takes. The sender's
 * worker calls it once. Before, it is ACCOUNT_HOUSE. A copy on another worker keeps the
 * account, a message that is forwarded does not.
 */
void message_set_account(struct message *message, uint32_t account);

/* The account that message_set_account() has set. */
uint32_t message_account(const struct message *message);

/*
 * Sets when the message expires in a queue, in milliseconds of loop_now(); 0: never.
 * The sender's worker calls it once. A copy on another worker keeps the time, a message
 * that is forwarded does not.
 */
void message_set_expiry(struct message *message, uint64_t at);

/* When the message expires in a queue; 0: never. */
uint64_t message_expires_at(const struct message *message);

/* The destination as receivers see it. The bytes live as long as the message. */
struct slice message_destination(const struct message *message);

/*
 * The address by which posts find the home; it differs from the destination for private
 * ones only. The bytes live as long as the message.
 */
struct slice message_address(const struct message *message);

/*
 * hash_slice() of the address by the workers' key. The message remembers it, and a copy
 * has it too: the sender's worker, the home and each worker with subscribers need it.
 */
uint64_t message_hash(struct message *message, const struct hash_key *key);

/* Bytes of memory of the message without its renderings. Limits count these. */
size_t message_size(const struct message *message);

/*
 * The part of one reference in the bytes of the message and its renderings: what the
 * end of each of them would free, if all ended.
 */
size_t message_share(const struct message *message);

/* The fields in which a MESSAGE frame differs between subscribers. */
struct view {
	enum stomp_version version; /* decides the escaping of headers */
	enum wire wire;
	struct name *subscription; /* NULL: no such header (STOMP 1.0) */
	uint32_t ack;              /* the subscription's ordinal; 0: no ack header */
	uint16_t attempt;          /* of a queue to deliver it; above 1: a redelivery */
};

struct rendering {
	struct slice bytes;
	bool is_text; /* for a raw WebSocket: valid UTF-8, and not sent as binary */
};

/*
 * The message as `view` must see it. The message remembers the 8 latest renderings.
 * The bytes live until the message is rendered for another view, or freed.
 * view->subscription must live as long as the message is queued for it.
 */
struct rendering message_render(struct message *message, const struct view *view);

/* The same, in memory that the caller lends: one for all that it renders. */
struct rendering message_render_with(
	struct message *message, const struct view *view, struct buf *scratch);

/*
 * At least as many bytes as message_render() would allocate for `view`, also while it
 * works; 0 if the message remembers that rendering. Reads the whole body.
 */
size_t message_rendering_cost(const struct message *message, const struct view *view);

/*
 * The large renderings that messages of one worker remember: 4 MiB of them, and always
 * the latest. Belongs to what joins the worker's writes, which messages may outlive.
 */
struct renderings {
	struct list large; /* the one that was used longest ago first */
	size_t bytes;
};

/* A rendering with at least so many bytes is large. */
enum { RENDERING_LARGE = 16384 };

void renderings_init(struct renderings *renderings);

/* Frees all large renderings; their messages make them again when they are needed. */
void renderings_finish(struct renderings *renderings);

/*
 * A large rendering, which `message` has just returned, is used: counts it, and frees
 * those that were not used for longest while there are too many.
 */
void renderings_note(struct renderings *renderings, struct message *message,
	const struct rendering *rendering);

#endif
