/* A listening socket, and what each connection has that it accepts. */
/* tags: workers */
#include "transports/door/listener.h"

#include "gateway/worker/worker.h"
#include "gateway/worker/workers.h"
#include "tests/support/still_workers.h"
#include "tests/support/unit.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

static struct workers *workers;
static int accepted;

static void setup(void)
{
	workers = still_workers_create("");
	accepted = -1;
}

static void teardown(void)
{
	still_workers_destroy(workers);
}

static void welcome(void *context, int fd, const struct sockaddr_storage *address,
	socklen_t address_len)
{
	(void)context;
	ck_assert_int_eq(accepted, -1);
	ck_assert_int_eq(address->ss_family, AF_INET);
	ck_assert_uint_eq(address_len, sizeof(struct sockaddr_in));
	accepted = fd;
}

/* A socket that listens at a port of the loopback; *address is overwritten. */
static int listening(struct sockaddr_in *address)
{
	socklen_t len = sizeof(*address);
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	*address = (struct sockaddr_in){
		.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	ck_assert_int_eq(bind(fd, (struct sockaddr *)address, len), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)address, &len), 0);
	return fd;
}

START_TEST(a_connection_sends_small_messages_without_delay)
{
	struct worker *worker = workers->all[0];
	struct sockaddr_in address;
	struct listener *listener =
		listener_adopt(worker, listening(&address), welcome, NULL);
	const int client = socket(AF_INET, SOCK_STREAM, 0);
	int value = 0;
	socklen_t len = sizeof(value);

	ck_assert_ptr_nonnull(listener);
	ck_assert_int_eq(
		connect(client, (struct sockaddr *)&address, sizeof(address)), 0);
	while (accepted == -1)
		loop_turn(worker->loop);
	ck_assert_int_eq(
		getsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &value, &len), 0);
	ck_assert_int_ne(value, 0);
	close(accepted);
	close(client);
	listener_destroy(listener);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("listener");
	TCase *tcase = unit_case(suite, "listener");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_connection_sends_small_messages_without_delay);
	return unit_run(suite);
}
