/*
 * The STOMP parser reads the head line by line and the body as one run. It holds only
 * an incomplete line or body; a whole one is used in place, in the input.
 *
 * Every limit is tied to a position in the stream, never to the bytes of one call. So
 * the same frames and errors result, however the bytes are cut.
 */
#include "protocol/stomp.h"

#include "protocol/number.h"
#include "protocol/stomp_head.h"
#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	COMMAND_MAX = sizeof("UNSUBSCRIBE") - 1, /* the longest command */
	LINE_END_MAX = 2,                        /* CR LF */
	CULPRIT_MAX = 96,
	KEPT_BYTES = 1024, /* a bigger buffer is freed between frames */
};

enum stage {
	STAGE_BETWEEN,
	STAGE_COMMAND,
	STAGE_HEADERS,
	STAGE_BODY,
	STAGE_DONE, /* the caller has the frame until the next call */
	STAGE_BAD,
};

struct rules {
	enum stomp_version version;
	struct stomp_limits limits;
};

/* A frame under way. */
struct stomp_reading {
	struct rules rules;
	enum stomp_command command;
	struct stomp_head head;
	size_t taken;    /* bytes of this frame so far */
	struct buf held; /* the line or body of earlier calls */

	bool has_length; /* content-length is given: */
	size_t length;
	struct slice body;
	enum stomp_fault fault;
	char error[80];
	size_t culprit_len;
	char culprit[CULPRIT_MAX];
};

struct stomp_parser {
	enum stage stage;
	struct rules next;             /* for the frames to come */
	struct stomp_reading *reading; /* NULL in STAGE_BETWEEN */
	struct stomp_spare *spare;     /* NULL: there is none */
};

static void reading_destroy(struct stomp_reading *reading)
{
	if (reading == NULL)
		return;
	stomp_head_finish(&reading->head);
	buf_finish(&reading->held);
	free(reading);
}

void stomp_spare_finish(struct stomp_spare *spare)
{
	reading_destroy(spare->reading);
	spare->reading = NULL;
}

static void stomp_parser_begin_frame(struct stomp_parser *parser)
{
	struct stomp_reading *reading = NULL;

	if (parser->spare != NULL) {
		reading = parser->spare->reading;
		parser->spare->reading = NULL;
	}
	if (reading == NULL)
		reading = xcalloc(1, sizeof(*reading));
	reading->rules = parser->next;
	parser->reading = reading;
	parser->stage = STAGE_COMMAND;
}

__attribute__((format(printf, 4, 5))) static void stomp_parser_fail(
	struct stomp_parser *parser, enum stomp_fault fault, struct slice culprit,
	const char *format, ...)
{
	const struct slice start = slice_first(culprit, CULPRIT_MAX);
	va_list arguments;

	parser->reading->fault = fault;
	parser->reading->culprit_len = start.len;
	memcpy(parser->reading->culprit, start.data, start.len);
	va_start(arguments, format);
	vsnprintf(parser->reading->error, sizeof(parser->reading->error), format,
		arguments);
	va_end(arguments);
	stomp_head_resolve(&parser->reading->head);
	parser->stage = STAGE_BAD;
}

static void stomp_parser_fail_too_large(struct stomp_parser *parser)
{
	stomp_parser_fail(parser, STOMP_FAULT_FRAME_SIZE, SLICE(""),
		"frame is larger than %zu bytes", parser->reading->rules.limits.frame);
}

/* An idle parser keeps nothing: there are thousands of them. */
static void stomp_parser_forget_frame(struct stomp_parser *parser)
{
	struct stomp_reading *reading = parser->reading;

	parser->reading = NULL;
	parser->stage = STAGE_BETWEEN;
	if (parser->spare == NULL || parser->spare->reading != NULL) {
		reading_destroy(reading);
		return;
	}
	if (reading->held.capacity > KEPT_BYTES)
		buf_finish(&reading->held);
	buf_clear(&reading->held);
	stomp_head_clear(&reading->head);
	reading->taken = 0;
	reading->has_length = false;
	parser->spare->reading = reading;
}

static void stomp_parser_skip_between(struct stomp_parser *parser, struct slice *input)
{
	size_t at = 0;

	while (at < input->len && (input->data[at] == '\n' || input->data[at] == '\r' ||
					  input->data[at] == '\0'))
		at++;
	*input = slice_from(*input, at);
	if (input->len > 0)
		stomp_parser_begin_frame(parser);
}

/*
 * The front of the input: as much as this frame may still have, and as much as the
 * held bytes may still grow, to `longest` bytes.
 */
static struct slice stomp_parser_window(
	const struct stomp_parser *parser, struct slice input, size_t longest)
{
	size_t room = parser->reading->rules.limits.frame - parser->reading->taken;
	size_t growth = longest - parser->reading->held.len;

	return slice_first(input, room < growth ? room : growth);
}

/*
 * Takes `count` bytes of the input and returns them after the held bytes of the same
 * line or body. Unless `whole`, holds them for the next call.
 */
static struct slice stomp_parser_take(
	struct stomp_parser *parser, struct slice *input, size_t count, bool whole)
{
	struct slice piece = slice_first(*input, count);

