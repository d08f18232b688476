#include "gateway/config/config_advise.h"

#include "gateway/config/config_check_internal.h"
#include "protocol/host.h"

static void config_begin_advice(struct buf *lines)
{
	if (lines->len > 0)
		buf_append_char(lines, '\n');
}

static void advise_on_endpoints(const struct config *config, struct buf *lines)
{
	if (config->endpoint_count == 0 && config->tcp_listen.len == 0) {
		config_begin_advice(lines);
		buf_append(lines, SLICE("endpoints: there are none, and no tcp.listen: "
					"no client can connect"));
	}
}

/* Only the first such endpoint is reported: the file may have very many. */
static void advise_on_replies(const struct config *config, struct buf *lines)
{
	for (size_t i = 0; i < config->endpoint_count; i++) {
		const struct endpoint *endpoint = &config->endpoints[i];

		if (endpoint->reply.len == 0 || endpoint->runs == HANDLER_REPLY)
			continue;
		config_begin_advice(lines);
		buf_printf(lines,
			"endpoints[%zu].reply: only the handler \"reply\" uses it, and "
			"this is \"%.*s\"",
			i, SLICE_ARGS(endpoint->handler));
		return;
	}
}

static void advise_on_timezone(const struct config *config, struct buf *lines)
{
	if (config->timezone.len > 0 && !config_has_timezones()) {
		config_begin_advice(lines);
		buf_append(lines,
			SLICE("timezone: this machine has no database of time zones: "
			      "{now:...} is UTC unless it is a rule"));
	}
}

/* Its clients show no login: the network in front of them is all there is. */
static void advise_on_tcp_user(const struct config *config, struct buf *lines)
{
	if (config->tcp_user.len == 0 || config->tcp_listen.len == 0 ||
		host_is_loopback(config->tcp_host))
		return;
	config_begin_advice(lines);
	buf_printf(lines,
		"tcp.user: every client that reaches %.*s has the rights of \"%.*s\", "
		"also from other machines",
		SLICE_ARGS(config->tcp_listen), SLICE_ARGS(config->tcp_user));
}

/* True when the rule allows or denies these actions (bits) on all of the wish. */
static bool advise_rule_covers(const struct access_rule *rule, unsigned bits,
	unsigned action, const struct access_wish *wish)
{
	return (bits & action) != 0 &&
	       access_pattern_covers(&rule->pattern, identity_nobody(), wish);
}

static bool advise_rule_is_for_some(const struct access_rule *rule)
{
	return rule->group_count > 0 || rule->user_count > 0;
}

/*
 * The later rule that allows the same to clients that the rule is not for; NULL: none,
 * or one denies it before. Rules with variables cover no wish here.
 */
static const struct access_rule *advise_rule_undone_by(
	const struct access_rules *rules, size_t index, enum access_action action)
{
	const struct access_rule *rule = &rules->items[index];
	const unsigned bit = 1u << action;
	struct access_wish wish;

	if (!advise_rule_is_for_some(rule) || (rule->allows & bit) == 0 ||
		slice_find(rule->pattern.text, '{') < rule->pattern.text.len ||
		!access_wish_init(&wish, rule->pattern.text, rules->separator))
		return NULL;
	for (size_t i = index + 1; i < rules->count; i++) {
		const struct access_rule *later = &rules->items[i];

		if (advise_rule_is_for_some(later))
			continue;
		if (advise_rule_covers(later, later->denies, bit, &wish))
			return NULL;
		if (advise_rule_covers(later, later->allows, bit, &wish))
			return later;
	}
	return NULL;
}

/* Postern passes over a rule that is not for a client. Only the first is reported. */
static void advise_on_rules(const struct config *config, struct buf *lines)
{
	static const char *const words[ACCESS_ACTIONS] = {
		[ACCESS_SUBSCRIBE] = "subscribe", [ACCESS_SEND] = "send"};
	const struct access_rules *rules = &config->access;

	for (size_t i = 0; i < rules->count; i++) {
		for (enum access_action j = 0; j < ACCESS_ACTIONS; j++) {
			const struct access_rule *later =
				advise_rule_undone_by(rules, i, j);

			if (later == NULL)
				continue;
			config_begin_advice(lines);
			buf_printf(lines,
				"rules[%zu]: keeps nobody out: rules[%zu] allows %s "
				"there to others too, unless a rule between them "
				"denies it",
				i, (size_t)(later - rules->items), words[j]);
			return;
		}
	}
}

void config_advise(const struct config *config, struct buf *lines)
{
	advise_on_endpoints(config, lines);
	advise_on_replies(config, lines);
	advise_on_timezone(config, lines);
	advise_on_tcp_user(config, lines);
	advise_on_rules(config, lines);
}
