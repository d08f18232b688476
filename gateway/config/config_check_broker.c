/* Checks that every destination has one owner, and every route a valid target. */
#include "gateway/config/config_check_internal.h"

#include "protocol/url.h"

/* Prefixes. */

static bool config_check_is_below_any(struct slice path, struct strings prefixes)
{
	struct slice rest;

	for (size_t i = 0; i < prefixes.count; i++)
		if (prefixes.items[i].len > 0 &&
			url_is_below(path, prefixes.items[i], &rest))
			return true;
	return false;
}

/*
 * True when the path is a destination below one of them: longer than the prefix
 * itself.
 */
static bool config_check_is_inside_any(struct slice path, struct strings prefixes)
{
	struct slice rest;

	for (size_t i = 0; i < prefixes.count; i++)
		if (prefixes.items[i].len > 0 &&
			url_is_below(path, prefixes.items[i], &rest) && rest.len > 1)
			return true;
	return false;
}

/* A message's destination has no wildcard. */
static bool config_check_has_wildcard(struct slice text)
{
	return slice_find(text, '*') < text.len || slice_find(text, '?') < text.len;
}

static bool config_check_strings_have(
	struct strings strings, size_t count, struct slice wanted)
{
	for (size_t i = 0; i < count; i++)
		if (slice_equal(strings.items[i], wanted))
			return true;
	return false;
}

/* Postern's own names, which take precedence over the configuration. */
static const char *config_check_reserved_for(struct slice prefix)
{
	static const struct {
		struct slice prefix;
		const char *whose;
	} ours[] = {
		{SLICE_INIT("/user"), "belongs to users: SEND to /user/NAME/..., "
				      "SUBSCRIBE to /user/..."},
		{SLICE_INIT("/temp-queue"), "belongs to temporary queues"},
		{SLICE_INIT("/reply-queue"), "belongs to temporary queues"},
	};
	struct slice rest;

	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++) {
		if (url_is_below(prefix, ours[i].prefix, &rest))
			return ours[i].whose;
	}
	return NULL;
}

/* The three lists, in the order of precedence if one prefix lies below another's. */
enum prefix_kind { PREFIX_APP, PREFIX_QUEUE, PREFIX_TOPIC };

static const struct {
	const char *section, *key, *name;
} kinds[] = {
	[PREFIX_APP] = {"app", "prefixes", "app.prefixes"},
	[PREFIX_QUEUE] = {"broker", "queues", "broker.queues"},
	[PREFIX_TOPIC] = {"broker", "prefixes", "broker.prefixes"},
};

static struct strings config_check_prefixes_of(
	const struct config *config, enum prefix_kind kind)
{
	switch (kind) {
	case PREFIX_APP:
		return config->app_prefixes;
	case PREFIX_QUEUE:
		return config->queue_prefixes;
	case PREFIX_TOPIC:
		break;
	}
	return config->broker_prefixes;
}

/* True when the file, or a setting, has the list: else it is the default. */
static bool config_check_is_said(const struct config *config, enum prefix_kind kind)
{
	const json_t *section = json_object_get(config->json, kinds[kind].section);

	return json_object_get(section, kinds[kind].key) != NULL;
}

static void config_check_refuse_prefix(const struct config_source *source,
	enum prefix_kind kind, size_t index, const char *what, struct slice prefix)
{
	const struct config_path object = {NULL, kinds[kind].section, 0};
	const struct config_path list = {&object, kinds[kind].key, 0};
	const struct config_path item = {&list, NULL, index};

	config_mistake(source, &item, "\"%.*s\" %s", SLICE_ARGS(prefix), what);
}

/*
 * A prefix at or below one with precedence would never get a message. Of the two, the
 * one that the operator has written is the mistake.
 */
static void config_check_winner(const struct config *config,
	const struct config_source *source, enum prefix_kind kind, size_t index,
	enum prefix_kind before)
{
	const struct strings winners = config_check_prefixes_of(config, before);
	const struct slice prefix = config_check_prefixes_of(config, kind).items[index];
	const bool is_own = config_check_is_said(config, kind);
	struct buf what = {0};
	struct slice rest;

