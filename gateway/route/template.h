/*
 * Templates of application routes: a JSON value whose strings contain placeholders.
 * They are not a language: {body}, {body.NAME}, {body.NAME.NAME}, {user}, {session},
 * {claim.NAME}, {header.NAME}, {var.NAME}, {now:FORMAT}, and nothing else; "{{" and
 * "}}" are braces. A member, claim or header that may be missing is written
 * {body.NAME?}, which then gives null, or {body.NAME:-TEXT}. A string that is exactly
 * one placeholder keeps the JSON type of its value ({body.x} may be a number or an
 * object). Such a value is written compactly, with the digits that the sender wrote.
 * Names of members are copied unchanged.
 *
 * The idea: template_create() writes the value as JSON text once and remembers the
 * positions of the placeholders, so that rendering is a walk along a list.
 */
#ifndef GATEWAY_ROUTE_TEMPLATE_H
#define GATEWAY_ROUTE_TEMPLATE_H

#include "gateway/route/claim.h"
#include "gateway/route/route_match.h"
#include "protocol/buf.h"
#include "protocol/stomp.h"

#include <jansson.h>
#include <time.h>

struct template;

/* The values of placeholders. Everything is borrowed. */
struct template_input {
	const struct stomp_frame *send; /* the body and the headers */
	const struct variables *variables;
	struct slice user, session; /* empty: {user} is "" */
	const struct claim *claims; /* of the client's login */
	size_t claim_count;
	time_t now;
};

/*
 * Makes a template of `value`, which is not needed afterwards; checks every
 * placeholder. `known` has the variables for {var.NAME} (NULL: none). On a mistake
 * returns NULL and appends the reason to *error; that of a placeholder begins with it.
 */
struct template *template_create(
	const json_t *value, const struct variables *known, struct buf *error);
void template_destroy(struct template *template); /* NULL is fine */

/*
 * Appends the rendered template as compact JSON. False, with nothing appended and a
 * sentence for the sender in *error, when the body is needed and is not JSON, or when
 * a named member or header without a fallback is missing. Text that is not UTF-8 (in
 * headers and variables) gets U+FFFD. Reads only: all workers may share it.
 */
bool template_render(const struct template *template,
	const struct template_input *input, struct buf *out, struct buf *error);

/*
 * The name of the next claim that the template (NULL: none) names: *at counts from 0.
 * Empty after the last one. It lives as long as the template.
 */
struct slice template_next_claim(const struct template *template, size_t *at);

/* Targets of routes, template_target.c. */

/*
 * Fills in a send_to: plain text with {NAME} or {var.NAME}, variables of the pattern,
 * and with {user}, {session} and {claim.NAME}. Each fills exactly one segment: what
 * would separate segments, or be a wildcard, is percent-encoded (url_append_segment()).
 * Of the pattern's variables, which a client has spelled, only the separator is. False,
 * with nothing appended and a sentence in *error, when one of the other three is
 * missing, empty, "." or "..".
 */
bool template_render_target(struct slice text, const struct template_input *input,
	char separator, struct buf *out, struct buf *error);

/*
 * False, with the reason in *error, when a brace is unbalanced, or a variable unknown
 * or ambiguous. The reason of a variable begins with it. `known`: the pattern's.
 */
bool template_check_target(
	struct slice text, const struct variables *known, struct buf *error);

/*
 * Takes the next {claim.NAME} off the front of *rest, which begins as a target without
 * mistakes. Empty after the last one. It points into the text.
 */
struct slice template_next_target_claim(struct slice *rest);

#endif
