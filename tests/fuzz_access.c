/*
 * Rules: the first line says who somebody is (user, group and the claim "tenant", with
 * commas between), the second line a destination or a client's pattern, the third a
 * destination. Each other line is a grant, !s/PATTERN or !w/PATTERN, or a rule: two
 * characters of bits, then its pattern. A destination is judged as a plain model does
 * it. When a client's pattern is allowed, so is each destination of it.
 */
#include "gateway/identity/access.h"
#include "gateway/route/glob.h"
#include "protocol/url.h"
#include "protocol/utf8.h"
#include "tests/support/fuzz.h"
#include "tests/support/glob_model.h"

enum { RULES_MAX = 8, GRANTS_MAX = 4 };

/* The bits of a rule's two characters. */
enum { NEEDS_LOGIN = 16, HAS_GROUPS = 1, HAS_USERS = 2 };

static const struct slice staff = SLICE_INIT("staff"), ana = SLICE_INIT("ana");

struct site {
	struct access_rule items[RULES_MAX];
	struct access_rules rules;
	struct slice user, group, tenant;
	struct slice grants[ACCESS_ACTIONS][GRANTS_MAX];
	size_t grant_counts[ACCESS_ACTIONS];
	struct identity *identity;
};

/* What a client may name; the gateway reads no other. */
static bool text_is_fine(struct slice text)
{
	return text.len > 0 && text.len <= GLOB_MODEL_MAX && utf8_is_valid(text);
}

/* The model. */

static size_t model_cut(
	struct slice text, char separator, struct slice parts[GLOB_MODEL_MAX])
{
	size_t count = 0;

	while (text.len > 0) {
		size_t len = 1;

		while (len < text.len && text.data[len] != '/' &&
			text.data[len] != separator)
			len++;
		parts[count++] = slice_first(text, len);
		text = slice_from(text, len);
	}
	return count;
}

static bool model_is_value(struct slice encoded, struct slice value)
{
	struct buf decoded = {0};
	const bool is_value = value.len > 0 && url_decode(&decoded, encoded, false) &&
			      slice_equal(buf_slice(&decoded), value);

	buf_finish(&decoded);
	return is_value;
}

static bool model_part_matches(
	const struct site *site, struct slice rule, struct slice part)
{
	const struct slice wanted = slice_from(rule, 1), given = slice_from(part, 1);

	if (rule.data[0] != part.data[0])
		return false;
	if (slice_equal(wanted, SLICE("{user}")))
		return model_is_value(given, site->user);
	if (slice_equal(wanted, SLICE("{group}")))
		return model_is_value(given, site->group);
	if (slice_equal(wanted, SLICE("{claim.tenant}")))
		return model_is_value(given, site->tenant);
	if (slice_starts_with(wanted, SLICE("{claim.")))
		return false;
	if (slice_starts_with(wanted, SLICE("{")))
		return true;
	return glob_model_matches(wanted, given);
}

/*
 * "**" after that separator takes parts that begin with it. After a '/' it takes any
 * once it has taken one. after[t]: what follows it fits from t on.
 */
static void model_fill_deep(char separator, const struct slice *parts, size_t given,
	const bool *after, bool *fits)
{
	bool has_end = after[given]; /* what follows fits here, or later */

	fits[given] = after[given];
	for (size_t t = given; t-- > 0;) {
		const bool takes = parts[t].data[0] == separator;

		fits[t] = after[t] ||
			  (takes && (separator == '/' ? has_end : fits[t + 1]));
		has_end = has_end || after[t];
	}
}

/* fits[p][t]: the pattern from p on matches the destination from t on. */
static bool model_matches(
	const struct site *site, struct slice pattern, struct slice destination)
{
	bool fits[ACCESS_SEGMENTS_MAX + 1][GLOB_MODEL_MAX + 1] = {{false}};
	struct slice rule[GLOB_MODEL_MAX], parts[GLOB_MODEL_MAX];
	const char separator = site->rules.separator;
	const size_t wanted = model_cut(pattern, separator, rule);
	const size_t given = model_cut(destination, separator, parts);

	fits[wanted][given] = true;
	for (size_t p = wanted; p-- > 0;) {
		if (slice_equal(slice_from(rule[p], 1), SLICE("**"))) {
			model_fill_deep(
				rule[p].data[0], parts, given, fits[p + 1], fits[p]);
			continue;
		}
		for (size_t t = given; t-- > 0;)
			fits[p][t] = fits[p + 1][t + 1] &&
				     model_part_matches(site, rule[p], parts[t]);
	}
	return fits[0][0];
}

static bool model_fits(const struct site *site, const struct access_rule *rule)
{
	return (!rule->needs_login || site->user.len > 0) &&
	       (rule->group_count == 0 || slice_equal(site->group, staff)) &&
	       (rule->user_count == 0 || slice_equal(site->user, ana));
}

