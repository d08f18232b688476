/* Mistakes in a configuration are reported with their position. */
#include "gateway/config/config.h"
#include "gateway/config/config_mistake.h"
#include "tests/support/unit.h"

#define X51         "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define CHAT        "{\"path\": \"/chat\"}"
#define ROUTE(text) "{\"app\": {\"routes\": [" text "]}}"
#define SJS(text)   "{\"sockjs_clients\": [\n" text "]}"
#define WWW(text)   "{\"www\": \"\", \"www_headers\": {\n" text "}}"
#define SELF        "\"file\": \"/proc/self/exe\""

static const struct {
	const char *json, *error;
} mistakes[] = {
	/* syntax */
	{"", "c.json:1:1: '[' or '{' expected near end of file"},
	{"{\n  \"listen\": }", "c.json:2:13: unexpected token near '}'"},
	{"{\"workers\": 1,}", "c.json:1:15: string or '}' expected near '}'"},
	{"{} x", "c.json:1:4: end of file expected near 'x'"},
	{"{\"workers\": 1,\n \"workers\": 2}", "c.json:2:2: \"workers\" stands twice"},
	{"{\"limits\": {\"frame\": 1000,\n  \"frame\": 1000}}",
		"c.json:2:3: \"frame\" stands twice"},
	{"{\"endpoints\": [" CHAT ",\n{\"path\": \"/b\", \"path\": \"/b\"}]}",
		"c.json:2:16: \"path\" stands twice"},
	{"{\n// no\n}", "c.json:2:1: comments are not JSON"},

	{"{\"workers\": 1 /* all */}", "c.json:1:15: comments are not JSON"},
	{"{\"workers\": 1}\n # no", "c.json:2:2: comments are not JSON"},
	{"{\"workers\": /}", "c.json:1:13: invalid token near '/'"},

	/* unknown keys */
	{"{\n  \"listn\": \"x\"\n}",
		"c.json:2:3: listn: is not a known key (did you mean \"listen\"?)"},
	{"{\"zzzzzz\": 1}", "c.json:1:2: zzzzzz: is not a known key"},
	{"{\"a\": [{\"b\": \"}\\\"]\"}], \"limits\": {\n\t\"frames\": 1}}",
		"c.json:1:2: a: is not a known key\n"
		"c.json:2:2: limits.frames: is not a known key (did you mean "
		"\"frame\"?)"},
	{"{\"limits\": {\n\t\"frames\": 1}}",
		"c.json:2:2: limits.frames: is not a known key (did you mean "
		"\"frame\"?)"},
	{"{\"endpoints\": [" CHAT ",\n {\"path\": \"/b\", \"cookies_needed\": true}]}",
		"c.json:2:17: endpoints[1].cookies_needed: is not a known key (did you "
		"mean \"cookie_needed\"?)"},
	{"{\"\\u006cistn\": 1}",
		"c.json:1:2: listn: is not a known key (did you mean \"listen\"?)"},
	{"{\"a\\nb\": 1}", "c.json:1:2: a?b: is not a known key"},
	{"{\"timezone\": \"\xc3\xa9\xc3\xa9\"}",
		"c.json:1:2: timezone: must be like \"Europe/Paris\""},
	{"{\"reply\xc3\xa9\": 1, \"x\": 1}",
		"c.json:1:2: reply\xc3\xa9: is not a known key\n"
		"c.json:1:15: x: is not a known key"},

	/* types */
	{"[]", "c.json:1:1: must be an object"},
	{"\n []", "c.json:2:2: must be an object"},
	{"{\"workers\": \"1\"}", "c.json:1:2: workers: must be a whole number"},
	{"{\"workers\": 1.0}", "c.json:1:2: workers: must be a whole number"},
	{"{\"listen\": 8080}", "c.json:1:2: listen: must be a string"},
	{"{\"listen\": null}", "c.json:1:2: listen: must be a string"},
	{"{\"require_origin\": 1}",
		"c.json:1:2: require_origin: must be true or false"},
	{"{\"limits\": []}", "c.json:1:2: limits: must be an object"},
	{"{\"endpoints\": {}}", "c.json:1:2: endpoints: must be a list of objects"},
	{"{\"endpoints\": [1]}", "c.json:1:16: endpoints[0]: must be an object"},
	{"{\"allowed_origins\": \"*\"}",
		"c.json:1:2: allowed_origins: must be a list of strings"},
	{"{\"allowed_origins\": [\"*\", 1]}",
		"c.json:1:27: allowed_origins[1]: must be a string"},

	/* values */
	{"{\"workers\": -1}", "c.json:1:2: workers: must be from 0 to 256"},
	{"{\"workers\": 257}", "c.json:1:2: workers: must be from 0 to 256"},
	{"{\"times\": {\"ping\": 0}}",
		"c.json:1:12: times.ping: must be from 1 to 2147483647 milliseconds"},
	{"{\"listen\": \"8080\"}", "c.json:1:2: listen: must be \"HOST:PORT\", "
				   "\"[V6]:PORT\" or \":PORT\""},
	{"{\"tcp\": {\"listen\": \"61613\"}}",
		"c.json:1:10: tcp.listen: must be \"HOST:PORT\", "
		"\"[V6]:PORT\" or \":PORT\""},
	{"{\"tcp\": {\"handler\": \"echo\"}}",
		"c.json:1:10: tcp.handler: is not a known key"},
	{"{\"tcp\": \":61613\"}", "c.json:1:2: tcp: must be an object"},
	{"{\"admin\": {\"listen\": \"0.0.0.0:8081\"}}",
		"c.json:1:12: admin.listen: needs admin.token, as it is no loopback "
		"address"},
	{"{\"admin\": {\"listen\": \"[::2]:8081\"}}",
		"c.json:1:12: admin.listen: needs admin.token, as it is no loopback "
		"address"},
	{"{\"admin\": {\"token\": \"short\"}}",
		"c.json:1:12: admin.token: must be 16 printable characters or more, "
		"without blanks"},
	{"{\"admin\": {\"token\": \"<hidden>\"}}",
		"c.json:1:12: admin.token: is hidden here: print-config --secrets "
		"prints what was meant"},
	{"{\"users\": [{\"login\": \"ana\", \"password\": \"<hidden>\"}]}",
		"c.json:1:29: users[0].password: is hidden here: print-config "
		"--secrets prints what was meant"},
	{"{\"log_format\": \"xml\"}",
		"c.json:1:2: log_format: must be one of auto, text, json"},
	{"{\"log_level\": \"warning\"}", "c.json:1:2: log_level: must be one of debug, "
					 "info, warn, error (did you mean \"warn\"?)"},
	{"{\"endpoints\": [{}]}", "c.json:1:16: endpoints[0].path: is missing"},
	{"{\"endpoints\": [{\"path\": \"chat\"}]}",
		"c.json:1:17: endpoints[0].path: must be a plain path like \"/chat\", "
		"without \"/\" at its end"},
	{"{\"endpoints\": [{\"path\": \"/" X51 X51 X51 X51 X51 "\"}]}",
		"c.json:1:17: endpoints[0].path: must not be longer than 255 bytes"},
	{"{\"endpoints\": [{\"path\": \"/c\", \"handler\": \"stmp\"}]}",
		"c.json:1:31: endpoints[0].handler: must be one of stomp, echo, reply, "
		"close, amplify, broadcast, ticker (did you mean "
		"\"stomp\"?)"},
	{"{\"endpoints\": [" CHAT ", " CHAT "]}",
		"c.json:1:36: endpoints[1].path: \"/chat\" is the path of "
		"endpoints[0]"},
	{"{\"endpoints\": [{\"path\": \"/health\"}]}",
		"c.json:1:17: endpoints[0].path: is where the server tells how it is"},
	{"{\"endpoints\": [{\"path\": \"/ready\"}]}",
		"c.json:1:17: endpoints[0].path: is where the server tells how it is"},
	{"{\"endpoints\": [{\"path\": \"/c\", \"sockjs\": false, \"websocket\": "
	 "false}]}",
		"c.json:1:16: endpoints[0]: \"sockjs\" and \"websocket\" are both "
		"false: "
		"nobody can connect"},
	{"{\"allowed_origins\": [\"https://x/\"]}",
		"c.json:1:22: allowed_origins[0]: must be \"*\", \"null\" or an origin "
		"like "
		"\"https://shop.example\", \"https://*.shop.example\", "
		"\"http://localhost:*\" or \"file://\", without a path"},
	{"{\"trusted_proxies\": [\"::1\", \"10.0.0.1/8\"]}",
		"c.json:1:29: trusted_proxies[1]: must be an address or a network, "
		"like \"192.0.2.1\", \"10.0.0.0/8\" or \"fd00::/8\""},
	{"{\"proxy_protocol\": true}",
		"c.json:1:2: proxy_protocol: needs trusted_proxies: only they may "
		"connect"},
	{"{\"broker\": {\"prefixes\": [\"/topic/\"]}}",
		"c.json:1:26: broker.prefixes[0]: must be like \"/topic\", without "
		"\"/\" "
		"at its end, '*', '?', braces"},
	{"{\"broker\": {\"prefixes\": [\"/a\", \"/a\"]}}",
		"c.json:1:32: broker.prefixes[1]: \"/a\" stands twice"},
	{"{\"app\": {\"prefixes\": [\"/topic\"]}}",
		"c.json:1:23: app.prefixes[0]: \"/topic\" is also in broker.prefixes"},
	{"{\"broker\": {\"prefixes\": [\"/app\"]}}",
		"c.json:1:26: broker.prefixes[0]: \"/app\" is also in app.prefixes"},
	{"{\"broker\": {\"prefixes\": [\"/a\", \"/b\"],\n\"queues\": [\"/b\"]}}",
		"c.json:1:32: broker.prefixes[1]: \"/b\" is also in broker.queues"},
	{"{\"broker\": {\"prefixes\": [\"/a/b\"],\n\"queues\": [\"/a\"]}}",
		"c.json:1:26: broker.prefixes[0]: \"/a/b\" is also below one of "
		"broker.queues"},
	{"{\"broker\": {\"queues\": [\"/topic\"]}}",
		"c.json:1:24: broker.queues[0]: \"/topic\" is also in "
		"broker.prefixes"},
	{"{\"broker\": {\"prefixes\": [\"/topic/a\"]}, \"app\": {\"prefixes\":"
	 "[\"/topic\"]}}",
		"c.json:1:26: broker.prefixes[0]: \"/topic/a\" is also below one of "
		"app.prefixes"},
	{"{\"broker\": {\"prefixes\": [\"/user\"]}}",
		"c.json:1:26: broker.prefixes[0]: \"/user\" belongs to users: SEND to "
		"/user/NAME/..., SUBSCRIBE to /user/..."},
	{"{\"broker\": {\"queues\": [\"/temp-queue/x\"]}}",
		"c.json:1:24: broker.queues[0]: \"/temp-queue/x\" belongs to temporary "
		"queues"},

	/* values that could never work */
	{"{\"www\": \"/nowhere\"}", "c.json:1:2: www: /nowhere: No such file or "
				    "directory"},
	{"{\"www\": \"/proc/self/exe\"}", "c.json:1:2: www: /proc/self/exe: Not a "
					  "folder"},
	{"{\"timezone\": \"Mars/Olympus\"}",
		"c.json:1:2: timezone: \"Mars/Olympus\" is no time zone of "
		"tests/corpus"},
	{"{\"listen\": \":80\",\n\"tcp\": {\"listen\": \"127.0.0.1:80\"}}",
		"c.json:2:9: tcp.listen: listen listens at \":80\" already"},
	{"{\"listen\": \"0.0.0.0:80\",\n\"admin\": {\"listen\": \"localhost:80\"}}",
		"c.json:2:11: admin.listen: listen listens at \"0.0.0.0:80\" already"},
	{"{\"listen\": \"[::1]:80\",\n\"admin\": {\"listen\": \"localhost:80\"}}",
		"c.json:2:11: admin.listen: listen listens at \"[::1]:80\" already"},
	{"{\"tcp\": {\"listen\": \"Mail.example:9\"},\n\"listen\": "
	 "\"mail.example:9\"}",
		"c.json:1:10: tcp.listen: listen listens at \"mail.example:9\" "
		"already"},
	{"{\"tcp\": {\"listen\": \"127.0.0.1:81\"},\n\"admin\": {\"listen\": "
	 "\"127.0.0.1:81\"}}",
		"c.json:2:11: admin.listen: tcp.listen listens at \"127.0.0.1:81\" "
		"already"},
	{"{\"endpoints\": [{\"path\": \"/docs/x\"}]}",
		"c.json:1:17: endpoints[0].path: is where Postern's documents are"},
	{"{\"endpoints\": [{\"path\": \"/sockjs-client\"}]}",
		"c.json:1:17: endpoints[0].path: is where iframes find their scripts"},
	{"{\"endpoints\": [{\"path\": \"/console/stomp\"}]}",
		"c.json:1:17: endpoints[0].path: is the console's"},
	{"{\"endpoints\": [" CHAT ",\n{\"path\": \"/chat/info\"}]}",
		"c.json:2:2: endpoints[1].path: \"/chat/info\" is a URL of SockJS at "
		"endpoints[0]"},
	{"{\"endpoints\": [{\"path\": \"/chat/websocket\", \"sockjs\": false},\n" CHAT
	 "]}",
		"c.json:2:2: endpoints[1].path: \"/chat\" has the path of endpoints[0] "
		"among its SockJS URLs"},
	{"{\"trusted_proxies\": [\"0.0.0.0\"]}",
		"c.json:1:22: trusted_proxies[0]: is the address of nobody (all "
		"addresses are \"0.0.0.0/0\" and \"::/0\")"},
	{"{\"exempt_addresses\": [\"::/128\"]}",
		"c.json:1:23: exempt_addresses[0]: is the address of nobody (all "
		"addresses are \"0.0.0.0/0\" and \"::/0\")"},
	{ROUTE("{\"match\": \"/app/a\", \"send_to\": \"/topics/a\"}"),
		"c.json:1:41: app.routes[0].send_to[0]: \"/topics/a\" is below none of "
		"broker.prefixes and broker.queues"},
	{ROUTE("{\"match\": \"/app/{a}\", \"send_to\": \"/app/{a}\"}"),
		"c.json:1:43: app.routes[0].send_to[0]: \"/app/{a}\" is below none of "
		"broker.prefixes and broker.queues"},
	{"{\"broker\": {\"prefixes\": [\"/t\"]}, \"app\": {\"routes\": ["
	 "{\"match\": \"/app/a\"}]}}",
		"c.json:1:53: app.routes[0].send_to: is needed, since /topic is below "
		"none of broker.prefixes"},

	{ROUTE("{\"match\": \"/app/a\", \"send_to\": \"/topic\"}"),
		"c.json:1:41: app.routes[0].send_to[0]: \"/topic\" is below none of "
		"broker.prefixes and broker.queues"},
	{ROUTE("{\"match\": \"/app/a\", \"send_to\": \"/topic/*\"}"),
		"c.json:1:41: app.routes[0].send_to[0]: \"/topic/*\" is a pattern: a "
		"message has one destination"},
	{ROUTE("{\"match\": \"/app\"}"),
		"c.json:1:22: app.routes[0].match: is below none of app.prefixes"},
	{"{\"broker\": {\"dead_letter\": \"/queue/*\"}}",
		"c.json:1:13: broker.dead_letter: must be one queue, not a pattern"},
	{"{\"broker\": {\"dead_letter\": \"/queue\"}}",
		"c.json:1:13: broker.dead_letter: \"/queue\" is below none of "
		"broker.queues"},

	/* all mistakes, but none that only follows from another */
	{"{\"workers\": -1,\n\"limits\": {\"frame\": \"1 MB\"},\n\"times\": {\"ping\": "
	 "\"10s\"},\n\"endpoints\": [{\"path\": \"chat\"}, {}]}",
		"c.json:1:2: workers: must be from 0 to 256\n"
		"c.json:4:16: endpoints[0].path: must be a plain path like \"/chat\", "
		"without \"/\" at its end\n"
		"c.json:4:33: endpoints[1].path: is missing\n"
		"c.json:2:12: limits.frame: must be a whole number of bytes\n"
		"c.json:3:11: times.ping: must be a whole number of milliseconds"},
	{"{\"proxy_protocol\": true, \"trusted_proxies\": [\"x\"]}",
		"c.json:1:46: trusted_proxies[0]: must be an address or a network, "
		"like \"192.0.2.1\", \"10.0.0.0/8\" or \"fd00::/8\""},
	{"{\"admin\": {\"listen\": \":1\", \"token\": \"short\"}}",
		"c.json:1:28: admin.token: must be 16 printable characters or more, "
		"without blanks"},
	{"{\"app\": {\"prefixes\": [1], \"routes\": [{\"match\": \"/a/b\"},\n"
	 "{\"match\": 1}]}}",
		"c.json:1:23: app.prefixes[0]: must be a string\n"
		"c.json:2:2: app.routes[1].match: must be a string"},
	{"{\"broker\": [], \"limits\": 1}", "c.json:1:2: broker: must be an object\n"
					    "c.json:1:16: limits: must be an object"},
	{"{\"listen\": \"x\", \"listen\": 1, \"workers\": 1.5}",
		"c.json:1:17: \"listen\" stands twice\n"
		"c.json:1:17: listen: must be a string\n"
		"c.json:1:30: workers: must be a whole number"},

	/* routes */
	{ROUTE("{}"), "c.json:1:21: app.routes[0].match: is missing"},
	{ROUTE("{\"match\": \"/ap/x\"}"),
		"c.json:1:22: app.routes[0].match: is below none of app.prefixes"},
	{ROUTE("{\"match\": \"/apple\"}"),
		"c.json:1:22: app.routes[0].match: is below none of app.prefixes"},
	{ROUTE("{\"match\": \"/app/x\"}, {\"match\": \"/app/x\"}"),
		"c.json:1:43: app.routes[1].match: is the match of app.routes[0]"},
	{ROUTE("{\"match\": \"/app/{a\"}"),
		"c.json:1:22: app.routes[0].match: a {name} must be a whole segment, "
		"not \"{a\""},
	{ROUTE("{\"match\": \"/app/{a}\", \"send_to\": "
	       "[\"/topic/x\",\n\"/topic/{b}\"]}"),
		"c.json:2:1: app.routes[0].send_to[1]: {b} is no variable of the "
		"pattern, and none of {user}, {session}, {claim.NAME}"},
	{ROUTE("{\"match\": \"/app/a\", \"send_to\": \"topic\"}"),
		"c.json:1:41: app.routes[0].send_to: must begin with \"/\""},
	{ROUTE("{\"match\": \"/app/a\", \"body\": {\"x\": \"{var.b}\"}}"),
		"c.json:1:41: app.routes[0].body: {var.b} is no variable of the "
		"pattern"},
	{ROUTE("{\"match\": \"/app/a\", \"body\": \"{bdy}\"}"),
		"c.json:1:41: app.routes[0].body: {bdy} is none of {body}, "
		"{body.NAME}, "
		"{user}, {session}, {claim.NAME}, {header.NAME}, {var.NAME}, "
		"{now:FORMAT} (did you mean \"{body}\"?)"},

	/* times that must be ordered */
	{"{\"times\": {\"stomp_send\": 2000,\n  \"stomp_send_least\": 2001}}",
		"c.json:2:3: times.stomp_send_least: is more than times.stomp_send; "
		"write 2000 or less, or a larger times.stomp_send"},
	{"{\"times\": {\"stomp_send_least\": 10001}}",
		"c.json:1:12: times.stomp_send_least: is more than times.stomp_send; "
		"write 10000 or less, or a larger times.stomp_send"},

	/* clients */
	/* headers of pages */
	{"{\"www_headers\": {\"X-A\": \"1\"}}",
		"c.json:1:2: www_headers: needs www: the pages that come with Postern "
		"have their own"},
	{"{\"www\": \"\", \"www_headers\": []}",
		"c.json:1:13: www_headers: must be an object of strings"},
	{WWW("\"X A\": \"1\""),
		"c.json:2:1: www_headers.X A: must be named by letters, digits and "
		"\"-\""},
	{WWW("\"\": \"1\""), "c.json:2:1: www_headers.: must be named by letters, "
			     "digits and \"-\""},
	{WWW("\"X-A: b\\r\\nX-B\": \"1\""),
		"c.json:2:1: www_headers.X-A: b??X-B: must be named by letters, digits "
		"and \"-\""},
	{WWW("\"content-length\": \"1\""),
		"c.json:2:1: www_headers.content-length: is Postern's own header"},
	{WWW("\"Set-Cookie\": \"a=b\""),
		"c.json:2:1: www_headers.Set-Cookie: is Postern's own header"},
	{WWW("\"X-A\": \"1\",\n\"x-a\": \"2\""),
		"c.json:3:1: www_headers.x-a: stands twice"},
	{WWW("\"X-A\": 1"), "c.json:2:1: www_headers.X-A: must be a string of 1 to "
			    "4,096 printable ASCII characters"},
	{WWW("\"X-A\": \"\""), "c.json:2:1: www_headers.X-A: must be a string of 1 to "
			       "4,096 printable ASCII characters"},
	{WWW("\"X-A\": \"a\\nX-B: c\""),
		"c.json:2:1: www_headers.X-A: must be a string of 1 to 4,096 printable "
		"ASCII characters"},
	{WWW("\"X-A\": \"\xc3\xa9\""),
		"c.json:2:1: www_headers.X-A: must be a string of 1 to 4,096 printable "
		"ASCII characters"},
	{WWW("\"X-A\": \" a\""), "c.json:2:1: www_headers.X-A: must be a string of 1 "
				 "to 4,096 printable ASCII characters"},

	{"{\"sockjs_clients\": {\"0.3.4\": \"x\"}}",
		"c.json:1:2: sockjs_clients: must be a list of objects"},
	{SJS("{\"version\": \"1.2\"}"),
		"c.json:2:1: sockjs_clients[0].file: is missing"},
	{SJS("{" SELF "}"), "c.json:2:1: sockjs_clients[0].version: is missing"},
	{SJS("{\"version\": \"1.2\", \"fle\": \"x\"}"),
		"c.json:2:20: sockjs_clients[0].fle: is not a known key (did you mean "
		"\"file\"?)\n"
		"c.json:2:1: sockjs_clients[0].file: is missing"},
	{SJS("{\"version\": \"1.2.\", " SELF "}"),
		"c.json:2:2: sockjs_clients[0].version: must be numbers with dots "
		"between them, like \"0.3.4\""},
	{SJS("{\"version\": \"../1\", " SELF "}"),
		"c.json:2:2: sockjs_clients[0].version: must be numbers with dots "
		"between them, like \"0.3.4\""},
	{SJS("{\"version\": \"1\", " SELF "},\n {\"version\": \"1\", " SELF "}"),
		"c.json:3:3: sockjs_clients[1].version: \"1\" is the version of "
		"sockjs_clients[0]"},
	{SJS("{\"version\": \"1\", \"file\": \"/nothing.js\"}"),
		"c.json:2:18: sockjs_clients[0].file: /nothing.js: No such file or "
		"directory"},
	{SJS("{\"version\": \"1\", \"file\": \"/proc\"}"),
		"c.json:2:18: sockjs_clients[0].file: /proc: Not a file"},
};

