#include "transports/sockjs/route.h"

#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

static struct config *config;

static void setup(void)
{
	config = config_of("{'allowed_origins': ['https://global.example'],"
			   "'endpoints': ["
			   "{'path': '/chat', 'allowed_origins': []},"
			   "{'path': '/chat/deep', 'allowed_origins':"
			   " ['https://shop.example', 'https://*.a.example']},"
			   "{'path': '/ws/chat', 'sockjs': false},"
			   "{'path': '/open', 'allowed_origins': ['*']},"
			   "{'path': '/poll', 'websocket': false}]}");
}

static void setup_strict(void)
{
	config = config_of("{'require_origin': true, 'endpoints':"
			   " [{'path': '/chat'}]}");
}

static void teardown(void)
{
	config_unref(config);
}

/* Targets */

static const struct {
	const char *target;
	bool upgrade;
	enum route_kind kind;
	const char *endpoint;
	const char *detail; /* the session and the transport's path, or the framing */
} targets[] = {
	{"/", false, ROUTE_FILE, NULL, ""},
	{"/index.html", false, ROUTE_FILE, NULL, ""},
	{"/chatter", false, ROUTE_FILE, NULL, ""},
	{"/chatter/0/s/xhr", false, ROUTE_FILE, NULL, ""},
	{"/Chat", false, ROUTE_FILE, NULL, ""},
	{"/x/chat", false, ROUTE_FILE, NULL, ""},
	{"/ws", true, ROUTE_FILE, NULL, ""},

	{"/health", false, ROUTE_HEALTH, NULL, ""},
	{"/health?probe=1", false, ROUTE_HEALTH, NULL, ""},
	{"/ready", false, ROUTE_READY, NULL, ""},
	{"/ready/", false, ROUTE_READY, NULL, ""},
	{"/health/", false, ROUTE_HEALTH, NULL, ""},
	{"/ready//", false, ROUTE_FILE, NULL, ""},
	{"/health/x", false, ROUTE_FILE, NULL, ""},
	{"*", false, ROUTE_SERVER, NULL, ""},
	{"/chat/health", false, ROUTE_UNKNOWN, "/chat", ""},

	{"/chat", false, ROUTE_GREETING, "/chat", ""},
	{"/chat/", false, ROUTE_GREETING, "/chat", ""},
	{"/chat?token=1", false, ROUTE_GREETING, "/chat", ""},
	{"/chat", true, ROUTE_WEBSOCKET, "/chat", "raw"},
	{"/chat?token=1", true, ROUTE_WEBSOCKET, "/chat", "raw"},
	{"/chat/", true, ROUTE_WEBSOCKET, "/chat", "raw"},
	{"/chat//", true, ROUTE_UNKNOWN, "/chat", ""},
	{"/chat/websocket/", true, ROUTE_WEBSOCKET, "/chat", "raw"},
	{"/chat/websocket/?token=1", true, ROUTE_WEBSOCKET, "/chat", "raw"},
	{"/chat/websocket", true, ROUTE_WEBSOCKET, "/chat", "raw"},
	{"/chat/websocket", false, ROUTE_WEBSOCKET, "/chat", "raw"},
	{"/chat/info", false, ROUTE_INFO, "/chat", ""},
	{"/chat/info/", false, ROUTE_INFO, "/chat", ""},
	{"/chat/info?t=1", false, ROUTE_INFO, "/chat", ""},
	{"/chat/infox", false, ROUTE_UNKNOWN, "/chat", ""},
	{"/chat/iframe.html", false, ROUTE_IFRAME, "/chat", ""},
	{"/chat/iframe-1.6.1.html?x", false, ROUTE_IFRAME, "/chat", ""},
	{"/chat/iframe-<.html", false, ROUTE_UNKNOWN, "/chat", ""},

	{"/chat/000/abc/websocket", true, ROUTE_WEBSOCKET, "/chat", "framed"},
	{"/chat/000/abc/websocket", false, ROUTE_WEBSOCKET, "/chat", "framed"},
	{"/chat/000/abc/xhr", false, ROUTE_DOWNLINK, "/chat", "abc xhr"},
	{"/chat/x-y/a%20_-/xhr?t=1", false, ROUTE_DOWNLINK, "/chat", "a%20_- xhr"},
	{"/chat/000/abc/xhr_streaming", false, ROUTE_DOWNLINK, "/chat",
		"abc xhr_streaming"},
	{"/chat/000/abc/eventsource", false, ROUTE_DOWNLINK, "/chat",
		"abc eventsource"},
	{"/chat/000/abc/xhr_send", false, ROUTE_UPLINK, "/chat", "abc xhr_send"},
	{"/chat/000/abc/nothing", false, ROUTE_UNKNOWN, "/chat", ""},
	{"/chat/000/abc/websocket/", true, ROUTE_WEBSOCKET, "/chat", "framed"},
	{"/chat/000/abc/xhr/", false, ROUTE_DOWNLINK, "/chat", "abc xhr"},
	{"/chat/000/abc/xhr//", false, ROUTE_UNKNOWN, "/chat", ""},
	{"/chat/000/abc", false, ROUTE_UNKNOWN, "/chat", ""},
	{"/chat/000//xhr", false, ROUTE_UNKNOWN, "/chat", ""},
	{"/chat//abc/xhr", false, ROUTE_UNKNOWN, "/chat", ""},
	{"/chat/0.0/abc/xhr", false, ROUTE_UNKNOWN, "/chat", ""},
	{"/chat/000/a.c/xhr", false, ROUTE_UNKNOWN, "/chat", ""},
	{"/chat/0/000/abc/xhr", false, ROUTE_UNKNOWN, "/chat", ""},

	/* the longest path owns it */
	{"/chat/deep/info", false, ROUTE_INFO, "/chat/deep", ""},
	{"/chat/deep/0/abc/xhr", false, ROUTE_DOWNLINK, "/chat/deep", "abc xhr"},
	{"/chat/deep/abc/xhr", false, ROUTE_UNKNOWN, "/chat/deep", ""},
	{"/chat/deeper/abc/xhr", false, ROUTE_DOWNLINK, "/chat", "abc xhr"},

	{"/ws/chat", true, ROUTE_WEBSOCKET, "/ws/chat", "raw"},
	{"/ws/chat", false, ROUTE_WEBSOCKET, "/ws/chat", "raw"},
	{"/ws/chat/", true, ROUTE_WEBSOCKET, "/ws/chat", "raw"},
	{"/ws/chat//", true, ROUTE_UNKNOWN, "/ws/chat", ""},
	{"/ws/chat/info", false, ROUTE_UNKNOWN, "/ws/chat", ""},
	{"/ws/chat/websocket", true, ROUTE_UNKNOWN, "/ws/chat", ""},

	{"/poll", false, ROUTE_GREETING, "/poll", ""},
	{"/poll/info", false, ROUTE_INFO, "/poll", ""},
	{"/poll", true, ROUTE_UNKNOWN, "/poll", ""},
	{"/poll/", true, ROUTE_UNKNOWN, "/poll", ""},
	{"/poll/websocket", true, ROUTE_UNKNOWN, "/poll", ""},
	{"/poll/0/abc/websocket", true, ROUTE_UNKNOWN, "/poll", ""},
	{"/poll/0/abc/xhr", false, ROUTE_DOWNLINK, "/poll", "abc xhr"},
};

