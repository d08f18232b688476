#include "transports/http/file_place.h"

#include "tests/support/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct {
	struct slice path;
	const char *plain; /* NULL: it names no file */
} paths[] = {
	{SLICE_INIT("/"), "/"},
	{SLICE_INIT("/a"), "/a"},
	{SLICE_INIT("/a/"), "/a/"},
	{SLICE_INIT("/a/b.html"), "/a/b.html"},
	{SLICE_INIT("/a..b/c.d"), "/a..b/c.d"},
	{SLICE_INIT("/a./b"), "/a./b"},
	{SLICE_INIT("/a%20b+c"), "/a b+c"},
	{SLICE_INIT("/%EC%82%AC.png"), "/\xec\x82\xac.png"},
	{SLICE_INIT("/a%252fb"), "/a%2fb"}, /* decoded once */
	{SLICE_INIT(""), NULL},
	{SLICE_INIT("a"), NULL},
	{SLICE_INIT("//"), NULL},
	{SLICE_INIT("//a"), NULL},
	{SLICE_INIT("/a//b"), NULL},
	{SLICE_INIT("/."), NULL},
	{SLICE_INIT("/.."), NULL},
	{SLICE_INIT("/../a"), NULL},
	{SLICE_INIT("/a/.."), NULL},
	{SLICE_INIT("/a/../b"), NULL},
	{SLICE_INIT("/.git/config"), NULL},
	{SLICE_INIT("/a/.b"), NULL},
	{SLICE_INIT("/..\\a"), NULL},
	{SLICE_INIT("/a\\..\\b"), NULL},
	{SLICE_INIT("/a\0b"), NULL},
	{SLICE_INIT("/a%00b"), NULL},
	{SLICE_INIT("/a%0ab"), NULL},
	{SLICE_INIT("/%2e%2e/a"), NULL},
	{SLICE_INIT("/a/%2e%2E/b"), NULL},
	{SLICE_INIT("/%2egit"), NULL},
	{SLICE_INIT("/a%2fb"), NULL},
	{SLICE_INIT("/a%2F..%2fb"), NULL},
	{SLICE_INIT("/a%5cb"), NULL},
	{SLICE_INIT("%2fa"), NULL},
	{SLICE_INIT("/a%"), NULL},
	{SLICE_INIT("/a%2"), NULL},
	{SLICE_INIT("/a%zz"), NULL},
};

START_TEST(a_path_is_plain_or_names_no_file)
{
	struct buf plain = {0};
	bool good = file_path_read(paths[_i].path, &plain);

	ck_assert_msg(
		good == (paths[_i].plain != NULL), "%.*s", SLICE_ARGS(paths[_i].path));
	if (good)
		ck_assert_slice_eq(buf_slice(&plain), slice_of(paths[_i].plain));
	buf_finish(&plain);
}
END_TEST

static const struct {
	struct file_place place;
	const char *path, *name; /* NULL: elsewhere */
} named[] = {
	{{"/", "/srv/", false, true}, "/", "/srv/index.html"},
	{{"/", "/srv/", false, true}, "/a/b.js", "/srv/a/b.js"},
	{{"/", "/srv/", false, true}, "/a/", "/srv/a/index.html"},
	{{"/docs/", "/srv/", false, true}, "/docs/a.html", "/srv/a.html"},
	{{"/docs/", "/srv/", false, true}, "/docs/", "/srv/index.html"},
	{{"/docs/", "/srv/", false, true}, "/docs", NULL},
	{{"/docs/", "/srv/", false, true}, "/a.html", NULL},
	{{"/docs/", "/srv/", false, true}, "/docsa.html", NULL},
	{{"/a/s.js", "/opt/s.js", true, false}, "/a/s.js", "/opt/s.js"},
	{{"/a/s.js", "/opt/s.js", true, false}, "/a/s.js/", NULL},
	{{"/a/s.js", "/opt/s.js", true, false}, "/a/s.jsx", NULL},
	{{"/a/s.js", "/opt/s.js", true, false}, "/a/", NULL},
};

