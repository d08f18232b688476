/* Rates: numbers them, since accounts keep a bucket for each. */
#include "gateway/config/config_check_internal.h"

static void config_check_user_rate(
	struct config *config, const struct config_source *source)
{
	const struct config_path limits = {NULL, "limits", 0};
	const struct config_path burst = {&limits, "user_burst", 0};

	config->rates[0] = (struct rate){
		.messages = config->limits.user_messages,
		.per = 1000,
		.burst = config->limits.user_burst,
	};
	config->has_rates = config->limits.user_messages > 0;
	if (!config->has_rates && config->limits.user_burst > 0)
		config_mistake(source, &burst,
			"needs limits.user_messages, which sets how many follow in a "
			"second");
}

/* Keys that would mean nothing. True when the rule has a rate. */
static bool config_has_rule_rate(const struct config *config, size_t index,
	const struct config_path *item, const struct config_source *source)
{
	const struct rule *rule = &config->rules[index];
	const struct config_path rate = {item, "rate", 0};
	const struct config_path over = {item, "over", 0};
	const json_t *said =
		json_object_get(config_list_item(config->json, "rules", index), "rate");

	if (rule->rate.messages > 0)
		return true;
	if (json_is_object(said) && json_object_get(said, "messages") == NULL)
		config_mistake(source, &rate,
			"needs messages, such as {\"messages\": 10, \"per\": 1000}");
	else if (slice_equal(rule->over, SLICE("deny")))
		config_mistake(source, &over,
			"means nothing without a rate: write one, such as "
			"{\"messages\": 10, \"per\": 1000}, or deny");
	return false;
}

static void config_check_rule_rate(struct config *config, size_t index, unsigned *count,
	const struct config_source *source)
{
	const struct config_path list = {NULL, "rules", 0};
	const struct config_path item = {&list, NULL, index};
	const struct config_path key = {&item, "rate", 0};
	const struct rule *rule = &config->rules[index];
	struct access_rule *access = &config->access.items[index];

	if (!config_has_rule_rate(config, index, &item, source))
		return;
	if ((access->allows & 1u << ACCESS_SEND) == 0) {
		config_mistake(source, &key,
			"counts what the rule lets users send: add \"send\" to allow, "
			"or remove it");
		return;
	}
	if (++*count == RATES_MAX)
		config_mistake(source, &key,
			"is one too many: at most %d rules have a rate; use "
			"limits.user_messages for what all of them share",
			RATES_MAX - 1);
	if (*count >= RATES_MAX)
		return;
	access->rate = *count;
	access->denies_above = slice_equal(rule->over, SLICE("deny"));
	config->rates[*count] = rule->rate;
	config->has_rates = true;
}

void config_check_rates(struct config *config, const struct config_source *source)
{
	unsigned count = 0;

	config_check_user_rate(config, source);
	for (size_t i = 0; i < config->rule_count; i++)
		config_check_rule_rate(config, i, &count, source);
}
