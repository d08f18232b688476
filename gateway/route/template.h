/*
 * Templates of application routes: a JSON value whose strings contain placeholders.
 * They are not a language: {body}, {body.NAME}, {body.NAME.NAME}, {user}, {session},
 * {header.NAME}, {var.NAME}, {now:FORMAT}, and nothing else; "{{" and "}}" are braces.
 * A member or header that may be missing is written {body.NAME?}, which then gives
 * null, or {body.NAME:-TEXT}. A string that is exactly one placeholder keeps the JSON
 * type of its value ({body.x} may be a number or an object). Such a value is written
 * compactly, with the digits that the sender wrote. Names of members are copied
 * unchanged.
 *
 * The idea: template_create() writes the value as JSON text once and remembers the
 * positions of the placeholders, so that rendering is a walk along a list.
 */
#ifndef GATEWAY_ROUTE_TEMPLATE_H
#define GATEWAY_ROUTE_TEMPLATE_H

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
	time_t now;
};

/*
 * Makes a template of `value`, which is not needed afterwards; checks every
 * placeholder. `known` has the variables for {var.NAME} (NULL: none). On a mistake
 * returns NULL and appends the reason to *error.
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
 * As template_render(), for a plain string with {NAME} or {var.NAME} and nothing else
 * (a send_to). False, with nothing appended, for an unknown variable;
 * template_check_text() refuses these when the configuration is read.
 */
bool template_render_text(
	struct slice text, const struct variables *variables, struct buf *out);

/*
 * False, with the reason in *error, when a brace is unbalanced or a variable unknown.
 */
bool template_check_text(
	struct slice text, const struct variables *known, struct buf *error);

#endif
