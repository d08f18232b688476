/* Rules and grants: who may do what; and random rules against a plain reference. */
#include "gateway/identity/access.h"

#include "gateway/route/route_match.h"
#include "tests/support/unit.h"

#include <stdio.h>

enum { RULES_MAX = 12 };

static struct access_rule items[RULES_MAX];
static struct access_rules rules;
static struct identity *ana, *staff, *tenant;

static const struct slice staff_groups[] = {
	SLICE_INIT("staff"), SLICE_INIT("night shift")};
static const struct slice named_users[] = {SLICE_INIT("ana"), SLICE_INIT("bob")};

enum { S = 1u << ACCESS_SUBSCRIBE, W = 1u << ACCESS_SEND };

static struct access_rule *add_rule(const char *match, unsigned allows, unsigned denies)
{
	struct access_rule *rule = &items[rules.count++];
	struct buf mistake = {0};

	*rule = (struct access_rule){.allows = allows, .denies = denies};
	ck_assert_msg(access_pattern_init(&rule->pattern, slice_of(match),
			      rules.separator, &mistake),
		"%s: %.*s", match, SLICE_ARGS(buf_slice(&mistake)));
	buf_finish(&mistake);
	return rule;
}

static void drop_rules(void)
{
	while (rules.count > 0)
		access_pattern_finish(&items[--rules.count].pattern);
}

static struct identity *make(const struct identity_facts *facts)
{
	struct buf mistake = {0};
	struct identity *identity = identity_create(facts, '/', &mistake);

	ck_assert_ptr_nonnull(identity);
	return identity;
}

static void setup(void)
{
	static const struct claim claims[] = {
		{SLICE_INIT("tenant"), SLICE_INIT("acme")},
		{SLICE_INIT("empty"), SLICE_INIT("")},
	};
	static const struct slice subscribe[] = {SLICE_INIT("/topic/granted/**")};

	rules = (struct access_rules){.items = items, .separator = '/'};
	ana = make(&(struct identity_facts){.user = SLICE("ana")});
	staff = make(&(struct identity_facts){
		.user = SLICE("sam/x"), .groups = staff_groups, .group_count = 2});
	tenant = make(&(struct identity_facts){
		.user = SLICE("tom"),
		.claims = claims,
		.claim_count = COUNT(claims),
		.grants = {[ACCESS_SUBSCRIBE] = subscribe},
		.grant_counts = {[ACCESS_SUBSCRIBE] = 1},
	});
}

static void teardown(void)
{
	drop_rules();
	identity_unref(ana);
	identity_unref(staff);
	identity_unref(tenant);
}

static void add_rules(void)
{
	add_rule("/topic/closed/**", 0, S | W);
	add_rule("/topic/users/{user}/**", S, 0);
	add_rule("/topic/staff/{group}", S, 0);
	add_rule("/topic/staff/**", S | W, 0)->groups = staff_groups;
	items[3].group_count = 1;
	add_rule("/topic/tenants/{claim.tenant}/*", S | W, 0);
	add_rule("/topic/tenants/{claim.empty}/*", S | W, 0);
	add_rule("/topic/pair", S, 0)->users = named_users;
	items[6].user_count = 2;
	add_rule("/topic/members/*", S, 0)->needs_login = true;
	add_rule("/topic/rooms/{room}", S, 0);
	add_rule("/topic/rooms/lobby", W, 0);
	add_rule("/app/**", W, 0);
	add_rule("/topic/r?om/a*z", S, 0);
}

enum who { NOBODY, ANA, STAFF, TENANT };

