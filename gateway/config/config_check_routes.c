/* Checks that routes are below an app prefix, unique, and can be filled in. */
#include "gateway/config/config_check_internal.h"

#include "protocol/url.h"
#include "protocol/xmalloc.h"

#include <stdlib.h>

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

/* Placeholders that are unknown, or that nobody could fill in. */

/* What a placeholder may be named, for suggestions. */
struct placeholder_names {
	const char *const *words;      /* the fixed ones; end with NULL */
	const char *prefix;            /* before a variable of the pattern */
	const struct variables *known; /* the pattern's */
};

static const char *const target_words[] = {"user", "session", "claim", NULL};
static const char *const template_words[] = {
	"body", "user", "session", "claim", "header", "var", "now", NULL};

/* The word of "claim.tenant" is "claim", that of "now:%H" is "now". */
static struct slice config_route_word(struct slice name)
{
	const struct slice first = slice_first(name, slice_find(name, '.'));

	return slice_first(first, slice_find(first, ':'));
}

/* The variable nearest to the word, which the caller frees; NULL: none. */
static char *config_nearest_variable(struct slice word, const struct variables *known)
{
	for (size_t i = 0; i < known->count; i++) {
		char *name = xstrdup(known->items[i].name);

		if (config_nearest(word, (const char *const[]){name, NULL}) != NULL)
			return name;
		free(name);
	}
	return NULL;
}

/* Appends the placeholder nearest to `name` to the reason; nothing if none is near. */
static void config_suggest_placeholder(
	struct buf *why, struct slice name, const struct placeholder_names *names)
{
	const struct slice var = SLICE("var.");
	const bool is_variable = slice_starts_with(name, var);
	const struct slice word =
		is_variable ? slice_from(name, var.len) : config_route_word(name);
	const char *nearest = is_variable ? NULL : config_nearest(word, names->words);
	char *variable =
		nearest == NULL ? config_nearest_variable(word, names->known) : NULL;

	if (nearest != NULL && !slice_equal(slice_of(nearest), word))
		buf_printf(why, " (did you mean \"{%s%.*s}\"?)", nearest,
			SLICE_ARGS(slice_from(name, word.len)));
	else if (variable != NULL)
		buf_printf(why, " (did you mean \"{%s%s}\"?)",
			is_variable ? "var." : names->prefix, variable);
	free(variable);
}

/* Reports a placeholder or a brace, for the reason *why. */
static void config_refuse_placeholder(const struct config_source *source,
	const struct config_path *path, struct buf *why,
	const struct placeholder_names *names)
{
	if (slice_starts_with(buf_slice(why), SLICE("{"))) {
		const struct slice rest = slice_from(buf_slice(why), 1);
		char *name = xstrdup(slice_first(rest, slice_find(rest, '}')));

		config_suggest_placeholder(why, slice_of(name), names);
		free(name);
	}
	config_mistake(source, path, "%.*s", SLICE_ARGS(buf_slice(why)));
}

/* Only tokens bring claims. */
static void config_keep_route_claim(struct config *config, struct slice claim,
	const struct config_source *source, const struct config_path *path)
{
	if (config->token_count > 0)
		config_keep_claim(config, claim);
	else if (!config_is_mistaken(source, "tokens"))
		config_mistake(source, path,
			"{claim.%.*s} has no value: only tokens bring claims, and "
			"there are none in \"tokens\"",
			SLICE_ARGS(claim));
}

static void config_keep_target_claims(struct config *config, struct slice target,
	const struct config_source *source, const struct config_path *path)
{
	struct slice claim = template_next_target_claim(&target);

	for (; claim.len > 0; claim = template_next_target_claim(&target))
		config_keep_route_claim(config, claim, source, path);
}

static void config_check_target(struct config *config, struct slice text,
	const struct variables *known, const struct config_source *source,
	const struct config_path *path)
{
	struct buf why = {0};

	if (!template_check_target(text, known, &why))
		config_refuse_placeholder(source, path, &why,
			&(struct placeholder_names){target_words, "", known});
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
	else
		config_keep_target_claims(config, text, source, path);
	buf_finish(&why);
}

/* A string in place of a list has the list's own position. */
static void config_check_send_to(struct config *config, const struct route *route,
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

/* Logins keep the claims that the template names. NULL names none. */
static void config_keep_template_claims(struct config *config,
	const struct template *template, const struct config_source *source,
	const struct config_path *key)
{
	size_t at = 0;

	for (struct slice claim; (claim = template_next_claim(template, &at)).len > 0;)
		config_keep_route_claim(config, claim, source, key);
}

/* Makes the template of that key, if the route has it. */
static void config_make_template(struct config *config, const json_t *value,
	const struct variables *known, const struct config_source *source,
	const struct config_path *key, struct template **made)
{
	struct buf why = {0};

	if (value == NULL)
		return;
	*made = template_create(value, known, &why);
	if (*made == NULL)
		config_refuse_placeholder(source, key, &why,
			&(struct placeholder_names){template_words, "var.", known});
	config_keep_template_claims(config, *made, source, key);
	buf_finish(&why);
}

static void config_check_route(
	struct config *config, size_t index, const struct config_source *source)
{
	const struct config_path app = {NULL, "app", 0};
	const struct config_path list = {&app, "routes", 0};
	const struct config_path item = {&list, NULL, index};
	const struct config_path key = {&item, "match", 0};
	const struct config_path body = {&item, "body", 0};
	const struct config_path reply = {&item, "reply", 0};
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
	config_make_template(config, json_object_get(json, "body"), &variables, source,
		&body, &route->body);
	config_make_template(config, json_object_get(json, "reply"), &variables, source,
		&reply, &route->reply);
	config_check_send_to(config, route, &variables, source, &item);
}

void config_check_routes(struct config *config, const struct config_source *source)
{
	for (size_t i = 0; i < config->route_count; i++)
		config_check_route(config, i, source);
}