	for (size_t i = 0; i < winners.count && prefix.len > 0; i++) {
		if (winners.items[i].len == 0 ||
			!url_is_below(prefix, winners.items[i], &rest))
			continue;
		buf_printf(&what, "is also %s %s",
			rest.len == 0 ? "in"
			: is_own      ? "below one of"
				      : "above one of",
			is_own ? kinds[before].name : kinds[kind].name);
		buf_append_char(&what, '\0');
		config_check_refuse_prefix(source, is_own ? kind : before,
			is_own ? index : i, what.data,
			is_own ? prefix : winners.items[i]);
		break;
	}
	buf_finish(&what);
}

static void config_check_pair(const struct config *config,
	const struct config_source *source, enum prefix_kind kind,
	enum prefix_kind before)
{
	for (size_t i = 0; i < config_check_prefixes_of(config, kind).count; i++)
		config_check_winner(config, source, kind, i, before);
}

static void config_check_prefixes(const struct config *config, enum prefix_kind kind,
	const struct config_source *source)
{
	const struct strings prefixes = config_check_prefixes_of(config, kind);

	for (size_t i = 0; i < prefixes.count; i++) {
		const struct slice prefix = prefixes.items[i];
		const char *reserved = config_check_reserved_for(prefix);

		if (prefix.len == 0)
			continue; /* it was reported before */
		if (reserved != NULL)
			config_check_refuse_prefix(source, kind, i, reserved, prefix);
		else if (config_check_strings_have(prefixes, i, prefix))
			config_check_refuse_prefix(
				source, kind, i, "stands twice", prefix);
	}
}

/* A default gives way: as in Spring, "prefixes" may have /queue for topics. */
static void config_check_free_default_queues(struct config *config)
{
	struct strings *queues = &config->queue_prefixes;

	if (json_object_get(json_object_get(config->json, "broker"), "queues") != NULL)
		return;
	if (queues->count == 1 &&
		(config_check_strings_have(config->broker_prefixes,
			 config->broker_prefixes.count, queues->items[0]) ||
			config_check_strings_have(config->app_prefixes,
				config->app_prefixes.count, queues->items[0])))
		queues->count = 0;
}

static void config_check_dead_letter(
	struct config *config, const struct config_source *source)
{
	const struct config_path object = {NULL, "broker", 0};
	const struct config_path path = {&object, "dead_letter", 0};

	if (config->dead_letter.len == 0)
		return;
	if (config_check_has_wildcard(config->dead_letter)) {
		config_mistake(source, &path, "must be one queue, not a pattern");
		return;
	}
	if (config_check_is_inside_any(config->dead_letter, config->queue_prefixes))
		return;
	if (json_object_get(json_object_get(config->json, "broker"), "dead_letter") ==
		NULL)
		config->dead_letter = SLICE("");
	else if (!config_is_mistaken(source, "broker"))
		config_mistake(source, &path, "\"%.*s\" is below none of broker.queues",
			SLICE_ARGS(config->dead_letter));
}

/* Routes: below an app prefix, unique, with templates that can be filled in. */

/* False after appending the mistake to *error. */
static bool config_check_match(const struct config *config, size_t index,
	const struct config_source *source, struct variables *variables,
	struct buf *error)
{
	struct slice match = config->routes[index].match;

	if (!route_variables(match, variables, error))
		return false;
	if (!config_check_is_inside_any(match, config->app_prefixes) &&
		!config_is_mistaken(source, "app.prefixes")) {
		buf_append(error, SLICE("is below none of app.prefixes"));
		return false;
	}
	for (size_t i = 0; i < index; i++) {
		if (!slice_equal(config->routes[i].match, match))
			continue;
		buf_printf(error, "is the match of app.routes[%zu]", i);
		return false;
	}
	return true;
}

/* True when the value of a variable after the text may make it a longer prefix. */
static bool config_check_may_become(struct slice text, struct strings prefixes)
{
	for (size_t i = 0; i < prefixes.count; i++)
		if (slice_starts_with(prefixes.items[i], text))
			return true;
	return false;
}

/* True when the broker owns the result of the template, or may own it. */
static bool config_check_leads_somewhere(const struct config *config, struct slice text)
{
	const size_t brace = slice_find(text, '{');
	const struct slice fixed = slice_first(text, brace);
	const bool varies = brace < text.len;
	struct slice rest;

	if (url_is_below(fixed, SLICE("/user"), &rest) ||
		url_is_below(fixed, SLICE("/reply-queue"), &rest))
		return true;
	if (varies)
		return fixed.len <= 1 ||
		       config_check_is_below_any(fixed, config->broker_prefixes) ||
		       config_check_is_below_any(fixed, config->queue_prefixes) ||
		       config_check_may_become(fixed, config->broker_prefixes) ||
		       config_check_may_become(fixed, config->queue_prefixes);
	return config_check_is_inside_any(fixed, config->broker_prefixes) ||
	       config_check_is_inside_any(fixed, config->queue_prefixes);
}

