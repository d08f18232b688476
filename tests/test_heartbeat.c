#include "protocol/heartbeat.h"
#include "tests/support/unit.h"

static const struct {
	const char *value;
	bool valid;
	struct heartbeat offer;
} offers[] = {
	{"0,0", true, {0, 0}},
	{"10000,5000", true, {10000, 5000}},
	{"007,1", true, {7, 1}},
	{"0000000000000000000000000000007,1", true, {7, 1}},
	{"4294967295,0", true, {4294967295, 0}},
	{"4294967296,0", false, {0, 0}}, /* one too many for 32 bits */
	{"0,99999999999999999999999", false, {0, 0}},
	{"10000", false, {0, 0}},
	{"10000,", false, {0, 0}},
	{",10000", false, {0, 0}},
	{",", false, {0, 0}},
	{"1,2,3", false, {0, 0}},
	{"-1,0", false, {0, 0}},
	{"+1,0", false, {0, 0}},
	{" 1,0", false, {0, 0}},
	{"1, 0", false, {0, 0}},
	{"1,0 ", false, {0, 0}},
	{"1.5,0", false, {0, 0}},
	{"0x10,0", false, {0, 0}},
	{"", false, {0, 0}},
};

START_TEST(an_offer_is_read_or_refused_whole)
{
	struct heartbeat got = {0, 0};
	bool valid = heartbeat_parse(slice_of(offers[_i].value), &got);

	ck_assert_msg(valid == offers[_i].valid, "\"%s\"", offers[_i].value);
	ck_assert_uint_eq(got.send, offers[_i].offer.send);
	ck_assert_uint_eq(got.want, offers[_i].offer.want);
}
END_TEST

START_TEST(the_slower_side_sets_the_pace)
{
	const struct heartbeat ours = {.send = 10000, .want = 0};

	ck_assert_uint_eq(
		heartbeat_interval(ours, (struct heartbeat){0, 25000}), 25000);
	ck_assert_uint_eq(heartbeat_interval(ours, (struct heartbeat){0, 1}), 10000);
}
END_TEST

START_TEST(either_side_may_decline)
{
	const struct heartbeat both = {10000, 10000}, silent = {0, 10000},
			       deaf = {10000, 0};

	ck_assert_uint_eq(heartbeat_interval(both, both), 10000);
	ck_assert_uint_eq(heartbeat_interval(silent, both), 0);
	ck_assert_uint_eq(heartbeat_interval(both, deaf), 0);
}
END_TEST

/* Our offer to a client that wants beats so often: usual 10 s, least 1 s. */
static const struct {
	uint32_t usual, least, wanted, offer, interval;
} paces[] = {
	{10000, 1000, 0, 10000, 0},   /* it wants none */
	{10000, 1000, 1, 1000, 1000}, /* more often than we beat */
	{10000, 1000, 999, 1000, 1000}, {10000, 1000, 1000, 1000, 1000},
	{10000, 1000, 4000, 4000, 4000}, /* exactly the wanted interval */
	{10000, 1000, 9999, 9999, 9999}, {10000, 1000, 10000, 10000, 10000},
	{10000, 1000, 60000, 10000, 60000}, /* the slower side sets the pace */
	{10000, 1000, UINT32_MAX, 10000, UINT32_MAX},
	{10000, 10000, 1, 10000, 10000},                /* all get the same offer */
	{200, 200, 1, 200, 200}, {0, 1000, 4000, 0, 0}, /* no beats are sent */
};

START_TEST(an_offer_follows_the_wish_within_bounds)
{
	uint32_t offer =
		heartbeat_offer(paces[_i].usual, paces[_i].least, paces[_i].wanted);

	ck_assert_uint_eq(offer, paces[_i].offer);
	ck_assert_uint_eq(heartbeat_interval((struct heartbeat){offer, 0},
				  (struct heartbeat){0, paces[_i].wanted}),
		paces[_i].interval);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("heartbeat");
	TCase *tcase = unit_case(suite, "negotiation");

	unit_add_table(tcase, an_offer_is_read_or_refused_whole, offers);
	tcase_add_test(tcase, the_slower_side_sets_the_pace);
	tcase_add_test(tcase, either_side_may_decline);
	unit_add_table(tcase, an_offer_follows_the_wish_within_bounds, paces);
	return unit_run(suite);
}
