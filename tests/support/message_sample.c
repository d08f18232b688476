#include "tests/support/message_sample.h"

#include "tests/support/unit.h"

struct names sample_names;

void sample_setup(void)
{
	names_init(&sample_names, &(struct hash_key){1, 2}, 0);
}

void sample_teardown(void)
{
	names_finish(&sample_names);
}

struct message *sample_message(const char *name, const char *value, struct slice body)
{
	const struct stomp_header header = {
		slice_of(name != NULL ? name : ""), slice_of(value)};
	const struct stomp_frame send = {
		STOMP_SEND, &header, name != NULL ? 1 : 0, body};
	struct message *message =
		message_create(&send, SLICE("/topic/a:b"), SLICE("/topic/a:b"));

	message_set_place(message, (struct place){0x1a, 5}, false);
	return message;
}

void sample_check(struct message *message, enum stomp_version version, enum wire wire,
	struct slice expected)
{
	const struct view view = {version, wire, NULL, 0, 0};

	ck_assert_slice_eq(message_render(message, &view).bytes, expected);
}
