#include "gateway/identity/access.h"

#include "gateway/route/glob.h"

/* What is asked, and whether it is a pattern. */
struct access_question {
	const struct identity *identity;
	unsigned action; /* its bit */
	struct slice destination;
	bool is_pattern;
	struct access_wish *wishes; /* of a pattern: cut at '/' only, and at '.' too */
};

static bool access_has_one(const struct slice *names, size_t count, struct slice name)
{
	for (size_t i = 0; i < count; i++) {
		if (slice_equal(names[i], name))
			return true;
	}
	return false;
}

/* Whether the rule is for who asks, wherever he wants to go. */
static bool access_rule_fits(
	const struct access_rule *rule, const struct identity *identity)
{
	bool has_group = rule->group_count == 0;

	if (rule->needs_login && identity->user.len == 0)
		return false;
	if (rule->user_count > 0 &&
		!access_has_one(rule->users, rule->user_count, identity->user))
		return false;
	for (size_t i = 0; i < identity->group_count && !has_group; i++)
		has_group = access_has_one(
			rule->groups, rule->group_count, identity->groups[i]);
	return has_group;
}

static const struct access_wish *access_wish_for(
	const struct access_question *question, const struct access_pattern *pattern)
{
	return &question->wishes[pattern->separator == '/' ? 0 : 1];
}

/* `in_doubt`: a rule that denies. */
static bool access_matches(const struct access_question *question,
	const struct access_pattern *pattern, bool in_doubt)
{
	if (!question->is_pattern)
		return access_pattern_matches(
			pattern, question->identity, question->destination, in_doubt);
	const struct access_wish *wish = access_wish_for(question, pattern);

	return in_doubt ? access_pattern_meets(pattern, question->identity, wish)
			: access_pattern_covers(pattern, question->identity, wish);
}

/* True when the rule decides; then *is_allowed says how. */
static bool access_rule_decides(const struct access_question *question,
	const struct access_rule *rule, bool *is_allowed)
{
	if (((rule->allows | rule->denies) & question->action) == 0)
		return false;
	if (!question->is_pattern &&
		!access_pattern_may_match(&rule->pattern, question->destination))
		return false;
	if (!access_rule_fits(rule, question->identity))
		return false;
	*is_allowed = (rule->denies & question->action) == 0;
	return access_matches(question, &rule->pattern, !*is_allowed);
}

static bool access_is_granted(
	const struct access_question *question, enum access_action action)
{
	const struct identity *identity = question->identity;

	for (size_t i = 0; i < identity->grant_counts[action]; i++) {
		if (access_matches(question, &identity->grants[action][i], false))
			return true;
	}
	return false;
}

/* False when the client's pattern has too many segments. */
static bool access_cut_wish(
	struct access_question *question, struct slice destination, char separator)
{
	return access_wish_init(&question->wishes[0], destination, '/') &&
	       (separator == '/' ||
		       access_wish_init(&question->wishes[1], destination, separator));
}

struct access_verdict access_check(const struct access_rules *rules,
	const struct identity *identity, enum access_action action,
	struct slice destination)
{
	struct access_wish wishes[2]; /* 1 KB: not zeroed for each destination */
	struct access_question question = {
		.identity = identity,
		.action = 1u << action,
		.destination = destination,
		.is_pattern = glob_is(destination),
		.wishes = wishes,
	};
	struct access_verdict verdict = {.is_allowed = rules->count == 0};

	if (question.is_pattern &&
		!access_cut_wish(&question, destination, rules->separator))
		return verdict;
	for (size_t i = 0; i < rules->count; i++) {
		if (access_rule_decides(
			    &question, &rules->items[i], &verdict.is_allowed)) {
			verdict.rule = &rules->items[i];
			return verdict;
		}
	}
	verdict.is_allowed = rules->count == 0;
	verdict.is_granted =
		!verdict.is_allowed && access_is_granted(&question, action);
	verdict.is_allowed = verdict.is_allowed || verdict.is_granted;
	return verdict;
}
