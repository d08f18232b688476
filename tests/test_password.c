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

static const struct {
	const char *hash, *cost;
} costs[] = {
	{"$y$j9T$ReXp7brF/8sUHFZuBEuKV.$"
	 "0QkyKQtmWGpFh5Hkz8VtnP0yQu3PIsQWQ7vE4SSeFjD",
		"$y$j9T"},
	{"$gy$j9T$ReXp7brF/8sUHFZuBEuKV.$"
	 "0QkyKQtmWGpFh5Hkz8VtnP0yQu3PIsQWQ7vE4SSeFjD",
		"$gy$j9T"},
	{"$7$CU..../....2Ii1ewKjuUZ6eYcPCeo2x.$"
	 "dYOMjbbCfgYgNFzpNgtCdQpWl4oFVvqVzKbIfl1bTa.",
		"$7$CU..../...."},
	{"$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "$2b$05$"},
	{"$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnI"
	 "FNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
		"$6"},
	{"$5$rounds=1000$x$L7dqJgTfE3mC1Rn0qGKxY1oJx4nN3r0h0JmYJt2VxqB",
		"$5$rounds=1000"},
	{"$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/", "$1"},
};

START_TEST(the_cost_of_a_hash_is_its_method_and_parameters)
{
	ck_assert_slice_eq(
		password_cost(slice_of(costs[_i].hash)), slice_of(costs[_i].cost));
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
	unit_add_table(tcase, the_cost_of_a_hash_is_its_method_and_parameters, costs);
	tcase_add_loop_test(tcase, what_is_no_hash_is_known, 0, 8);
	tcase_add_test(tcase, what_cannot_be_hashed_is_refused);
	return unit_run(suite);
}