START_TEST(a_mistake_is_told_with_its_place)
{
	struct buf error = {0};
	struct config *config =
		config_parse(slice_of(mistakes[_i].json), "c.json", NULL, &error);

	ck_assert_ptr_null(config);
	ck_assert_slice_eq(buf_slice(&error), slice_of(mistakes[_i].error));
	buf_finish(&error);
}
END_TEST

/* Time zones are files of a folder, whatever this machine has. */
static void setup_timezones(void)
{
	setenv("TZDIR", "tests/corpus", 1);
}

START_TEST(very_many_mistakes_are_counted)
{
	struct buf text = {0}, error = {0};

	buf_append(&text, SLICE("{\"allowed_origins\": [0"));
	for (int i = 1; i < 1000; i++)
		buf_append(&text, SLICE(",\n0"));
	buf_append(&text, SLICE("]}"));
	ck_assert_ptr_null(config_parse(buf_slice(&text), "c.json", NULL, &error));
	ck_assert(slice_ends_with(buf_slice(&error),
		SLICE("c.json:50:1: allowed_origins[49]: must be a string\n"
		      "c.json: 950 mistakes more")));
	buf_finish(&text);
	buf_finish(&error);
}
END_TEST

static const char *const good[] = {
	/* one address, two ports; two addresses, one port; any port */
	"{\"listen\": \":80\", \"admin\": {\"listen\": \"127.0.0.1:81\"}}",
	"{\"listen\": \"127.0.0.2:80\", \"admin\": {\"listen\": \"127.0.0.1:80\"}}",
	"{\"listen\": \"0.0.0.0:80\", \"admin\": {\"listen\": \"[::1]:80\"}}",
	"{\"listen\": \"127.0.0.1:0\", \"admin\": {\"listen\": \"127.0.0.1:0\"}}",
	/* zones */
	"{\"timezone\": \"UTC\"}",
	"{\"timezone\": \"CET-1CEST,M3.5.0,M10.5.0/3\"}",
	"{\"timezone\": \"<+0330>-3:30\"}",
	/* paths next to each other, and the user's own pages at /docs */
	"{\"endpoints\": [" CHAT ", {\"path\": \"/chat/v2\"}]}",
	"{\"endpoints\": [{\"path\": \"/chat\", \"sockjs\": false}, "
	"{\"path\": \"/chat/info\"}]}",
	"{\"www\": \"\", \"endpoints\": [{\"path\": \"/docs\"}]}",
	/* queues inside a topics' prefix; a default gives way */
	"{\"broker\": {\"prefixes\": [\"/a\"], \"queues\": [\"/a/jobs\"]}}",
	"{\"broker\": {\"prefixes\": [\"/topic\", \"/queue\"]}}",
	"{\"trusted_proxies\": [\"0.0.0.0/0\", \"::/0\"]}",
	/* routes whose destination depends on the message, or that only reply */
	ROUTE("{\"match\": \"/app/{a}\", \"send_to\": [\"/{a}\", \"/to{a}\", "
	      "\"/topic/{a}\", \"/user/{a}/queue/x\"]}"),
	"{\"broker\": {\"prefixes\": [\"/t\"]}, \"app\": {\"routes\": ["
	"{\"match\": \"/app/a\", \"reply\": 1}]}}",
};