static bool model_allows(
	const struct site *site, enum access_action action, struct slice destination)
{
	for (size_t i = 0; i < site->rules.count; i++) {
		const struct access_rule *rule = &site->items[i];

		if (((rule->allows | rule->denies) >> action & 1) != 0 &&
			model_fits(site, rule) &&
			model_matches(site, rule->pattern.text, destination))
			return (rule->denies >> action & 1) == 0;
	}
	for (size_t i = 0; i < site->grant_counts[action]; i++) {
		if (model_matches(site, site->grants[action][i], destination))
			return true;
	}
	return site->rules.count == 0;
}

/* The input. */

static struct slice take_word(struct slice *rest)
{
	const struct slice word = slice_first(*rest, slice_find(*rest, ','));

	*rest = slice_from(*rest, word.len + 1);
	return word;
}

static void add_rule(struct site *site, struct slice line)
{
	struct access_rule *rule = &site->items[site->rules.count];
	struct buf mistake = {0};

	if (line.len < 2 || site->rules.count == RULES_MAX)
		return;
	const unsigned bits = (unsigned char)line.data[0];
	const unsigned who = (unsigned char)line.data[1];
	const struct slice text = slice_from(line, 2);
	*rule = (struct access_rule){
		.allows = bits & 3,
		.denies = bits >> 2 & 3,
		.needs_login = (bits & NEEDS_LOGIN) != 0,
		.groups = &staff,
		.group_count = (who & HAS_GROUPS) != 0,
		.users = &ana,
		.user_count = (who & HAS_USERS) != 0,
	};
	if (!text_is_fine(text))
		return;
	if (access_pattern_init(&rule->pattern, text, site->rules.separator, &mistake))
		site->rules.count++;
	else
		assert(mistake.len > 0);
	buf_finish(&mistake);
}

static void add_grant(struct site *site, struct slice line)
{
	const enum access_action action =
		slice_starts_with(line, SLICE("!w")) ? ACCESS_SEND : ACCESS_SUBSCRIBE;
	const struct slice text = slice_from(line, 2);
	struct access_pattern pattern;
	struct buf mistake = {0};

	if (!text_is_fine(text) || site->grant_counts[action] == GRANTS_MAX)
		return;
	if (access_pattern_init(&pattern, text, site->rules.separator, &mistake)) {
		access_pattern_finish(&pattern);
		site->grants[action][site->grant_counts[action]++] = text;
	}
	buf_finish(&mistake);
}

static void make_identity(struct site *site)
{
	const struct claim claim = {SLICE_INIT("tenant"), site->tenant};
	struct identity_facts facts = {
		.user = site->user,
		.groups = &site->group,
		.group_count = site->group.len > 0,
		.claims = &claim,
		.claim_count = 1,
	};
	struct buf mistake = {0};

	for (int i = 0; i < ACCESS_ACTIONS; i++) {
		facts.grants[i] = site->grants[i];
		facts.grant_counts[i] = site->grant_counts[i];
	}
	site->identity = identity_create(&facts, site->rules.separator, &mistake);
	/* A grant has no variables, so identity_create() may refuse one. */
	assert((site->identity != NULL) == (mistake.len == 0));
	buf_finish(&mistake);
}

static bool site_allows(
	const struct site *site, enum access_action action, struct slice destination)
{
	return access_check(&site->rules, site->identity, action, destination)
		.is_allowed;
}

static void check(const struct site *site, struct slice wish, struct slice destination)
{
	const struct slice both[] = {wish, destination};

	for (int i = 0; i < 2; i++) {
		if (!text_is_fine(both[i]) || glob_is(both[i]))
			continue;
		for (int action = 0; action < ACCESS_ACTIONS; action++)
			assert(site_allows(site, (enum access_action)action, both[i]) ==
				model_allows(
					site, (enum access_action)action, both[i]));
	}
	if (!text_is_fine(wish) || !text_is_fine(destination) || glob_is(destination))
		return;
	struct slice parts[GLOB_MODEL_MAX];
	if (model_cut(wish, site->rules.separator, parts) <= GLOB_MODEL_SEGMENTS_MAX &&
		site_allows(site, ACCESS_SUBSCRIBE, wish) &&
		glob_model_pattern_matches(wish, destination, site->rules.separator))
		assert(model_allows(site, ACCESS_SUBSCRIBE, destination));
}

static void play(struct slice lines, char separator)
{
	struct site site = {.rules = {.items = site.items, .separator = separator}};
	struct slice who = fuzz_line(&lines);
	const struct slice wish = fuzz_line(&lines);
	const struct slice destination = fuzz_line(&lines);

	site.user = take_word(&who);
	site.group = take_word(&who);
	site.tenant = who;
	while (lines.len > 0) {
		const struct slice line = fuzz_line(&lines);

		if (slice_starts_with(line, SLICE("!")))
			add_grant(&site, line);
		else
			add_rule(&site, line);
	}
	make_identity(&site);
	if (site.identity != NULL)
		check(&site, wish, destination);
	identity_unref(site.identity);
	while (site.rules.count > 0)
		access_pattern_finish(&site.items[--site.rules.count].pattern);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	play(fuzz_slice(data, size), '/');
	play(fuzz_slice(data, size), '.');
	return 0;
}
