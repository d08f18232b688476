#include "transports/base/peek.h"

#include "gateway/config/config.h"
#include "protocol/xmalloc.h"
#include "tests/support/unit.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

static const struct config config = {
	.limits = {.head = 100, .target = 50, .head_lines = 5},
};

struct line {
	int ours, theirs;
	struct peeked peeked;
};

static struct line line_open(void)
{
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
	return (struct line){ends[0], ends[1], {.room = peek_room(&config)}};
}

static void line_say(const struct line *line, struct slice text)
{
	ck_assert_int_eq(write(line->theirs, text.data, text.len), (ssize_t)text.len);
}

static enum peek line_peek(struct line *line)
{
	return peek_head(line->ours, &config, &line->peeked);
}

static void line_close(struct line *line)
{
	close(line->ours);
	close(line->theirs);
	free(line->peeked.room);
}

START_TEST(a_head_is_looked_at_and_stays)
{
	struct line line = line_open();

	ck_assert_int_eq(line_peek(&line), PEEK_NOTHING);
	line_say(&line, SLICE("GET / HTTP/1.1\r\n"));
	ck_assert_int_eq(line_peek(&line), PEEK_MORE);
	line_say(&line, SLICE("Host: a\r\n\r\nPOST"));
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(line_peek(&line), PEEK_HEAD);
		ck_assert_uint_eq(line.peeked.head.len, strlen(HEAD));
		ck_assert_uint_eq(line.peeked.got, strlen(HEAD "POST"));
	}
	line_close(&line);
}
END_TEST

START_TEST(what_is_taken_away_is_gone)
{
	struct line line = line_open();
	char rest[8];

	line_say(&line, SLICE(HEAD "POST"));
	ck_assert(peek_take(line.ours, strlen(HEAD)));
	ck_assert_int_eq(read(line.ours, rest, sizeof(rest)), 4);
	ck_assert_mem_eq(rest, "POST", 4);
	ck_assert(!peek_take(line.ours, 1));
	line_close(&line);
}
END_TEST

START_TEST(more_than_one_piece_is_taken_away)
{
	struct line line = line_open();
	char *text = xcalloc(1, 3000);

	line_say(&line, (struct slice){text, 3000});
	ck_assert(peek_take(line.ours, 2999));
	ck_assert_int_eq(read(line.ours, text, 3000), 1);
	free(text);
	line_close(&line);
}
END_TEST

START_TEST(what_is_read_stays_in_the_room)
{
	struct line line = line_open();
	char rest[8];

	line_say(&line, SLICE(HEAD "body and more"));
	ck_assert_int_eq(line_peek(&line), PEEK_HEAD);
	ck_assert(peek_read(line.ours, &line.peeked, strlen(HEAD "body")));
	ck_assert_mem_eq(line.peeked.room, HEAD "body", strlen(HEAD "body"));
	ck_assert(slice_equal(line.peeked.head.target, SLICE("/")));
	ck_assert_int_eq(read(line.ours, rest, sizeof(rest)), 8);
	ck_assert_mem_eq(rest, " and mor", 8);
	line_close(&line);
}
END_TEST

static const struct {
	struct slice text;
	int status;
} bad[] = {
	{SLICE_INIT("GET / HTTP/1.1\nHost: a\n\n"), 400},
	{SLICE_INIT("GET / HTTP/1.1\r\nHost: a\r\nX: "
		    "0123456789012345678901234567890123456789012345678901234567890123"),
		0}, /* not yet */
	{SLICE_INIT(
		 "GET / HTTP/1.1\r\nHost: a\r\nX: "
		 "0123456789012345678901234567890123456789012345678901234567890123456"
		 "7890123456789"),
		431},
};

START_TEST(a_head_that_is_bad_has_a_status)
{
	struct line line = line_open();

	line_say(&line, bad[_i].text);
	ck_assert_int_eq(line_peek(&line), bad[_i].status == 0 ? PEEK_MORE : PEEK_BAD);
	ck_assert_int_eq(line.peeked.status, bad[_i].status);
	line_close(&line);
}
END_TEST

START_TEST(who_has_left_is_gone_when_all_is_read)
{
	struct line line = line_open();

	line_say(&line, SLICE(HEAD));
	shutdown(line.theirs, SHUT_WR);
	ck_assert_int_eq(line_peek(&line), PEEK_HEAD);
	ck_assert(peek_take(line.ours, line.peeked.head.len));
	ck_assert_int_eq(line_peek(&line), PEEK_GONE);
	line_close(&line);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("peek");
	TCase *tcase = unit_case(suite, "sockets");

	tcase_add_test(tcase, a_head_is_looked_at_and_stays);
	tcase_add_test(tcase, what_is_taken_away_is_gone);
	tcase_add_test(tcase, more_than_one_piece_is_taken_away);
	tcase_add_test(tcase, what_is_read_stays_in_the_room);
	unit_add_table(tcase, a_head_that_is_bad_has_a_status, bad);
	tcase_add_test(tcase, who_has_left_is_gone_when_all_is_read);
	return unit_run(suite);
}