START_TEST(what_can_work_is_no_mistake)
{
	struct buf error = {0};
	struct config *config =
		config_parse(slice_of(good[_i]), "c.json", NULL, &error);

	ck_assert_msg(config != NULL, "%.*s", SLICE_ARGS(buf_slice(&error)));
	config_unref(config);
}
END_TEST

START_TEST(a_file_that_is_not_there_is_told_by_name)
{
	struct buf error = {0};

	ck_assert_ptr_null(config_read("/nowhere/c.json", NULL, &error));
	ck_assert_slice_eq(
		buf_slice(&error), SLICE("/nowhere/c.json: No such file or directory"));
	buf_clear(&error);
	ck_assert_ptr_null(config_read("/tmp", NULL, &error));
	ck_assert_slice_eq(buf_slice(&error), SLICE("/tmp: Is a directory"));
	buf_finish(&error);
}
END_TEST

START_TEST(a_file_has_at_most_a_mebibyte)
{
	struct buf error = {0};

	ck_assert_ptr_null(config_read("/dev/zero", NULL, &error));
	ck_assert_slice_eq(buf_slice(&error), SLICE("/dev/zero: File too large"));
	buf_finish(&error);
}
END_TEST

static const char *const known[] = {"help", "config", "defaults", "limits.head",
	"limits.queue-bytes", "times.head", "LIMITS__FRAME", NULL};

