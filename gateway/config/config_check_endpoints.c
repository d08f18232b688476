/* Endpoints: unique, reachable, with the global values for missing ones. */
#include "gateway/config/config_check_internal.h"

#include "protocol/url.h"
#include "protocol/xmalloc.h"

/* Paths that the server uses itself, and for what. */
static const struct {
	struct slice path;
	bool whole;   /* including all paths below it */
	bool bundled; /* only while Postern serves its bundled pages */
	const char *whose;
} taken[] = {
	{SLICE_INIT("/health"), false, false, "is where the server tells how it is"},
	{SLICE_INIT("/ready"), false, false, "is where the server tells how it is"},
	{SLICE_INIT("/console/stomp"), true, false, "is the console's"},
	{SLICE_INIT("/sockjs-client"), true, false,
		"is where iframes find their scripts"},
	{SLICE_INIT("/docs"), true, true, "is where Postern's documents are"},
};

/* The present owner of the path; NULL: none. */
static const char *config_check_owner_of(const struct config *config, struct slice path)
{
	struct slice below;

	for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++) {
		if (url_is_below(path, taken[i].path, &below) &&
			(taken[i].whole || below.len == 0) &&
			(!taken[i].bundled || config->www_bundled))
			return taken[i].whose;
	}
	return NULL;
}

/* True when SockJS at the endpoint has a URL of that path. */
static bool config_check_speaks_at(const struct endpoint *endpoint, struct slice path)
{
	struct slice below;

	return endpoint->sockjs && endpoint->path.len > 0 &&
	       url_is_below(path, endpoint->path, &below) &&
	       sockjs_url_read(below).kind != URL_UNKNOWN;
}

/* Against the endpoints before it; of two, the later one is reported. */
static void config_check_path(const struct config *config, size_t index,
	const struct config_source *source, const struct config_path *item)
{
	const struct config_path key = {item, "path", 0};
	const struct endpoint *endpoint = &config->endpoints[index];
	const struct slice path = endpoint->path;
	const char *owner = config_check_owner_of(config, path);

	if (owner != NULL)
		config_mistake(source, &key, "%s", owner);
	for (size_t i = 0; i < index && path.len > 0; i++) {
		const struct endpoint *other = &config->endpoints[i];

		if (slice_equal(other->path, path))
			config_mistake(source, &key,
				"\"%.*s\" is the path of endpoints[%zu]",
				SLICE_ARGS(path), i);
		else if (config_check_speaks_at(other, path))
			config_mistake(source, &key,
				"\"%.*s\" is a URL of SockJS at endpoints[%zu]",
				SLICE_ARGS(path), i);
		else if (config_check_speaks_at(endpoint, other->path))
			config_mistake(source, &key,
				"\"%.*s\" has the path of endpoints[%zu] among its "
				"SockJS URLs",
				SLICE_ARGS(path), i);
		else
			continue;
		return;
	}
}

static void config_check_inherit_origins(
	struct config *config, struct endpoint *endpoint)
{
	const struct strings *global = &config->allowed_origins;
	struct strings *own = &endpoint->allowed_origins;

	if (global->count == 0)
		return;
	own->count = global->count;
	own->items = xcalloc(own->count, sizeof(*own->items));
	memcpy(own->items, global->items, own->count * sizeof(*own->items));
}

#define HANDLER_NAME(NAME, name) [HANDLER_##NAME] = SLICE_INIT(#name),
static const struct slice handler_names[HANDLERS] = {HANDLER_LIST(HANDLER_NAME)};

/* For an unknown name, which the table of keys has refused already, the first one. */
static enum handler_kind handler_of(struct slice name)
{
	for (size_t i = 0; i < HANDLERS; i++) {
		if (slice_equal(handler_names[i], name))
			return (enum handler_kind)i;
	}
	return 0;
}

static void config_check_endpoint(
	struct config *config, size_t index, const struct config_source *source)
{
	const struct config_path list = {NULL, "endpoints", 0};
	const struct config_path item = {&list, NULL, index};
	struct endpoint *endpoint = &config->endpoints[index];

	endpoint->config = config;
	endpoint->runs = handler_of(endpoint->handler);
	config_check_path(config, index, source, &item);
	if (!endpoint->sockjs && !endpoint->websocket)
		config_mistake(source, &item,
			"\"sockjs\" and \"websocket\" are both false: nobody can "
			"connect");
	/* Its own empty list counts too: the same origin only. */
	if (json_object_get(config_list_item(config->json, "endpoints", index),
		    "allowed_origins") == NULL)
		config_check_inherit_origins(config, endpoint);
	if (endpoint->slow_consumer.len == 0)
		endpoint->slow_consumer = config->slow_consumer;
}

void config_check_endpoints(struct config *config, const struct config_source *source)
{
	for (size_t i = 0; i < config->endpoint_count; i++)
		config_check_endpoint(config, i, source);
}
