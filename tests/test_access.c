/* Rules and grants: who may do what. */
#include "gateway/identity/access.h"

#include "tests/support/unit.h"

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

static const struct {
	const char *match, *destination;
	bool is_allowed;
} dotted[] = {
	{"/topic/{user}.*", "/topic/ana.x", true},
	{"/topic/{user}.*", "/topic/ana.*", true},
	{"/topic/{user}.*", "/topic/ana/x", false},
	{"/topic/{user}.*", "/topic/ana.x.y", false},
	{"/topic/{user}.*", "/topic/ana.**", false},

	/* "**" after a '.' stays before the next '/'. */
	{"/topic/{user}.**", "/topic/ana", true},
	{"/topic/{user}.**", "/topic/ana.x.y", true},
	{"/topic/{user}.**", "/topic/ana/x", false},
	{"/topic/{user}.**", "/topic/ana.x/y", false},
	{"/topic/{user}.**", "/topic/ana.**", true},
	{"/topic/{user}.**", "/topic/ana.x.**", true},
	{"/topic/{user}.**", "/topic/ana/**", false},
	{"/topic/{user}.**", "/topic/ana.**/x", false},
	{"/topic/a.**/x.**", "/topic/a.b/x.y", true},
	{"/topic/**/x.**", "/topic/a/x.b/x.c", true},
	{"/topic/**/x.**", "/topic/a/x.b/y.c", false},

	/* "**" after a '/' is that '/' and all that follows. */
	{"/topic/rooms/**", "/topic/rooms", true},
	{"/topic/rooms/**", "/topic/rooms/a.b/c", true},
	{"/topic/rooms/**", "/topic/rooms.secret", false},
	{"/topic/rooms/**", "/topic/rooms.secret/x", false},
	{"/topic/rooms/**", "/topic/rooms/a.**", true},
	{"/topic/rooms/**", "/topic/rooms/*.x/**", true},
	{"/topic/rooms/**", "/topic/rooms/**", true},
	{"/topic/rooms/**", "/topic/rooms.*", false},
	{"/topic/rooms/**", "/topic/rooms/**.x", false}, /* also /topic/rooms.x */
	{"/**", "/topic.a/b.c", true},
	{"/**", "/**", true},
	{"/**.x", "/a.b/c.x", true},
	{"/**.x", "/a.b/c/x", false},
};

START_TEST(a_point_separates_segments_if_the_configuration_says_so)
{
	const struct slice destination = slice_of(dotted[_i].destination);

	rules.separator = '.';
	add_rule(dotted[_i].match, S, 0);
	ck_assert_msg(
		access_check(&rules, ana, ACCESS_SUBSCRIBE, destination).is_allowed ==
			dotted[_i].is_allowed,
		"%s by %s", dotted[_i].destination, dotted[_i].match);
}
END_TEST

/* Rules that are younger than the login name a claim that was not kept. */
START_TEST(a_claim_that_is_unknown_denies_and_never_allows)
{
	static const struct claim claims[] = {
		{SLICE_INIT("tenant"), SLICE_INIT("acme")},
		{SLICE_INIT("missing"), {NULL, 0}},
	};
	struct identity *old = make(&(struct identity_facts){.user = SLICE("old"),
		.claims = claims,
		.claim_count = COUNT(claims),
		.may_have_more = true});

	add_rule("/a/{claim.barred}/**", 0, S);
	add_rule("/b/{claim.missing}/**", 0, S);
	add_rule("/c/{claim.lent}", S, 0);
	add_rule("/**", S, 0);
	add_rule("/**", 0, W);
	static const struct {
		const char *destination;
		bool old, ana;
	} rows[] = {
		{"/a/x", false, true},
		{"/a/x/*", false, true},
		{"/a", true, true},
		{"/b/x", true, true},
		{"/c/x", true, true},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct slice destination = slice_of(rows[i].destination);

		ck_assert_msg(access_check(&rules, old, ACCESS_SUBSCRIBE, destination)
					      .is_allowed == rows[i].old,
			"%s", rows[i].destination);
		ck_assert_msg(access_check(&rules, ana, ACCESS_SUBSCRIBE, destination)
					      .is_allowed == rows[i].ana,
			"%s", rows[i].destination);
	}
	ck_assert_ptr_null(identity_claim(old, SLICE("missing")));
	ck_assert(identity_claim_is_unknown(old, SLICE("lent")));
	ck_assert(!identity_claim_is_unknown(old, SLICE("missing")));
	ck_assert(!identity_claim_is_unknown(ana, SLICE("lent")));
	ck_assert(access_check(&rules, old, ACCESS_SUBSCRIBE, SLICE("/c/x")).rule !=
		  &items[2]);
	identity_unref(old);
}
END_TEST

/* What no client can write, a rule about other characters must not cover. */
START_TEST(octets_that_are_no_characters_are_not_covered)
{
	add_rule("/topic/\xc3\xa9*", S, 0);
	add_rule("/topic/?\?*", S, 0);
	ck_assert(access_check(&rules, ana, ACCESS_SUBSCRIBE, SLICE("/topic/\xc3\xa9?"))
			  .is_allowed);
	ck_assert(!access_check(&rules, ana, ACCESS_SUBSCRIBE, SLICE("/topic/\xe9*"))
			   .is_allowed);
	ck_assert(
		!access_check(&rules, ana, ACCESS_SUBSCRIBE, SLICE("/topic/\x80\x80*"))
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
	{"/topic/#", "\"#\" and \">\" are no wildcards of rules: write \"**\" as a "
		     "segment of its own"},
	{"/topic/#/x", "\"#\" and \">\" are no wildcards of rules: write \"**\" as a "
		       "segment of its own"},
	{"/topic/>", "\"#\" and \">\" are no wildcards of rules: write \"**\" as a "
		     "segment of its own"},
	{"/topic/price.#", "\"#\" and \">\" are no wildcards of rules: write \"**\" as "
			   "a segment of its own"},
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

int main(void)
{
	Suite *suite = suite_create("access");
	TCase *tcase = unit_case(suite, "rules");

	tcase_add_checked_fixture(tcase, setup, teardown);
	unit_add_table(tcase, the_first_rule_that_fits_decides, matrix);
	tcase_add_test(tcase, without_rules_all_is_allowed);
	unit_add_table(
		tcase, a_point_separates_segments_if_the_configuration_says_so, dotted);
	tcase_add_test(tcase, a_claim_that_is_unknown_denies_and_never_allows);
	tcase_add_test(tcase, octets_that_are_no_characters_are_not_covered);
	unit_add_table(tcase, a_bad_pattern_is_refused_with_its_mistake, mistakes);
	tcase_add_test(tcase, a_bad_grant_makes_no_identity);
	tcase_add_test(tcase, long_segments_and_long_destinations_are_judged);
	return unit_run(suite);
}
