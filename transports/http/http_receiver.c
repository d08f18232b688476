/*
 * What a receiver (http_receive.c) writes to a socket that is ours, and the rest that
 * the kernel does not take.
 */
#include "transports/http/http_receiver.h"

#include "gateway/worker/account.h"
#include "gateway/worker/metrics.h"
#include "transports/http/http_remote.h"

#include <errno.h>

void receiver_tell(struct receiver *receiver, enum feed_news news)
{
	http_remote_tell_feed(http_request_carrier(receiver->request), receiver->home,
		http_request_handle(receiver->request), news);
}

void receiver_charge(struct receiver *receiver)
{
	if (receiver->account == ACCOUNT_HOUSE)
		return;
	budget_charge(http_request_carrier(receiver->request)->worker->workers,
		receiver->account,
		budget_change(receiver->charged, receiver->rest.capacity));
	receiver->charged = (uint32_t)receiver->rest.capacity;
}

void receiver_drop_rest(struct receiver *receiver)
{
	buf_finish(&receiver->rest);
	receiver->rest_from = 0;
	receiver_charge(receiver);
}

void receiver_break(struct receiver *receiver)
{
	if (receiver->phase != RECEIVER_POLL) /* else libmicrohttpd reads the rest */
		receiver_drop_rest(receiver);
	receiver->phase = RECEIVER_BROKEN;
	http_connection_resume(receiver->request->connection);
}

void receiver_keep(struct receiver *receiver, struct slice bytes, struct buf *whole)
{
	if (whole == NULL || receiver->rest.len > 0) {
		buf_append(&receiver->rest, bytes);
		return;
	}
	receiver->rest = *whole;
	receiver->rest_from = whole->len - bytes.len;
	*whole = (struct buf){0};
}

bool receiver_reserve(struct receiver *receiver, struct buf *out, size_t extra)
{
	struct worker *worker = http_request_carrier(receiver->request)->worker;

	if (extra <= BUDGET_SMALL || budget_reserve(worker->workers, out, extra))
		return true;
	metrics_refuse(worker->metrics, BOUND_MEMORY);
	receiver_break(receiver);
	return false;
}

void receiver_close(struct receiver *receiver)
{
	if (receiver->link->streams && receiver_has_left(receiver) &&
		receiver->end != RECEIVER_ENDED) {
		receiver->end = RECEIVER_ENDED;
		receiver_send(receiver, SLICE("0\r\n\r\n"), NULL);
		return;
	}
	receiver->phase = RECEIVER_DONE;
	http_connection_resume(receiver->request->connection);
}

bool receiver_send(struct receiver *receiver, struct slice bytes, struct buf *whole)
{
	struct http_connection *connection = receiver->request->connection;
	ssize_t taken = 0;

	if (receiver->rest.len == 0)
		taken = io_send(&connection->io, bytes);

	if (taken == -1) {
		if (errno != EAGAIN && errno != EINTR) {
			receiver_break(receiver);
			return false;
		}
		taken = 0;
	}
	if ((size_t)taken < bytes.len) {
		receiver_keep(receiver, slice_from(bytes, (size_t)taken), whole);
		/*
		 * The session may be gone: the last bytes have a deadline of their
		 * own.
		 */
		if (receiver->end != RECEIVER_GOES_ON)
			http_connection_set_phase(connection, HTTP_ANSWERING);
		return false;
	}
	if (receiver->end != RECEIVER_GOES_ON)
		receiver_close(receiver);
	return true;
}

void receiver_flush(struct receiver *receiver)
{
	struct buf rest = receiver->rest;

	if (rest.len == 0) {
		if (receiver->end != RECEIVER_GOES_ON)
			receiver_close(receiver);
		return;
	}
	const struct slice left = slice_from(buf_slice(&rest), receiver->rest_from);
	receiver->rest = (struct buf){0};
	receiver->rest_from = 0;
	const bool written = receiver_send(receiver, left, &rest);
	buf_finish(&rest);
	receiver_charge(receiver);
	if (written)
		receiver_tell(receiver, FEED_WRITTEN);
}