static void describe(const struct http_route *route, struct buf *out)
{
	if (route->kind == ROUTE_WEBSOCKET)
		buf_append(out,
			route->framing == SESSION_RAW ? SLICE("raw") : SLICE("framed"));
	if (route->kind == ROUTE_DOWNLINK)
		buf_printf(out, "%.*s %.*s", SLICE_ARGS(route->session),
			SLICE_ARGS(route->downlink->path));
	if (route->kind == ROUTE_UPLINK)
		buf_printf(out, "%.*s %.*s", SLICE_ARGS(route->session),
			SLICE_ARGS(route->uplink->path));
}

START_TEST(a_target_leads_where_it_says)
{
	struct slice target = slice_of(targets[_i].target);
	struct http_route route = route_find(config, target, targets[_i].upgrade);
	struct buf detail = {0};

	ck_assert_int_eq(route.kind, targets[_i].kind);
	if (targets[_i].endpoint == NULL)
		ck_assert_ptr_null(route.endpoint);
	else
		ck_assert_slice_eq(
			route.endpoint->path, slice_of(targets[_i].endpoint));
	ck_assert_slice_eq(route.path, slice_first(target, slice_find(target, '?')));
	describe(&route, &detail);
	ck_assert_slice_eq(buf_slice(&detail), slice_of(targets[_i].detail));
	buf_finish(&detail);
}
END_TEST