START_TEST(a_path_below_a_place_names_a_file_in_it)
{
	struct buf room = {0};
	const char *name =
		file_place_name(&named[_i].place, slice_of(named[_i].path), &room);

	if (named[_i].name == NULL)
		ck_assert_ptr_null(name);
	else
		ck_assert_str_eq(name, named[_i].name);
	buf_finish(&room);
}
END_TEST

/* Opening, in a folder of its own. */

static char top[64];
static char folder[96];

static const char *in_folder(const char *name)
{
	static char whole[192];

	snprintf(whole, sizeof(whole), "%s%s", folder, name);
	return whole;
}

static void setup(void)
{
	snprintf(top, sizeof(top), "/tmp/postern-place-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(top));
	snprintf(folder, sizeof(folder), "%s/www/", top);
	ck_assert_int_eq(mkdir(folder, 0700), 0);
}

static void make(const char *name, const char *text)
{
	int fd = open(in_folder(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void finish(void)
{
	static const char *const names[] = {"../secret", "file", "link", "pipe", ""};

	for (size_t i = 0; i < COUNT(names); i++)
		remove(in_folder(names[i]));
	ck_assert_int_eq(remove(top), 0);
}

static bool opens(const char *name)
{
	const struct file_place place = {"/", folder, false, true};
	struct stat about;
	int fd = file_place_open(&place, in_folder(name), &about);

	if (fd != -1)
		close(fd);
	return fd != -1;
}

START_TEST(a_file_opens_and_a_folder_or_a_pipe_does_not)
{
	make("file", "text");
	ck_assert_int_eq(mkfifo(in_folder("pipe"), 0600), 0);
	ck_assert(opens("file"));
	ck_assert(!opens("pipe"));
	ck_assert(!opens(""));
	ck_assert(!opens("nothing"));
}
END_TEST

START_TEST(a_link_opens_within_the_folder_only)
{
	make("file", "text");
	make("../secret", "secret");
	ck_assert_int_eq(symlink("file", in_folder("link")), 0);
	ck_assert(opens("link"));
	remove(in_folder("link"));
	ck_assert_int_eq(symlink("../secret", in_folder("link")), 0);
	ck_assert(!opens("link"));
	remove(in_folder("link"));
	ck_assert_int_eq(symlink("/proc/self/status", in_folder("link")), 0);
	ck_assert(!opens("link"));
	remove(in_folder("link"));
	ck_assert_int_eq(symlink("link", in_folder("link")), 0);
	ck_assert(!opens("link"));
}
END_TEST

START_TEST(a_link_to_a_folder_leads_no_further_than_a_link_to_a_file)
{
	make("file", "text");
	make("../secret", "secret");
	ck_assert_int_eq(symlink(".", in_folder("link")), 0);
	ck_assert(opens("link/file"));
	remove(in_folder("link"));
	ck_assert_int_eq(symlink("..", in_folder("link")), 0);
	ck_assert(!opens("link/secret"));
	ck_assert(opens("link/www/file")); /* it comes back */
	remove(in_folder("link"));
	ck_assert_int_eq(symlink(top, in_folder("link")), 0);
	ck_assert(!opens("link/secret"));
}
END_TEST

START_TEST(a_file_may_be_as_large_as_the_bound)
{
	make("file", "text");
	ck_assert_int_eq(truncate(in_folder("file"), FILE_BYTES_MAX), 0);
	ck_assert(opens("file"));
	ck_assert_int_eq(truncate(in_folder("file"), FILE_BYTES_MAX + 1), 0);
	ck_assert(!opens("file"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("file_place");
	TCase *names = unit_case(suite, "names"),
	      *opening = unit_case(suite, "opening");

	unit_add_table(names, a_path_is_plain_or_names_no_file, paths);
	unit_add_table(names, a_path_below_a_place_names_a_file_in_it, named);
	tcase_add_checked_fixture(opening, setup, finish);
	tcase_add_test(opening, a_file_opens_and_a_folder_or_a_pipe_does_not);
	tcase_add_test(opening, a_link_opens_within_the_folder_only);
	tcase_add_test(
		opening, a_link_to_a_folder_leads_no_further_than_a_link_to_a_file);
	tcase_add_test(opening, a_file_may_be_as_large_as_the_bound);
	return unit_run(suite);
}
