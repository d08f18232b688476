#include "transports/http/content_type.h"

#include "tests/support/unit.h"

static const struct {
	const char *name, *type;
} names[] = {
	{"/srv/index.html", "text/html; charset=UTF-8"},
	{"INDEX.HTM", "text/html; charset=UTF-8"},
	{"a.min.js", "text/javascript; charset=UTF-8"},
	{"a.Jpeg", "image/jpeg"},
	{"a.woff2", "font/woff2"},
	{".css", "text/css; charset=UTF-8"},
	{"css", "application/octet-stream"},
	{"a.cssx", "application/octet-stream"},
	{"a.js/", "application/octet-stream"},
	{"", "application/octet-stream"},
};

START_TEST(the_ending_says_what_a_file_is)
{
	ck_assert_str_eq(content_type_of(slice_of(names[_i].name)), names[_i].type);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("content_type");
	TCase *tcase = unit_case(suite, "types");

	unit_add_table(tcase, the_ending_says_what_a_file_is, names);
	return unit_run(suite);
}
