/* Random bodies, whole and with a mistake. test_template.c has rows of members. */
#include "gateway/route/template_body.h"

#include "tests/support/chance.h"
#include "tests/support/json_model.h"
#include "tests/support/unit.h"

enum { ROUNDS = 3000, DEPTH = 6, MEMBERS = 4 };

static const struct slice names[] = {SLICE_INIT("\"a\""), SLICE_INIT("\"b\""),
	SLICE_INIT("\"c\""), SLICE_INIT("\"\\u0061\""), SLICE_INIT("\"a.b\""),
	SLICE_INIT("\"\"")};
static const struct slice scalars[] = {SLICE_INIT("0"), SLICE_INIT("-0"),
	SLICE_INIT("1.50"), SLICE_INIT("1e5"), SLICE_INIT("-12E-3"), SLICE_INIT("true"),
	SLICE_INIT("null"), SLICE_INIT("\"\""), SLICE_INIT("\"a b\\n\\/\""),
	SLICE_INIT("\"\\u00e9\\u0000\\ud83d\\ude00\""),
	SLICE_INIT("\"\xc3\xa9]}\\\\\""), SLICE_INIT("9223372036854775807"),
	SLICE_INIT("\"{\\\"a\\\":1}\"")};
static const struct slice blanks[] = {
	SLICE_INIT(""), SLICE_INIT(""), SLICE_INIT(" "), SLICE_INIT("\t\r\n")};

static void append_one(
	struct chance *chance, struct buf *out, const struct slice *of, size_t count)
{
	buf_append(out, of[chance_below(chance, (unsigned)count)]);
}

/* Names repeat now and then. */
static void append_value(struct chance *chance, struct buf *out, int depth)
{
	const bool object = chance_below(chance, 3) > 0;

	append_one(chance, out, blanks, COUNT(blanks));
	if (depth == DEPTH || chance_below(chance, 4) == 0) {
		append_one(chance, out, scalars, COUNT(scalars));
	} else {
		buf_append_char(out, object ? '{' : '[');
		for (unsigned i = chance_below(chance, MEMBERS + 1); i > 0; i--) {
			if (object) {
				append_one(chance, out, names, COUNT(names));
				append_one(chance, out, blanks, COUNT(blanks));
				buf_append_char(out, ':');
			}
			append_value(chance, out, depth + 1);
			if (i > 1)
				buf_append_char(out, ',');
		}
		buf_append_char(out, object ? '}' : ']');
	}
	append_one(chance, out, blanks, COUNT(blanks));
}

START_TEST(members_are_found_as_jansson_finds_them)
{
	struct chance chance = {1};

	for (int i = 0; i < ROUNDS; i++) {
		struct buf body = {0};

		append_value(&chance, &body, 0);
		ck_assert(json_model_check(buf_slice(&body)));
		buf_finish(&body);
	}
}
END_TEST

START_TEST(bodies_with_a_mistake_are_refused_as_jansson_refuses_them)
{
	static const char bytes[] = "{}[],:\"\\ \n01-+.eEtabu\x1f\xc3";
	struct chance chance = {2};

	for (int i = 0; i < ROUNDS; i++) {
		struct buf body = {0};

		append_value(&chance, &body, 0);
		const size_t at = chance_below(&chance, (unsigned)body.len);
		if (chance_below(&chance, 3) == 0)
			body.len = at;
		else
			body.data[at] = bytes[chance_below(&chance, sizeof(bytes) - 1)];
		json_model_check(buf_slice(&body));
		buf_finish(&body);
	}
}
END_TEST

START_TEST(a_large_member_is_found_where_it_stands)
{
	struct body_member member = {.path = SLICE("a")};
	struct buf body = {0}, clean = {0}, error = {0};

	buf_append(&body, SLICE("{\"a\":[{}"));
	while (body.len < 1000000)
		buf_append(&body, SLICE(",{}"));
	buf_append(&body, SLICE("]}"));

	ck_assert(template_body_find(buf_slice(&body), &member, 1, &clean, &error));
	ck_assert_uint_eq(member.value.len, body.len - SLICE("{\"a\":}").len);
	ck_assert_ptr_eq(member.value.data, body.data + SLICE("{\"a\":").len);
	buf_finish(&body);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("template body");
	TCase *tcase = unit_case(suite, "members");

	tcase_add_test(tcase, members_are_found_as_jansson_finds_them);
	tcase_add_test(
		tcase, bodies_with_a_mistake_are_refused_as_jansson_refuses_them);
	tcase_add_test(tcase, a_large_member_is_found_where_it_stands);
	return unit_run(suite);
}