static const struct {
	enum who who;
	unsigned action;
	const char *destination;
	int rule; /* -1: denied by no rule, -2: granted */
	bool is_allowed;
} matrix[] = {
	{ANA, S, "/topic/closed/x", 0, false},
	{ANA, W, "/topic/closed", 0, false},
	{ANA, S, "/topic/users/ana/x", 1, true},
	{ANA, S, "/topic/users/ana", 1, true},
	{ANA, S, "/topic/users/%61na/x", 1, true},
	{ANA, S, "/topic/users/bob/x", -1, false},
	{ANA, S, "/topic/users/ana%2Fx/x", -1, false},
	{ANA, S, "/topic/users/anax", -1, false},
	{ANA, S, "/topic/users//x", -1, false},
	{NOBODY, S, "/topic/users//x", -1, false},
	{NOBODY, S, "/topic/users/ana/x", -1, false},
	{ANA, W, "/topic/users/ana/x", -1, false},
	{STAFF, S, "/topic/users/sam%2Fx/x", 1, true},
	{STAFF, S, "/topic/users/sam/x", -1, false},
	{STAFF, S, "/topic/staff/staff", 2, true},
	{STAFF, S, "/topic/staff/night%20shift", 2, true},
	{STAFF, S, "/topic/staff/night shift", 2, true},
	{STAFF, S, "/topic/staff/day", 3, true},
	{STAFF, W, "/topic/staff/staff", 3, true},
	{ANA, S, "/topic/staff/staff", -1, false},
	{TENANT, W, "/topic/tenants/acme/x", 4, true},
	{TENANT, W, "/topic/tenants/acme/x/y", -1, false},
	{TENANT, W, "/topic/tenants/other/x", -1, false},
	{TENANT, W, "/topic/tenants//x", -1, false},
	{ANA, W, "/topic/tenants/acme/x", -1, false},
	{ANA, S, "/topic/pair", 6, true},
	{TENANT, S, "/topic/pair", -1, false},
	{NOBODY, S, "/topic/pair", -1, false},
	{NOBODY, S, "/topic/members/x", -1, false},
	{TENANT, S, "/topic/members/x", 7, true},
	{NOBODY, S, "/topic/rooms/lobby", 8, true},
	{NOBODY, W, "/topic/rooms/lobby", 9, true},
	{NOBODY, W, "/topic/rooms/other", -1, false},
	{NOBODY, W, "/app", 10, true},
	{NOBODY, W, "/app/a/b/c", 10, true},
	{NOBODY, W, "/apple", -1, false},
	{NOBODY, S, "/topic/room/abz", 11, true},
	{NOBODY, S, "/topic/r\xc3\xa4om/az", 11, true},
	{NOBODY, S, "/topic/raeom/az", -1, false},
	{TENANT, S, "/topic/granted/x/y", -2, true},
	{TENANT, W, "/topic/granted/x/y", -1, false},
	{ANA, S, "/topic/granted/x/y", -1, false},

	/* Patterns of clients. */
	{NOBODY, S, "/topic/**", 0, false},
	{NOBODY, S, "/**", 0, false},
	{NOBODY, S, "/topic/rooms/*", 8, true},
	{NOBODY, S, "/topic/rooms/a*", 8, true},
	{NOBODY, S, "/topic/rooms/**", -1, false},
	{NOBODY, S, "/topic/*/x", 0, false},
	{ANA, S, "/topic/closed/*", 0, false},
	{ANA, S, "/topic/clo*/x", 0, false},
	{ANA, S, "/topic/users/ana/**", 1, true},
	{ANA, S, "/topic/users/ana/*/y", 1, true},
	{ANA, S, "/topic/users/*/y", -1, false},
	{ANA, S, "/topic/users/a?a/y", -1, false},
	{STAFF, S, "/topic/staff/**", 3, true},
	{STAFF, S, "/topic/staff/?", 3, true},
	{TENANT, S, "/topic/tenants/acme/*", 4, true},
	{TENANT, S, "/topic/tenants/*/x", -1, false},
	{TENANT, S, "/topic/granted/*", -2, true},
	{TENANT, S, "/topic/granted/**", -2, true},
	{TENANT, S, "/topic/grant*/**", -1, false},
	{NOBODY, S, "/topic/r?om/a*z", 11, true},
	{NOBODY, S, "/topic/room/a??z", 11, true},
	{NOBODY, S, "/topic/room/a*", -1, false},
};

static const struct identity *identity_of(enum who who)
{
	const struct identity *all[] = {identity_nobody(), ana, staff, tenant};

	return all[who];
}

static enum access_action action_of(unsigned bit)
{
	return bit == S ? ACCESS_SUBSCRIBE : ACCESS_SEND;
}

START_TEST(the_first_rule_that_fits_decides)
{
	add_rules();
	struct access_verdict verdict =
		access_check(&rules, identity_of(matrix[_i].who),
			action_of(matrix[_i].action), slice_of(matrix[_i].destination));
	int rule = verdict.rule != NULL ? (int)(verdict.rule - items)
		   : verdict.is_granted ? -2
					: -1;

	ck_assert_msg(
		verdict.is_allowed == matrix[_i].is_allowed && rule == matrix[_i].rule,
		"%s: %s by rule %d", matrix[_i].destination,
		verdict.is_allowed ? "allowed" : "denied", rule);
}
END_TEST

START_TEST(without_rules_all_is_allowed)
{
	ck_assert(access_check(&rules, identity_nobody(), ACCESS_SEND, SLICE("/x"))
			  .is_allowed);
	ck_assert(
		access_check(&rules, identity_nobody(), ACCESS_SUBSCRIBE, SLICE("/**"))
			.is_allowed);
}
END_TEST