static const struct {
	const char *word, *nearest;
} words[] = {
	{"confg", "config"},
	{"conf", "config"},
	{"def", "defaults"}, /* the only one that begins so */
	{"limits", NULL},    /* three begin so, in two spellings */
	{"queue-bytes", "limits.queue-bytes"} /* the only one that ends so */,
	{"head", "help"}, /* closer than either section's */
	{"FRAME", "LIMITS__FRAME"},
	{"bytes", NULL}, /* no part of its own */
	{"x", NULL},
	{"", NULL},
};

START_TEST(a_word_that_is_near_an_abbreviation_or_a_last_part_is_suggested)
{
	const char *nearest = config_nearest(slice_of(words[_i].word), known);

	if (words[_i].nearest == NULL)
		ck_assert_ptr_null(nearest);
	else
		ck_assert_str_eq(nearest, words[_i].nearest);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config_mistake");
	TCase *tcase = unit_case(suite, "mistakes");

	tcase_add_unchecked_fixture(tcase, setup_timezones, NULL);
	unit_add_table(tcase, a_mistake_is_told_with_its_place, mistakes);
	tcase_add_test(tcase, very_many_mistakes_are_counted);
	unit_add_table(tcase, what_can_work_is_no_mistake, good);
	tcase_add_test(tcase, a_file_that_is_not_there_is_told_by_name);
	tcase_add_test(tcase, a_file_has_at_most_a_mebibyte);
	unit_add_table(tcase,
		a_word_that_is_near_an_abbreviation_or_a_last_part_is_suggested, words);
	return unit_run(suite);
}
