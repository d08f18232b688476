/* Checks that every destination has one owner. */
#include "gateway/config/config_check_internal.h"

#include "protocol/url.h"

/* Prefixes. */

bool config_check_is_below_any(struct slice path, struct strings prefixes)
{
	struct slice rest;

	for (size_t i = 0; i < prefixes.count; i++)
		if (prefixes.items[i].len > 0 &&
			url_is_below(path, prefixes.items[i], &rest))
			return true;
	return false;
}

bool config_check_is_inside_any(struct slice path, struct strings prefixes)
{
	struct slice rest;

	for (size_t i = 0; i < prefixes.count; i++)
		if (prefixes.items[i].len > 0 &&
			url_is_below(path, prefixes.items[i], &rest) && rest.len > 1)
			return true;
	return false;
}

bool config_check_has_wildcard(struct slice text)
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
}