START_TEST(a_point_separates_segments_if_the_configuration_says_so)
{
	rules.separator = '.';
	add_rule("/topic/{user}.*", S, 0);
	ck_assert(access_check(&rules, ana, ACCESS_SUBSCRIBE, SLICE("/topic/ana.x"))
			  .is_allowed);
	ck_assert(access_check(&rules, ana, ACCESS_SUBSCRIBE, SLICE("/topic/ana.*"))
			  .is_allowed);
	ck_assert(!access_check(&rules, ana, ACCESS_SUBSCRIBE, SLICE("/topic/ana/x"))
			   .is_allowed);
	ck_assert(!access_check(&rules, ana, ACCESS_SUBSCRIBE, SLICE("/topic/ana.x.y"))
			   .is_allowed);
	ck_assert(!access_check(&rules, ana, ACCESS_SUBSCRIBE, SLICE("/topic/ana.**"))
			   .is_allowed);
}
END_TEST

static const struct {
	const char *text, *mistake;
} mistakes[] = {
	{"", "must begin with a /"},
	{"topic", "must begin with a /"},
	{"/a{user}", "a variable must be a whole segment"},
	{"/{user", "a variable must be a whole segment"},
	{"/}", "a variable must be a whole segment"},
	{"/{}", "a variable is {user}, {group}, {claim.NAME}, or a name for any "
		"segment"},
	{"/{claim.}", "a variable is {user}, {group}, {claim.NAME}, or a name for any "
		      "segment"},
	{"/{user.name}", "a variable is {user}, {group}, {claim.NAME}, or a name for "
			 "any segment"},
	{"/a**", "** must be a whole segment"},
	{"/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21/22/23/24/25/26/27/28/"
	 "29"
	 "/30/31/32/33",
		"has more than 32 segments"},
};

START_TEST(a_bad_pattern_is_refused_with_its_mistake)
{
	struct access_pattern pattern;
	struct buf mistake = {0};

	ck_assert(!access_pattern_init(
		&pattern, slice_of(mistakes[_i].text), '/', &mistake));
	ck_assert_slice_eq(buf_slice(&mistake), slice_of(mistakes[_i].mistake));
	buf_finish(&mistake);
}
END_TEST

START_TEST(a_bad_grant_makes_no_identity)
{
	static const struct slice grants[] = {
		SLICE_INIT("/good/**"), SLICE_INIT("bad")};
	struct buf mistake = {0};

	ck_assert_ptr_null(identity_create(
		&(struct identity_facts){.grants = {[ACCESS_SEND] = grants},
			.grant_counts = {[ACCESS_SEND] = 2}},
		'/', &mistake));
	buf_finish(&mistake);
}
END_TEST

START_TEST(long_segments_and_long_destinations_are_judged)
{
	static char text[8192];

	add_rule("/a/**/b/*c*d*", S, 0);
	add_rule("/long/*x*", S, 0);
	memset(text, '/', sizeof(text));
	memcpy(text, "/a", 2);
	memcpy(text + sizeof(text) - 6, "/b/ccd", 6);
	ck_assert(access_check(
		&rules, ana, ACCESS_SUBSCRIBE, (struct slice){text, sizeof(text)})
			  .is_allowed);
	text[sizeof(text) - 1] = 'e';
	ck_assert(!access_check(
		&rules, ana, ACCESS_SUBSCRIBE, (struct slice){text, sizeof(text)})
			   .is_allowed);
	memset(text, 'x', sizeof(text));
	memcpy(text, "/long/", 6);
	ck_assert(access_check(
		&rules, ana, ACCESS_SUBSCRIBE, (struct slice){text, sizeof(text)})
			  .is_allowed);
	text[4000] = '?'; /* too long to be compared: not covered */
	ck_assert(!access_check(
		&rules, ana, ACCESS_SUBSCRIBE, (struct slice){text, sizeof(text)})
			   .is_allowed);
}
END_TEST

/* Random rules, judged for every short destination by route_match(). */

static uint32_t seed = 7;