static void config_check_target(const struct config *config, struct slice text,
	const struct variables *known, const struct config_source *source,
	const struct config_path *path)
{
	struct buf why = {0};

	if (!template_check_text(text, known, &why))
		config_mistake(source, path, "%.*s", SLICE_ARGS(buf_slice(&why)));
	else if (config_check_has_wildcard(text))
		config_mistake(source, path,
			"\"%.*s\" is a pattern: a message has one destination",
			SLICE_ARGS(text));
	else if (text.len > 0 && slice_equal(text, config->dead_letter))
		config_mistake(source, path,
			"\"%.*s\" is broker.dead_letter, where only Postern sends",
			SLICE_ARGS(text));
	else if (!config_check_leads_somewhere(config, text) &&
		 !config_is_mistaken(source, "broker"))
		config_mistake(source, path,
			"\"%.*s\" is below none of broker.prefixes and broker.queues",
			SLICE_ARGS(text));
	buf_finish(&why);
}

/* A string in place of a list has the list's own position. */
static void config_check_send_to(const struct config *config, const struct route *route,
	const struct variables *known, const struct config_source *source,
	const struct config_path *item)
{
	const struct config_path list = {item, "send_to", 0};

	for (size_t i = 0; i < route->send_to_count; i++) {
		const struct config_path target = {&list, NULL, i};

		if (route->send_to[i].len > 0)
			config_check_target(
				config, route->send_to[i], known, source, &target);
	}
	if (route->send_to_count == 0 && route->reply == NULL &&
		!config_check_leads_somewhere(config, SLICE("/topic/x")) &&
		!config_is_mistaken(source, "broker"))
		config_mistake(source, &list,
			"is needed, since /topic is below none of broker.prefixes");
}

static void config_check_make_template(struct template **template, const json_t *route,
	const char *name, const struct variables *known,
	const struct config_source *source, const struct config_path *item)
{
	const struct config_path key = {item, name, 0};
	const json_t *value = json_object_get(route, name);
	struct buf why = {0};

	if (value == NULL)
		return;
	*template = template_create(value, known, &why);
	if (*template == NULL)
		config_mistake(source, &key, "%.*s", SLICE_ARGS(buf_slice(&why)));
	buf_finish(&why);
}

static void config_check_route(
	struct config *config, size_t index, const struct config_source *source)
{
	const struct config_path app = {NULL, "app", 0};
	const struct config_path list = {&app, "routes", 0};
	const struct config_path item = {&list, NULL, index};
	const struct config_path key = {&item, "match", 0};
	const json_t *json =
		config_list_item(json_object_get(config->json, "app"), "routes", index);
	struct route *route = &config->routes[index];
	struct variables variables = {.count = 0};
	struct buf why = {0};

	if (!json_is_string(json_object_get(json, "match")))
		return; /* it was reported before, and all else depends on it */
	if (!config_check_match(config, index, source, &variables, &why))
		config_mistake(source, &key, "%.*s", SLICE_ARGS(buf_slice(&why)));
	buf_finish(&why);
	config_check_make_template(
		&route->body, json, "body", &variables, source, &item);
	config_check_make_template(
		&route->reply, json, "reply", &variables, source, &item);
	config_check_send_to(config, route, &variables, source, &item);
}

void config_check_broker(struct config *config, const struct config_source *source)
{
	config_check_free_default_queues(config);
	config_check_prefixes(config, PREFIX_TOPIC, source);
	config_check_prefixes(config, PREFIX_QUEUE, source);
	config_check_prefixes(config, PREFIX_APP, source);
	config_check_pair(config, source, PREFIX_TOPIC, PREFIX_QUEUE);
	config_check_pair(config, source, PREFIX_TOPIC, PREFIX_APP);
	config_check_pair(config, source, PREFIX_QUEUE, PREFIX_APP);
	config_check_dead_letter(config, source);
	for (size_t i = 0; i < config->route_count; i++)
		config_check_route(config, i, source);
}
