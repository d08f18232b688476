/* Renders templates. The depth of a value or a body does not matter here. */
#include "gateway/route/template_body.h"
#include "gateway/route/template_parts.h"
#include "gateway/route/template_time.h"
#include "protocol/json_text.h"
#include "protocol/xmalloc.h"

#include <assert.h>
#include <stdlib.h>

/* The state of template_render() during its walk. */
struct render {
	const struct template *template;
	const struct template_input *input;
	struct body_member *members; /* owned; found when the first is needed */
	struct buf clean;            /* they may point into it */
	struct buf *out, *error;
};

static bool render_read_body(struct render *render)
{
	const struct template *template = render->template;

	if (render->members != NULL)
		return true;
	render->members = xcalloc(template->member_count, sizeof(*render->members));
	for (size_t i = 0; i < template->member_count; i++)
		render->members[i].path = template->members[i];
	return template_body_find(render->input->send->body, render->members,
		template->member_count, &render->clean, render->error);
}

/* Within a string, a string is its text and any other value its JSON. */
static void template_append_inside(struct buf *out, struct slice value)
{
	struct buf text = {0};

	if (value.data[0] == '"') {
		json_text_append_string(out, value, false);
		return;
	}
	json_text_append_compact(&text, value);
	json_text_append_escaped(out, buf_slice(&text));
	buf_finish(&text);
}

/* False when the missing value has no fallback. */
static bool render_fallback(
	struct render *render, const struct placeholder *placeholder)
{
	if (placeholder->fallback == FALLBACK_TEXT)
		template_append_string(
			render->out, placeholder->text, placeholder->is_whole);
	else if (placeholder->fallback == FALLBACK_NULL && placeholder->is_whole)
		buf_append(render->out, SLICE("null"));
	return placeholder->fallback != FALLBACK_NONE;
}

static bool render_body(struct render *render, const struct placeholder *placeholder)
{
	if (!render_read_body(render))
		return false;

	const struct slice value = render->members[placeholder->member].value;
	if (value.data == NULL && render_fallback(render, placeholder))
		return true;
	if (value.data == NULL) {
		buf_printf(render->error, "the body has no member \"%.*s\"",
			SLICE_ARGS(placeholder->name));
		return false;
	}
	if (placeholder->is_whole)
		json_text_append_compact(render->out, value);
	else
		template_append_inside(render->out, value);
	return true;
}

static bool render_header(struct render *render, const struct placeholder *placeholder)
{
	const struct slice *value =
		stomp_header(render->input->send, placeholder->name);

	if (value == NULL && render_fallback(render, placeholder))
		return true;
	if (value != NULL)
		template_append_string(render->out, *value, placeholder->is_whole);
	else
		buf_printf(render->error, "the frame has no header \"%.*s\"",
			SLICE_ARGS(placeholder->name));
	return value != NULL;
}

static bool render_claim(struct render *render, const struct placeholder *placeholder)
{
	const struct slice *value =
		template_claim_value(render->input, placeholder->name);

	if (value == NULL && render_fallback(render, placeholder))
		return true;
	if (value != NULL)
		template_append_string(render->out, *value, placeholder->is_whole);
	else
		buf_printf(render->error, "the client's login has no claim \"%.*s\"",
			SLICE_ARGS(placeholder->name));
	return value != NULL;
}

static bool render_now(struct render *render, const struct placeholder *placeholder)
{
	struct buf text = {0};
	bool done = template_time(placeholder->name, render->input->now, &text);

	if (done)
		template_append_string(
			render->out, buf_slice(&text), placeholder->is_whole);
	else
		buf_append(render->error, SLICE("the clock cannot be read"));
	buf_finish(&text);
	return done;
}

static bool render_placeholder(
	struct render *render, const struct placeholder *placeholder)
{
	const struct template_input *input = render->input;
	const struct slice *variable;

	switch (placeholder->source) {
	case SOURCE_BODY:
		return render_body(render, placeholder);
	case SOURCE_USER:
		template_append_string(render->out, input->user, placeholder->is_whole);
		return true;
	case SOURCE_SESSION:
		template_append_string(
			render->out, input->session, placeholder->is_whole);
		return true;
	case SOURCE_CLAIM:
		return render_claim(render, placeholder);
	case SOURCE_HEADER:
		return render_header(render, placeholder);
	case SOURCE_VARIABLE:
		variable = variables_find(input->variables, placeholder->name);
		assert(variable != NULL); /* template_create() has checked the name */
		template_append_string(render->out, *variable, placeholder->is_whole);
		return true;
	case SOURCE_NOW:
		return render_now(render, placeholder);
	}
	return false;
}

bool template_render(const struct template *template,
	const struct template_input *input, struct buf *out, struct buf *error)
{
	struct render render = {
		.template = template, .input = input, .out = out, .error = error};
	struct slice text = buf_slice(&template->text);
	size_t start = out->len, from = 0;
	bool done = true;

	for (size_t i = 0; i < template->count && done; i++) {
		const struct placeholder *next = &template->placeholders[i];

		buf_append(out, slice_from(slice_first(text, next->at), from));
		from = next->at;
		done = render_placeholder(&render, next);
	}
	if (done)
		buf_append(out, slice_from(text, from));
	else
		out->len = start;
	free(render.members);
	buf_finish(&render.clean);
	return done;
}