static uint32_t draw(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

static void draw_path(
	char *text, const char *const *segments, uint32_t count, uint32_t least)
{
	static const char top[] = "/t";
	uint32_t more = least + draw(4 - least);

	strcpy(text, top);
	while (more-- > 0) {
		strcat(text, "/");
		strcat(text, segments[draw(count)]);
	}
}

static char destinations[512][24];
static size_t destination_count;

static void make_destinations(void)
{
	static const char *const words[] = {"a", "b", "ab", "ba", "aa", "bb", "abb"};

	strcpy(destinations[destination_count++], "/t");
	for (size_t from = 0, a = 0; a < 3; a++) {
		const size_t end = destination_count;

		for (; from < end; from++) {
			for (size_t i = 0; i < COUNT(words); i++) {
				char *made = destinations[destination_count++];

				strcpy(made, destinations[from]);
				strcat(made, "/");
				strcat(made, words[i]);
			}
		}
	}
}

/* {user} is "a" here. */
static bool reference_matches(const char *match, const char *destination)
{
	char filled[64] = "";

	for (const char *at = match; *at != '\0'; at++) {
		if (strncmp(at, "{user}", 6) == 0) {
			strcat(filled, "a");
			at += 5;
		} else {
			strncat(filled, at, 1);
		}
	}
	return route_match(slice_of(filled), slice_of(destination), NULL);
}

static bool reference_allows(char (*match)[64], size_t count, const char *destination)
{
	for (size_t i = 0; i < count; i++) {
		if (reference_matches(match[i], destination))
			return items[i].allows != 0;
	}
	return false;
}

START_TEST(no_random_pattern_is_wrongly_allowed)
{
	static const char *const words[] = {"a", "b", "ab", "*", "a*", "*b", "?", "??",
		"**", "aa", "*a*", "{user}"};
	struct identity *a = make(&(struct identity_facts){.user = SLICE("a")});
	unsigned long allowed = 0, refused = 0, trials = 20000;
	char match[4][64], wish[64];

	if (getenv("POSTERN_TRIALS") != NULL)
		trials = strtoul(getenv("POSTERN_TRIALS"), NULL, 10);
	make_destinations();
	for (unsigned long trial = 0; trial < trials; trial++) {
		const size_t count = 1 + draw(4);

		for (size_t i = 0; i < count; i++) {
			const bool allows = draw(2) == 0;

			draw_path(match[i], words, COUNT(words), 0);
			add_rule(match[i], allows ? S : 0, allows ? 0 : S);
		}
		draw_path(wish, words, COUNT(words) - 1, 1);
		const bool is_allowed =
			access_check(&rules, a, ACCESS_SUBSCRIBE, slice_of(wish))
				.is_allowed;
		bool should = true, has_any = false;

		for (size_t i = 0; i < destination_count && should; i++) {
			if (!route_match(
				    slice_of(wish), slice_of(destinations[i]), NULL))
				continue;
			has_any = true;
			should = reference_allows(match, count, destinations[i]);
		}
		ck_assert_msg(!is_allowed || should, "%s: %s %s %s %s", wish, match[0],
			match[1], match[2], match[3]);
		allowed += is_allowed;
		refused += !is_allowed && should && has_any;
		drop_rules();
	}
	printf("%lu random sets of rules: %lu patterns allowed, %lu too carefully "
	       "refused\n",
		trials, allowed, refused);
	ck_assert_uint_gt(allowed, trials / 20);
	ck_assert_uint_lt(refused, trials / 20);
	identity_unref(a);
}
END_TEST

START_TEST(a_destination_is_judged_as_the_reference_does)
{
	static const char *const words[] = {
		"a", "b", "ab", "*", "a*", "*b", "?", "**", "{user}", "{x}"};
	struct identity *a = make(&(struct identity_facts){.user = SLICE("a")});
	char match[4][64];

	make_destinations();
	for (int trial = 0; trial < 500; trial++) {
		const size_t count = 1 + draw(4);

		for (size_t i = 0; i < count; i++) {
			const bool allows = draw(2) == 0;

			draw_path(match[i], words, COUNT(words), 0);
			add_rule(match[i], allows ? S : 0, allows ? 0 : S);
		}
		for (size_t i = 0; i < destination_count; i++) {
			const struct slice name = slice_of(destinations[i]);

			ck_assert_int_eq(access_check(&rules, a, ACCESS_SUBSCRIBE, name)
						 .is_allowed,
				reference_allows(match, count, destinations[i]));
		}
		drop_rules();
	}
	identity_unref(a);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("access");
	TCase *tcase = unit_case(suite, "rules");

	tcase_add_checked_fixture(tcase, setup, teardown);
	unit_add_table(tcase, the_first_rule_that_fits_decides, matrix);
	tcase_add_test(tcase, without_rules_all_is_allowed);
	tcase_add_test(tcase, a_point_separates_segments_if_the_configuration_says_so);
	unit_add_table(tcase, a_bad_pattern_is_refused_with_its_mistake, mistakes);
	tcase_add_test(tcase, a_bad_grant_makes_no_identity);
	tcase_add_test(tcase, long_segments_and_long_destinations_are_judged);
	tcase_add_test(tcase, no_random_pattern_is_wrongly_allowed);
	tcase_add_test(tcase, a_destination_is_judged_as_the_reference_does);
	return unit_run(suite);
}