/* Origins */

static const struct {
	const char *endpoint, *origin, *host;
	bool allowed;
} origins[] = {
	/* no list: the same origin only */
	{"/chat", "http://here.example", "here.example", true},
	{"/chat", "https://here.example", "here.example",
		true}, /* a proxy terminates TLS */
	{"/chat", "http://here.example:8080", "here.example:8080", true},
	{"/chat", "http://here.example:8080", "here.example", false},
	{"/chat", "ws://here.example", "here.example", true},
	{"/chat", "wss://here.example", "here.example", true},
	{"/chat", "wss://other.example", "here.example", false},
	{"/chat", "http://other.example", "here.example", false},
	{"/chat", "https://global.example", "here.example", false},
	{"/chat", "ftp://here.example", "here.example", false},
	{"/chat", "null", "here.example", false},
	{"/chat", "null", "null", false},
	{"/chat", "", "here.example", true}, /* none was sent */

	{"/chat/deep", "https://shop.example", "here.example", true},
	{"/chat/deep", "http://shop.example", "here.example", false},
	{"/chat/deep", "https://here.example", "here.example", false},
	{"/chat/deep", "https://x.a.example", "here.example", true},
	{"/chat/deep", "https://a.example", "here.example", false},
	{"/chat/deep", "", "here.example", true},

	/* the global list counts if the endpoint has none */
	{"/ws/chat", "https://global.example", "here.example", true},
	{"/ws/chat", "https://here.example", "here.example", false},

	{"/open", "https://anybody.example", "here.example", true},
	{"/open", "null", "here.example", true},
};

static bool allows(
	const char *target, const char *origin, const char *scheme, const char *host)
{
	struct http_route route = route_find(config, slice_of(target), true);

	ck_assert_ptr_nonnull(route.endpoint);
	const struct forwarded site = {
		.scheme = slice_of(scheme), .host = slice_of(host)};
	return route_allows(config, route.endpoint, slice_of(origin), &site);
}

START_TEST(an_origin_is_allowed_or_not)
{
	ck_assert(allows(origins[_i].endpoint, origins[_i].origin, "",
			  origins[_i].host) == origins[_i].allowed);
}
END_TEST

START_TEST(a_scheme_that_is_known_must_be_the_origins)
{
	ck_assert(allows("/chat", "https://here.example", "https", "here.example"));
	ck_assert(allows("/chat", "https://here.example", "https", "here.example:443"));
	ck_assert(!allows("/chat", "http://here.example", "https", "here.example"));
	ck_assert(!allows("/chat", "https://here.example", "http", "here.example"));
}
END_TEST

START_TEST(an_origin_may_be_required)
{
	ck_assert(!allows("/chat", "", "", "here.example"));
	ck_assert(allows("/chat", "http://here.example", "", "here.example"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("route");
	TCase *tcase = unit_case(suite, "targets");
	TCase *strict = unit_case(suite, "strict");

	tcase_add_checked_fixture(tcase, setup, teardown);
	unit_add_table(tcase, a_target_leads_where_it_says, targets);
	unit_add_table(tcase, an_origin_is_allowed_or_not, origins);
	tcase_add_test(tcase, a_scheme_that_is_known_must_be_the_origins);

	tcase_add_checked_fixture(strict, setup_strict, teardown);
	tcase_add_test(strict, an_origin_may_be_required);
	return unit_run(suite);
}