	*input = slice_from(*input, count);
	parser->reading->taken += count;
	if (whole && parser->reading->held.len == 0)
		return piece;
	buf_append(&parser->reading->held, piece);
	return buf_slice(&parser->reading->held);
}

static void stomp_parser_read_command(struct stomp_parser *parser, struct slice line)
{
	for (int i = STOMP_CONNECT; i <= STOMP_ERROR; i++) {
		if (slice_equal(line, stomp_command_name((enum stomp_command)i))) {
			parser->reading->command = (enum stomp_command)i;
			parser->stage = STAGE_HEADERS;
			return;
		}
	}
	stomp_parser_fail(parser, STOMP_FAULT_COMMAND, line, "unknown command");
}

static void stomp_parser_read_header(struct stomp_parser *parser, struct slice line)
{
	size_t most = parser->reading->rules.limits.headers;

	if (parser->reading->head.count == most) {
		stomp_parser_fail(parser, STOMP_FAULT_HEADERS, SLICE(""),
			"frame has more than %zu headers", most);
		return;
	}
	const enum stomp_fault fault = stomp_head_add(&parser->reading->head,
		parser->reading->rules.version, parser->reading->command, line);
	if (fault != STOMP_FAULT_NONE)
		stomp_parser_fail(parser, fault, line, "%s",
			fault == STOMP_FAULT_NO_COLON ? "header line without a colon"
			: fault == STOMP_FAULT_NO_NAME
				? "header line with an empty name"
				: "undefined escape in a header");
}

static bool stomp_parser_has_use_for_body(const struct stomp_parser *parser)
{
	return parser->reading->command == STOMP_SEND ||
	       parser->reading->command == STOMP_MESSAGE ||
	       parser->reading->command == STOMP_ERROR;
}

/* 1.0 does not say that a frame has no body: it is read and dropped. */
static bool stomp_parser_may_have_body(const struct stomp_parser *parser)
{
	return stomp_parser_has_use_for_body(parser) ||
	       parser->reading->rules.version == STOMP_1_0;
}

static void stomp_parser_fail_body(struct stomp_parser *parser)
{
	stomp_parser_fail(parser, STOMP_FAULT_BODY, SLICE(""), "%.*s frame has a body",
		SLICE_ARGS(stomp_command_name(parser->reading->command)));
}

/* The empty line: the headers now decide about the body. */
static void stomp_parser_finish_head(struct stomp_parser *parser)
{
	stomp_head_resolve(&parser->reading->head);
	parser->stage = STAGE_BODY;

	const struct slice *length =
		stomp_head_find(&parser->reading->head, SLICE("content-length"));
	if (length == NULL)
		return;
	uint64_t bytes = 0;
	const bool is_number = number_read_capped(*length, SIZE_MAX, &bytes);

	parser->reading->has_length = true;
	parser->reading->length = (size_t)bytes;
	if (!is_number)
		stomp_parser_fail(parser, STOMP_FAULT_LENGTH, *length,
			"content-length is not a number");
	else if (parser->reading->length > 0 && !stomp_parser_may_have_body(parser))
		stomp_parser_fail_body(parser);
	else if (parser->reading->length >=
		 parser->reading->rules.limits.frame - parser->reading->taken)
		stomp_parser_fail_too_large(parser); /* the NUL counts, too */
}

static void stomp_parser_read_line(
	struct stomp_parser *parser, struct slice line, size_t longest)
{
	if (parser->stage == STAGE_COMMAND) {
		stomp_parser_read_command(parser, line);
	} else if (line.len > longest) {
		stomp_parser_fail(parser, STOMP_FAULT_HEADER_SIZE, line,
			"header line is longer than %zu bytes", longest);
	} else if (line.len == 0) {
		stomp_parser_finish_head(parser);
	} else {
		stomp_parser_read_header(parser, line);
	}
	buf_clear(&parser->reading->held);
}

static void stomp_parser_take_line(struct stomp_parser *parser, struct slice *input)
{
	size_t longest = parser->stage == STAGE_COMMAND
				 ? COMMAND_MAX
				 : parser->reading->rules.limits.header;
	struct slice piece =
		stomp_parser_window(parser, *input, longest + LINE_END_MAX);
	size_t end = slice_find(piece, '\n');
	bool whole = end < piece.len;

	if (slice_find(slice_first(piece, end), '\0') < end) {
		stomp_parser_fail(parser, STOMP_FAULT_NUL, SLICE(""),
			"NUL byte among the headers");
		return;
	}
	struct slice line =
		stomp_parser_take(parser, input, whole ? end + 1 : end, whole);
	if (whole) {
		assert(line.len > 0); /* it has the LF */
		line.len--;
		if (line.len > 0 && line.data[line.len - 1] == '\r')
			line.len--;
	} else if (line.len < longest + LINE_END_MAX) {
		return;
	}
	/* The line is whole, or longer than allowed. */
	stomp_parser_read_line(parser, line, longest);
}

