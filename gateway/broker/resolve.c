/*
 * A client may use another name for a destination. Pages made for Spring write
 * /user/NAME/queue/x for their own /user/queue/x; others write patterns in the words
 * of RabbitMQ ('#') or ActiveMQ ('>'). Names that no message could ever reach are
 * refused here, because a client that subscribes to one would wait in silence.
 */
#include "gateway/broker/resolve.h"

#include "gateway/broker/destination.h"
#include "gateway/broker/internal.h"
#include "gateway/broker/private.h"
#include "gateway/session/session.h"
#include "protocol/url.h"

#include <ctype.h>

enum { LABEL_LEN = 16 }; /* of a session's label, in hexadecimal digits */

static const struct slice user_prefix = SLICE_INIT("/user");

/* "/queue/x" and "/topic/x" always count, whatever prefixes the configuration has. */
static bool resolve_is_below_a_prefix(
	const struct broker *broker, struct slice destination)
{
	struct slice rest;

	return destination_is_topic(broker, destination) ||
	       destination_is_queue(broker, destination) ||
	       url_is_below(destination, SLICE("/queue"), &rest) ||
	       url_is_below(destination, SLICE("/topic"), &rest);
}

static bool resolve_name_is_label(struct slice name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!isxdigit((unsigned char)name.data[i]))
			return false;
	return name.len == LABEL_LEN;
}

/*
 * `called` is /user/queue/x or /user/NAME/queue/x. The segment that follows tells a
 * name from the first segment of the client's own destination.
 */
static bool resolve_user(const struct broker *broker, struct slice user,
	struct slice label, struct slice called, struct buf *resolved,
	struct broker_refusal *refusal)
{
	const struct slice below = slice_from(called, user_prefix.len);
	const struct slice rest = slice_from(below, 1);
	const size_t slash = slice_find(rest, '/');
	const struct slice behind = slice_from(rest, slash);
	struct buf name = {0};
	bool good = true;

	buf_append(resolved, user_prefix);
	if (behind.len <= 1 || resolve_is_below_a_prefix(broker, below) ||
		!url_decode(&name, slice_first(rest, slash), false)) {
		buf_append(resolved, below);
	} else if (name.len > 0 && (slice_equal(buf_slice(&name), label) ||
					   slice_equal(buf_slice(&name), user))) {
		buf_append(resolved, behind);
	} else if (resolve_is_below_a_prefix(broker, behind) ||
		   resolve_name_is_label(buf_slice(&name))) {
		broker_refuse(refusal, REFUSAL_OTHER_USER, "destination", &called);
		broker_refusal_hint(refusal, "Write /user/queue/... for one's own.");
		good = false;
	} else {
		buf_append(resolved, below);
	}
	buf_finish(&name);
	return good;
}

/*
 * RabbitMQ's '#' matches any number of words, ActiveMQ's '>' all that follow: both
 * become "**".
 */
static void resolve_pattern(struct slice called, char separator, struct buf *resolved)
{
	for (struct slice rest = called; rest.len > 0;) {
		const struct slice segment = url_take_part(&rest, separator);
		const struct slice word = slice_from(segment, 1);

		if (slice_equal(word, SLICE("#")) ||
			(rest.len == 0 && slice_equal(word, SLICE(">")))) {
			buf_append(resolved, slice_first(segment, 1));
			buf_append(resolved, SLICE("**"));
		} else {
			buf_append(resolved, segment);
		}
	}
}

/* "/topic/price.#" if only '/' separates: no client sends to that name. */
static bool resolve_has_other_separator(struct slice called, char separator)
{
	return separator == '/' && (slice_ends_with(called, SLICE(".#")) ||
					   slice_ends_with(called, SLICE(".>")));
}

bool resolve_subscribed_by(const struct broker *broker, struct slice user,
	struct slice label, struct slice called, struct buf *resolved,
	struct broker_refusal *refusal)
{
	const char separator = broker->audiences.patterns.separator;
	struct slice rest;

	if (private_is_user(called, &rest))
		return resolve_user(broker, user, label, called, resolved, refusal);
	if (!destination_is_topic(broker, called) ||
		destination_is_queue(broker, called)) {
		buf_append(resolved, called);
		return true;
	}
	if (resolve_has_other_separator(called, separator)) {
		broker_refuse(refusal, REFUSAL_PATTERN, "destination", &called);
		broker_refusal_hint(refusal, "A \"#\" or \">\" is a segment of its "
					     "own: write /** at the end, or set "
					     "broker.separator to \".\".");
		return false;
	}
	resolve_pattern(called, separator, resolved);
	return true;
}

bool resolve_subscribed(const struct broker *broker,
	const struct participant *participant, struct slice called,
	struct buf *resolved, struct broker_refusal *refusal)
{
	return resolve_subscribed_by(broker, participant_user(participant),
		session_label(participant->session), called, resolved, refusal);
}

bool resolve_sent(const struct broker *broker, struct slice destination,
	struct broker_refusal *refusal)
{
	const struct slice below = slice_from(destination, user_prefix.len);
	const struct slice rest = slice_from(below, 1);
	const struct slice behind = slice_from(rest, slice_find(rest, '/'));
	struct slice user;

	if (!private_is_user(destination, &user))
		return true;
	if (pattern_is(behind)) {
		broker_refuse(
			refusal, REFUSAL_SEND_PATTERN, "destination", &destination);
		return false;
	}
	if (!resolve_is_below_a_prefix(broker, below) ||
		resolve_is_below_a_prefix(broker, behind))
		return true;
	broker_refuse(refusal, REFUSAL_USER_DESTINATION, "destination", &destination);
	broker_refusal_hint(refusal, "Write /user/NAME/queue/...");
	return false;
}

bool resolve_reply_to(const struct broker *broker, struct slice reply_to,
	struct broker_refusal *refusal)
{
	struct broker_refusal why;

	if (resolve_sent(broker, reply_to, &why) &&
		!destination_is_dead_letter(broker, reply_to) &&
		!slice_equal(reply_to, SLICE("/temp-queue")) &&
		!slice_equal(reply_to, SLICE("/temp-queue/")) &&
		!slice_starts_with(reply_to, SLICE("/temp-topic/")))
		return true;
	broker_refuse(refusal, REFUSAL_REPLY_TO, "header reply-to", &reply_to);
	broker_refusal_hint(refusal, "Write /temp-queue/NAME, or /user/NAME/queue/...");
	return false;
}
