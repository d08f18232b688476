/* Names in a configuration that nothing could ever reach. */
#include "gateway/config/config.h"
#include "tests/support/unit.h"

#include <string.h>

/* With single quotes, which become double ones. The mistake "" means none. */
static const struct {
	const char *json, *mistake;
} rows[] = {
	/* prefixes */
	{"'broker': {'prefixes': ['/users']}", ""},
	{"'broker': {'prefixes': ['/topic/#']}",
		"broker.prefixes[0]: \"/topic/#\" must be without a wildcard at its "
		"end"},
	{"'broker': {'queues': ['/queue/>']}",
		"broker.queues[0]: \"/queue/>\" must be without a wildcard at its end"},
	{"'broker': {'queues': ['/topic/jobs']}", ""}, /* the queue comes first */
	{"'app': {'prefixes': ['/topic/app']}", ""},   /* routes come first */
	{"'broker': {'dead_letter': '/queue'}",
		"broker.dead_letter: \"/queue\" is below none of broker.queues"},
	{"'broker': {'dead_letter': '/queue/*'}",
		"broker.dead_letter: must be one queue, not a pattern"},
	{"'broker': {'queues': ['/queue', '/queue/dead'], "
	 "'dead_letter': '/queue/dead'}",
		""},

	/* matches */
	{"'app': {'routes': [{'match': '/app'}]}",
		"app.routes[0].match: is below none of app.prefixes"},
	{"'app': {'routes': [{'match': '/app/'}]}",
		"app.routes[0].match: is below none of app.prefixes"},
	{"'app': {'routes': [{'match': '/app/**'}]}", ""},
	{"'app': {'routes': [{'match': '/app/{a}'}, {'match': '/app/{b}'}]}",
		"app.routes[1].match: matches the same destinations as app.routes[0]: "
		"only one of them is ever taken"},
	{"'app': {'routes': [{'match': '/app/*'}, {'match': '/app/{b}'}]}",
		"app.routes[1].match: matches the same"},
	{"'app': {'routes': [{'match': '/app/**'}, {'match': '/app/**/**'}]}",
		"app.routes[1].match: matches the same"},
	{"'app': {'routes': [{'match': '/app/a*'}, {'match': '/app/{b}'},"
	 "{'match': '/app/{b}/c'}, {'match': '/app/**'}, {'match': '/app/*/**'}]}",
		""},

/* targets */
#define TO(target)                                                                     \
	"'app': {'routes': [{'match': '/app/{a}/{b}', 'send_to': '" target "'}]}"
	{TO("/topic/x"), ""},
	{TO("/topic/{a}"), ""},
	{TO("/{a}/x"), ""},
	{TO("/to{a}/x"), ""},
	{TO("/queue/{a}"), ""},
	{TO("/user/{a}/queue/x"), ""},
	{TO("/user/ana/x"), ""},
	{TO("/reply-queue/{a}"), ""},
	{TO("/nowhere/x"), "app.routes[0].send_to[0]: \"/nowhere/x\" is below none of "
			   "broker.prefixes and broker.queues"},
	{TO("/nowhere/{a}"),
		"app.routes[0].send_to[0]: \"/nowhere/{a}\" is below none"},
	{TO("/tp{a}/x"), "app.routes[0].send_to[0]: \"/tp{a}/x\" is below none"},
	{TO("/topic"), "app.routes[0].send_to[0]: \"/topic\" is below none"},
	{TO("/topics/x"), "app.routes[0].send_to[0]: \"/topics/x\" is below none"},
	{TO("/app/x"), "app.routes[0].send_to[0]: \"/app/x\" is below none"},
	{TO("/temp-queue/x"),
		"app.routes[0].send_to[0]: \"/temp-queue/x\" is below none"},
	{TO("/queue/dead-letter"),
		"app.routes[0].send_to[0]: \"/queue/dead-letter\" is "
		"broker.dead_letter, where only Postern sends"},
	{TO("/queue/dead-{a}"), ""}, /* a SEND is checked */
	{"'broker': {'dead_letter': '/queue/x'}," TO("/queue/dead-letter"), ""},
	{"'broker': {'dead_letter': ''}," TO("/queue/dead-letter"), ""},
	{TO("/topic/*"), "app.routes[0].send_to[0]: \"/topic/*\" is a pattern"},
	{TO("/user/{a}/queue/?"),
		"app.routes[0].send_to[0]: \"/user/{a}/queue/?\" is a"},
	{TO("/user/{a}"), "app.routes[0].send_to[0]: \"/user/{a}\" needs a name and a "
			  "destination"},
	{TO("/user/queue/x"),
		"app.routes[0].send_to[0]: \"/user/queue/x\" names no user"},
	{"'broker': {'prefixes': ['/news']}, 'app': {'routes': [{'match': '/app/a'}]}",
		"app.routes[0].send_to: is needed"},
	{"'broker': {'prefixes': ['/news']}, 'app': {'routes': [{'match': '/app/a', "
	 "'reply': 1}]}",
		""},
};

START_TEST(what_can_never_be_reached_is_told)
{
	struct buf json = {0}, error = {0};

	buf_printf(&json, "{%s}", rows[_i].json);
	for (size_t i = 0; i < json.len; i++)
		if (json.data[i] == '\'')
			json.data[i] = '"';
	struct config *config = config_parse(buf_slice(&json), "c.json", NULL, &error);
	buf_append_char(&error, '\0');
	ck_assert_msg((config != NULL) == (rows[_i].mistake[0] == '\0'), "%s: %s",
		json.data, error.data);
	ck_assert_msg(strstr(error.data, rows[_i].mistake) != NULL, "%s", error.data);
	config_unref(config);
	buf_finish(&json);
	buf_finish(&error);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config_reach");
	TCase *tcase = unit_case(suite, "reach");

	unit_add_table(tcase, what_can_never_be_reached_is_told, rows);
	return unit_run(suite);
}
