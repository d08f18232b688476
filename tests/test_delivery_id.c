/* The ids of deliveries that clients acknowledge by. */
#include "gateway/broker/delivery_id.h"

#include "gateway/base/name.h"
#include "tests/support/message_sample.h"
#include "tests/support/unit.h"

static const struct {
	const char *text;
	bool is_good;
	struct delivery_id id;
} ids[] = {
	{"1-2", true, {{1, 2}, 0, 1}},
	{"1f-20-3", true, {{0x1f, 20}, 3, 1}},
	{"1-2.2", true, {{1, 2}, 0, 2}},
	{"1-2-3.2", true, {{1, 2}, 3, 2}},
	{"1-2-3.65535", true, {{1, 2}, 3, 65535}},
	{"0000000000000001-02-0003.02", true, {{1, 2}, 3, 2}},
	{"ffffffffffffffff-1-4294967295", true, {{UINT64_MAX, 1}, UINT32_MAX, 1}},
	{"1-2.1", false, {{0, 0}, 0, 0}}, /* the first attempt is not written */
	{"1-2.0", false, {{0, 0}, 0, 0}},
	{"1-2.65536", false, {{0, 0}, 0, 0}},
	{"1-2.", false, {{0, 0}, 0, 0}},
	{"1-2.2.2", false, {{0, 0}, 0, 0}},
	{"1-2.2-3", false, {{0, 0}, 0, 0}},
	{"1-2.-3", false, {{0, 0}, 0, 0}},
	{"1.2-2", false, {{0, 0}, 0, 0}},
	{"1-2-", false, {{0, 0}, 0, 0}},
	{"1-2-0", false, {{0, 0}, 0, 0}},
	{"1-2-4294967296", false, {{0, 0}, 0, 0}},
	{"1-2-3-4", false, {{0, 0}, 0, 0}},
	{"00000000000000001-2-3", false, {{0, 0}, 0, 0}}, /* 17 digits */
	{"1-00000000000000002", false, {{0, 0}, 0, 0}},
	{"1", false, {{0, 0}, 0, 0}},
	{"1-", false, {{0, 0}, 0, 0}},
	{"-1", false, {{0, 0}, 0, 0}},
	{"1-a", false, {{0, 0}, 0, 0}},
	{"1F-1", false, {{0, 0}, 0, 0}},
	{"1-+2", false, {{0, 0}, 0, 0}},
	{" 1-2", false, {{0, 0}, 0, 0}},
	{"undefined", false, {{0, 0}, 0, 0}},
	{".", false, {{0, 0}, 0, 0}},
	{"", false, {{0, 0}, 0, 0}},
};

static void assert_same(const struct delivery_id *got, const struct delivery_id *wanted)
{
	ck_assert_uint_eq(got->place.epoch, wanted->place.epoch);
	ck_assert_uint_eq(got->place.offset, wanted->place.offset);
	ck_assert_uint_eq(got->ordinal, wanted->ordinal);
	ck_assert_uint_eq(got->attempt, wanted->attempt);
}

START_TEST(an_id_is_read_or_refused_whole)
{
	struct delivery_id id = {{0, 0}, 0, 0};

	ck_assert(delivery_id_read(slice_of(ids[_i].text), &id) == ids[_i].is_good);
	assert_same(&id, &ids[_i].id);
}
END_TEST

/* The value of that header of a MESSAGE. */
static struct slice header_of(struct slice frame, const char *name)
{
	const char *at = memmem(frame.data, frame.len, name, strlen(name));

	ck_assert_ptr_nonnull(at);
	const struct slice value =
		slice_from(frame, (size_t)(at - frame.data) + strlen(name));
	return slice_first(value, slice_find(value, '\n'));
}

START_TEST(what_a_message_says_is_read)
{
	static const uint16_t attempts[] = {0, 1, 2, 3, UINT16_MAX};
	struct message *message = sample_message(NULL, "", SLICE("x"));
	const struct delivery_id wanted = {
		{0x1a, 5}, 7, attempts[_i] == 0 ? 1 : attempts[_i]};
	const struct slice frame = message_render(
		message, &(struct view){STOMP_1_2, WIRE_PLAIN, NULL, 7, attempts[_i]})
					   .bytes;
	struct delivery_id id;

	ck_assert(delivery_id_read(header_of(frame, "\nack:"), &id));
	assert_same(&id, &wanted);
	ck_assert(delivery_id_read(header_of(frame, "\nmessage-id:"), &id));
	assert_same(&id, &(struct delivery_id){wanted.place, 0, wanted.attempt});
	message_unref(message);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("delivery id");
	TCase *tcase = unit_case(suite, "ids");

	tcase_add_checked_fixture(tcase, sample_setup, sample_teardown);
	unit_add_table(tcase, an_id_is_read_or_refused_whole, ids);
	tcase_add_loop_test(tcase, what_a_message_says_is_read, 0, 5);
	return unit_run(suite);
}
