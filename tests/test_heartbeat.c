#include "protocol/heartbeat.h"
#include "tests/unit.h"

static const struct {
	const char *value;
	bool valid;
	struct heartbeat offer;
} offers[] = {
	{"0,0", true, {0, 0}},
	{"10000,5000", true, {10000, 5000}},
	{"007,1", true, {7, 1}},
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

int main(void)
{
	Suite *suite = suite_create("heartbeat");
	TCase *tcase = unit_case(suite, "negotiation");

	unit_add_table(tcase, an_offer_is_read_or_refused_whole, offers);
	tcase_add_test(tcase, the_slower_side_sets_the_pace);
	tcase_add_test(tcase, either_side_may_decline);
	return unit_run(suite);
}
