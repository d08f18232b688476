/* Passwords and their hashes. */
#include "gateway/base/password.h"
#include "tests/support/unit.h"

/* Made by other programs: SHA-512 and bcrypt. */
static const struct {
	const char *password, *hash;
	bool match;
} known[] = {
	{"Hello world!",
		"$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnI"
		"FNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
		true},
	{"Hello world?",
		"$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnI"
		"FNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
		false},
	{"U*U", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", true},
	{"U*", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", false},
};

START_TEST(known_hashes_match_their_passwords)
{
	ck_assert(password_is_hash(slice_of(known[_i].hash)));
	ck_assert(password_matches(slice_of(known[_i].password), known[_i].hash) ==
		  known[_i].match);
}
END_TEST

START_TEST(a_hash_matches_its_password_alone)
{
	struct buf hash = {0}, other = {0};

	ck_assert(password_hash(SLICE("guest"), &hash));
	ck_assert(password_hash(SLICE("guest"), &other));
	ck_assert(password_is_hash(buf_slice(&hash)));
	ck_assert(!slice_equal(buf_slice(&hash), buf_slice(&other))); /* salted */
	buf_append_char(&hash, '\0');
	ck_assert(password_matches(SLICE("guest"), hash.data));
	ck_assert(!password_matches(SLICE("guest "), hash.data));
	ck_assert(!password_matches(SLICE("gues"), hash.data));
	ck_assert(!password_matches(SLICE(""), hash.data));
	ck_assert(!password_matches(SLICE("guest\0x"), hash.data));
	buf_finish(&hash);
	buf_finish(&other);
}
END_TEST

START_TEST(nothing_matches_the_decoy)
{
	ck_assert(password_is_hash(slice_of(password_decoy)));
	ck_assert(!password_matches(SLICE(""), password_decoy));
	ck_assert(!password_matches(SLICE("guest"), password_decoy));
}
END_TEST

START_TEST(what_is_no_hash_is_known)
{
	static const char *const texts[] = {"", "guest", "*0", "$y$", "$unknown$abc",
		"$1", "abJnggxhB/yWI", "$9$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKw"};

	ck_assert(!password_is_hash(slice_of(texts[_i])));
}
END_TEST

START_TEST(what_cannot_be_hashed_is_refused)
{
	char large[600];
	struct buf hash = {0};

	memset(large, 'x', sizeof(large));
	ck_assert(!password_hash((struct slice){large, sizeof(large)}, &hash));
	ck_assert(!password_hash(SLICE("a\0b"), &hash));
	ck_assert_uint_eq(hash.len, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("password");
	TCase *tcase = unit_case(suite, "passwords");

	tcase_set_timeout(tcase, 60);
	unit_add_table(tcase, known_hashes_match_their_passwords, known);
	tcase_add_test(tcase, a_hash_matches_its_password_alone);
	tcase_add_test(tcase, nothing_matches_the_decoy);
	tcase_add_loop_test(tcase, what_is_no_hash_is_known, 0, 8);
	tcase_add_test(tcase, what_cannot_be_hashed_is_refused);
	return unit_run(suite);
}
