#include "protocol/stomp.h"
#include "tests/support/unit.h"

START_TEST(commands_and_versions_have_their_names)
{
	ck_assert_slice_eq(stomp_command_name(STOMP_CONNECT), SLICE("CONNECT"));
	ck_assert_slice_eq(stomp_command_name(STOMP_UNSUBSCRIBE), SLICE("UNSUBSCRIBE"));
	ck_assert_slice_eq(stomp_command_name(STOMP_ERROR), SLICE("ERROR"));
	ck_assert_slice_eq(stomp_version_name(STOMP_1_0), SLICE("1.0"));
	ck_assert_slice_eq(stomp_version_name(STOMP_1_1), SLICE("1.1"));
	ck_assert_slice_eq(stomp_version_name(STOMP_1_2), SLICE("1.2"));
}
END_TEST

static const struct stomp_header headers[] = {
	{SLICE_INIT("foo"), SLICE_INIT("World")},
	{SLICE_INIT("foo"), SLICE_INIT("Hello")},
	{SLICE_INIT("empty"), SLICE_INIT("")},
};
static const struct stomp_frame frame = {
	.command = STOMP_SEND, .headers = headers, .header_count = COUNT(headers)};

START_TEST(the_first_of_repeated_headers_counts)
{
	ck_assert_slice_eq(*stomp_header(&frame, SLICE("foo")), SLICE("World"));
}
END_TEST

START_TEST(an_empty_value_is_not_an_absent_header)
{
	ck_assert_slice_eq(*stomp_header(&frame, SLICE("empty")), SLICE(""));
	ck_assert_ptr_null(stomp_header(&frame, SLICE("bar")));
}
END_TEST

START_TEST(header_names_are_case_sensitive)
{
	ck_assert_ptr_null(stomp_header(&frame, SLICE("Foo")));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stomp");
	TCase *tcase = unit_case(suite, "words");

	tcase_add_test(tcase, commands_and_versions_have_their_names);
	tcase_add_test(tcase, the_first_of_repeated_headers_counts);
	tcase_add_test(tcase, an_empty_value_is_not_an_absent_header);
	tcase_add_test(tcase, header_names_are_case_sensitive);
	return unit_run(suite);
}