static void stomp_parser_take_body(struct stomp_parser *parser, struct slice *input)
{
	size_t longest =
		parser->reading->has_length ? parser->reading->length + 1 : SIZE_MAX;
	struct slice piece = stomp_parser_window(parser, *input, longest);
	size_t end = parser->reading->has_length
			     ? parser->reading->length - parser->reading->held.len
			     : slice_find(piece, '\0');
	bool whole = end < piece.len;

	if (piece.data[0] != '\0' && !stomp_parser_may_have_body(parser)) {
		stomp_parser_fail_body(parser);
		return;
	}
	struct slice body =
		stomp_parser_take(parser, input, whole ? end + 1 : piece.len, whole);
	if (!whole)
		return;
	assert(body.len > 0); /* it has the NUL */
	body.len--;
	if (body.data[body.len] != '\0') {
		stomp_parser_fail(parser, STOMP_FAULT_NO_NUL, SLICE(""),
			"no NUL where content-length ends the body");
		return;
	}
	parser->reading->body =
		stomp_parser_has_use_for_body(parser) ? body : SLICE("");
	parser->stage = STAGE_DONE;
}

/* Does one step. The input is not empty. */
static void stomp_parser_step(struct stomp_parser *parser, struct slice *input)
{
	if (parser->stage == STAGE_BETWEEN) {
		stomp_parser_skip_between(parser, input);
		return;
	}
	if (parser->reading->taken == parser->reading->rules.limits.frame) {
		stomp_parser_fail_too_large(parser);
		return;
	}
	switch (parser->stage) {
	case STAGE_COMMAND:
	case STAGE_HEADERS:
		stomp_parser_take_line(parser, input);
		break;
	case STAGE_BODY:
		stomp_parser_take_body(parser, input);
		break;
	case STAGE_BETWEEN:
	case STAGE_DONE:
	case STAGE_BAD:
		assert(false);
	}
}

struct stomp_parser *stomp_parser_create(
	const struct stomp_limits *limits, struct stomp_spare *spare)
{
	struct stomp_parser *parser = xcalloc(1, sizeof(*parser));

	parser->spare = spare;
	stomp_parser_set(parser, STOMP_1_0, limits);
	return parser;
}

void stomp_parser_destroy(struct stomp_parser *parser)
{
	if (parser == NULL)
		return;
	reading_destroy(parser->reading);
	free(parser);
}

void stomp_parser_set(struct stomp_parser *parser, enum stomp_version version,
	const struct stomp_limits *limits)
{
	assert(limits->frame > 0 && limits->frame < SIZE_MAX / 4);
	assert(limits->header < SIZE_MAX / 4);
	parser->next = (struct rules){version, *limits};
}

enum stomp_parse stomp_parse(
	struct stomp_parser *parser, struct slice *input, struct stomp_frame *frame)
{
	if (parser->stage == STAGE_DONE)
		stomp_parser_forget_frame(parser);
	while (input->len > 0 && parser->stage < STAGE_DONE)
		stomp_parser_step(parser, input);

	if (parser->stage == STAGE_BAD)
		return STOMP_PARSE_BAD;
	if (parser->stage != STAGE_DONE)
		return STOMP_PARSE_MORE;
	*frame = (struct stomp_frame){
		.command = parser->reading->command,
		.headers = parser->reading->head.headers,
		.header_count = parser->reading->head.count,
		.body = parser->reading->body,
	};
	return STOMP_PARSE_DONE;
}

const char *stomp_parser_error(const struct stomp_parser *parser)
{
	return parser->stage == STAGE_BAD ? parser->reading->error : "";
}

enum stomp_fault stomp_parser_fault(const struct stomp_parser *parser)
{
	return parser->stage == STAGE_BAD ? parser->reading->fault : STOMP_FAULT_NONE;
}

struct slice stomp_parser_culprit(const struct stomp_parser *parser)
{
	if (parser->stage != STAGE_BAD)
		return SLICE("");
	return (struct slice){parser->reading->culprit, parser->reading->culprit_len};
}

struct slice stomp_parser_receipt(const struct stomp_parser *parser)
{
	const struct slice *receipt = NULL;

	if (parser->stage == STAGE_BAD)
		receipt = stomp_head_find(&parser->reading->head, SLICE("receipt"));
	return receipt != NULL ? *receipt : SLICE("");
}

size_t stomp_parser_held(const struct stomp_parser *parser)
{
	return parser->reading == NULL ? 0 : parser->reading->held.capacity;
}

void stomp_parser_drop(struct stomp_parser *parser)
{
	reading_destroy(parser->reading);
	parser->reading = NULL;
	parser->stage = STAGE_BETWEEN;
}

bool stomp_parser_is_inside(const struct stomp_parser *parser)
{
	return parser->stage == STAGE_COMMAND || parser->stage == STAGE_HEADERS ||
	       parser->stage == STAGE_BODY;
}

bool stomp_parser_misses_body(
	const struct stomp_parser *parser, size_t *length, size_t *taken)
{
	if (parser->stage != STAGE_BODY || !parser->reading->has_length)
		return false;
	*length = parser->reading->length;
	*taken = parser->reading->held.len;
	return true;
}
