#include "gateway/config/config_reach.h"

#include "protocol/url.h"

static const struct config_path broker = {NULL, "broker", 0};
static const struct config_path app = {NULL, "app", 0};

/* True for that prefix, or a text that begins with it and a '/'. */
static bool reach_is_at(struct slice text, struct slice prefix)
{
	struct slice rest;

	return url_is_below(text, prefix, &rest);
}

/* As the broker compares destinations: something must follow the prefix. */
static bool reach_is_below(struct slice text, struct strings prefixes)
{
	struct slice rest;

	for (size_t i = 0; i < prefixes.count; i++)
		if (url_is_below(text, prefixes.items[i], &rest) && rest.len > 1)
			return true;
	return false;
}

/* Prefixes. */

static void reach_check_prefixes(const struct config_source *source,
	const struct config_path *list, struct strings prefixes)
{
	for (size_t i = 0; i < prefixes.count; i++) {
		const struct config_path item = {list, NULL, i};
		const struct slice prefix = prefixes.items[i];

		if (slice_ends_with(prefix, SLICE("/#")) ||
			slice_ends_with(prefix, SLICE("/>")))
			config_mistake(source, &item,
				"\"%.*s\" must be without a wildcard at its end: all "
				"below a prefix is meant",
				SLICE_ARGS(prefix));
	}
}

static void reach_check_all_prefixes(
	const struct config *config, const struct config_source *source)
{
	reach_check_prefixes(source, &(struct config_path){&broker, "prefixes", 0},
		config->broker_prefixes);
	reach_check_prefixes(source, &(struct config_path){&broker, "queues", 0},
		config->queue_prefixes);
	reach_check_prefixes(source, &(struct config_path){&app, "prefixes", 0},
		config->app_prefixes);
}

/* Routes. */

/* The pattern with "*" for {name}: equal for those that match the same destinations. */
static void reach_write_shape(struct slice match, struct buf *shape)
{
	bool is_deep = false;

	for (struct slice rest = match; rest.len > 0;) {
		const size_t len = 1 + slice_find(slice_from(rest, 1), '/');
		const struct slice word = slice_from(slice_first(rest, len), 1);
		const bool was_deep = is_deep;

		is_deep = slice_equal(word, SLICE("**"));
		if (!is_deep || !was_deep) {
			buf_append_char(shape, '/');
			buf_append(shape, slice_starts_with(word, SLICE("{"))
						  ? SLICE("*")
						  : word);
		}
		rest = slice_from(rest, len);
	}
}

static bool reach_shapes_are_alike(struct slice one, struct slice other)
{
	struct buf a = {0}, b = {0};

	reach_write_shape(one, &a);
	reach_write_shape(other, &b);
	const bool alike = slice_equal(buf_slice(&a), buf_slice(&b));
	buf_finish(&a);
	buf_finish(&b);
	return alike;
}

/* Of two equal ones only one would ever be used. */
static void reach_check_match(const struct config *config, size_t index,
	const struct config_source *source, const struct config_path *route)
{
	const struct config_path key = {route, "match", 0};
	const struct slice match = config->routes[index].match;

	for (size_t i = 0; i < index; i++) {
		if (!reach_shapes_are_alike(config->routes[i].match, match))
			continue;
		config_mistake(source, &key,
			"matches the same destinations as app.routes[%zu]: only one of "
			"them is ever taken",
			i);
		return;
	}
}

/* "/user/NAME" and a destination of that user. */
static bool reach_names_user(struct slice target)
{
	const struct slice rest = slice_from(target, strlen("/user/"));
	const size_t slash = slice_find(rest, '/');

	return slash > 0 && slash + 1 < rest.len;
}

static bool reach_is_of_broker(const struct config *config, struct slice text)
{
	return reach_is_below(text, config->broker_prefixes) ||
	       reach_is_below(text, config->queue_prefixes);
}

/* "/user/queue/x": a user's own destination, in the form of SUBSCRIBE. */
static bool reach_forgets_user(const struct config *config, struct slice target)
{
	const struct slice own = slice_from(target, strlen("/user"));
	const size_t slash = 1 + slice_find(slice_from(own, 1), '/');

	return reach_is_of_broker(config, own) &&
	       !reach_is_of_broker(config, slice_from(own, slash));
}

/* NULL: the target can have a subscriber. */
static const char *target_mistake(const struct config *config, struct slice target)
{
	if (!reach_is_at(target, SLICE("/user")))
		return NULL;
	if (!reach_names_user(target))
		return "needs a name and a destination: write /user/NAME/queue/...";
	if (reach_forgets_user(config, target))
		return "names no user: write /user/NAME/queue/...";
	return NULL;
}

static void reach_check_targets(const struct config *config, const struct route *route,
	const struct config_source *source, const struct config_path *path)
{
	const struct config_path list = {path, "send_to", 0};

	for (size_t i = 0; i < route->send_to_count; i++) {
		const struct config_path item = {&list, NULL, i};
		const char *mistake = target_mistake(config, route->send_to[i]);

		if (mistake != NULL)
			config_mistake(source, &item, "\"%.*s\" %s",
				SLICE_ARGS(route->send_to[i]), mistake);
	}
}

void config_check_reach(const struct config *config, const struct config_source *source)
{
	const struct config_path list = {&app, "routes", 0};

	if (config_is_mistaken(source, "broker") || config_is_mistaken(source, "app"))
		return;
	reach_check_all_prefixes(config, source);
	for (size_t i = 0; i < config->route_count; i++) {
		const struct config_path route = {&list, NULL, i};

		reach_check_match(config, i, source, &route);
		reach_check_targets(config, &config->routes[i], source, &route);
	}
}
