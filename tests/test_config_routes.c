/* Placeholders of routes that are unknown, ambiguous, or that nobody could fill in. */
#include "gateway/config/config.h"
#include "tests/support/unit.h"

#define ROUTE(text) "{\"app\": {\"routes\": [" text "]}}"

static const struct {
	const char *json, *error;
} mistakes[] = {
	{ROUTE("{\"match\": \"/app/a\", \"send_to\": \"/topic/{usr}\"}"),
		"c.json:1:41: app.routes[0].send_to[0]: {usr} is no variable of the "
		"pattern, and none of {user}, {session}, {claim.NAME} "
		"(did you mean \"{user}\"?)"},
	{ROUTE("{\"match\": \"/app/{room}\", \"send_to\": \"/topic/{rom}\"}"),
		"c.json:1:46: app.routes[0].send_to[0]: {rom} is no variable of the "
		"pattern, and none of {user}, {session}, {claim.NAME} "
		"(did you mean \"{room}\"?)"},
	{ROUTE("{\"match\": \"/app/a\", \"send_to\": \"/topic/{clame.x}\"}"),
		"c.json:1:41: app.routes[0].send_to[0]: {clame.x} is no variable of "
		"the pattern, and none of {user}, {session}, {claim.NAME} "
		"(did you mean \"{claim.x}\"?)"},
	{ROUTE("{\"match\": \"/app/a\", \"send_to\": \"/topic/{claim.x}\"}"),
		"c.json:1:41: app.routes[0].send_to[0]: {claim.x} has no value: only "
		"tokens bring claims, and there are none in \"tokens\""},
	{ROUTE("{\"match\": \"/app/a\", \"body\": \"{claim.x?}\"}"),
		"c.json:1:41: app.routes[0].body: {claim.x} has no value: only "
		"tokens bring claims, and there are none in \"tokens\""},
	{ROUTE("{\"match\": \"/app/{user}\", \"send_to\": \"/topic/{user}\"}"),
		"c.json:1:46: app.routes[0].send_to[0]: {user} is the client's, and a "
		"variable of the pattern: write {var.user} for the pattern's, or "
		"rename that"},
	{ROUTE("{\"match\": \"/app/{room}\", \"body\": \"{room}\"}"),
		"c.json:1:46: app.routes[0].body: {room} is none of {body}, "
		"{body.NAME}, {user}, {session}, {claim.NAME}, {header.NAME}, "
		"{var.NAME}, {now:FORMAT} (did you mean \"{var.room}\"?)"},
	{ROUTE("{\"match\": \"/app/{room}\", \"body\": \"{var.rom}\"}"),
		"c.json:1:46: app.routes[0].body: {var.rom} is no variable of the "
		"pattern (did you mean \"{var.room}\"?)"},
	{ROUTE("{\"match\": \"/app/a\", \"send_to\": \"/topic/{}\"}"),
		"c.json:1:41: app.routes[0].send_to[0]: {} is no variable of the "
		"pattern, and none of {user}, {session}, {claim.NAME}"},
	{ROUTE("{\"match\": \"/app/a\", \"send_to\": \"/topic/{other}\"}"),
		"c.json:1:41: app.routes[0].send_to[0]: {other} is no variable of the "
		"pattern, and none of {user}, {session}, {claim.NAME}"},
};

START_TEST(a_placeholder_that_cannot_be_filled_in_is_told_with_the_nearest)
{
	struct buf error = {0};
	struct config *config =
		config_parse(slice_of(mistakes[_i].json), "c.json", NULL, &error);

	ck_assert_ptr_null(config);
	ck_assert_slice_eq(buf_slice(&error), slice_of(mistakes[_i].error));
	buf_finish(&error);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config_routes");

	unit_add_table(unit_case(suite, "placeholders"),
		a_placeholder_that_cannot_be_filled_in_is_told_with_the_nearest,
		mistakes);
	return unit_run(suite);
}
