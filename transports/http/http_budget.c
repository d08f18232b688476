/*
 * The memory of the bodies of requests and of libmicrohttpd's pools, charged to the
 * account of the client's address: the session may live on another worker. A declared
 * length is allocated and charged at the head, so that what was admitted is taken, and
 * all heads together get no more than there is.
 */
#include "transports/http/http_budget.h"
#include "transports/http/http_answer.h"

#include "gateway/worker/account.h"
#include "gateway/worker/address_limits.h"
#include "gateway/worker/metrics.h"

enum { SMALL = 16384 }; /* a shorter body is admitted like others, but not charged */

static const struct workers *http_request_workers(const struct http_request *request)
{
	return http_request_carrier(request)->worker->workers;
}

static uint32_t http_request_account(const struct http_request *request)
{
	return account_of_address(
		http_request_workers(request)->accounts, &request->peer.address);
}

static void http_body_set_charge(struct http_request *request, uint64_t bytes)
{
	if (bytes == request->charged)
		return;
	budget_charge(http_request_workers(request), http_request_account(request),
		(int64_t)bytes - (int64_t)request->charged);
	request->charged = bytes;
}

bool http_body_fits(const struct http_request *request, uint64_t length)
{
	return budget_admits(http_request_workers(request),
		http_request_account(request), (int64_t)request->charged,
		(int64_t)(length - request->charged));
}

void http_body_refuse(struct http_request *request)
{
	metrics_refuse(http_request_carrier(request)->worker->metrics, BOUND_MEMORY);
	/* Who waits for "100 Continue" must get a whole answer in its place. */
	if (request->expects && request->received == 0)
		http_refuse_later(
			request, &(struct refusal){.kind = REFUSAL_BODY_MEMORY});
	else
		http_refuse_early(request, REFUSAL_BODY_MEMORY);
}

void http_body_allocate(struct http_request *request, uint64_t length)
{
	if (length < SMALL)
		return;
	buf_allocate(&request->body, length);
	http_body_set_charge(request, length);
}

void http_body_take(struct http_request *request, struct slice piece)
{
	buf_append(&request->body, piece);

	const uint64_t capacity = request->body.capacity;
	if (capacity == request->charged || capacity < SMALL)
		return;
	if (http_body_fits(request, capacity))
		http_body_set_charge(request, capacity);
	else
		http_body_refuse(request);
}

void http_body_free(struct http_request *request)
{
	buf_finish(&request->body);
	http_body_set_charge(request, 0);
}

static uint32_t http_connection_account(const struct http_connection *connection)
{
	return account_of_address(
		connection->http->worker->workers->accounts, &connection->peer);
}

/*
 * Many pools make a large holder: none of them passes as a small one. The connections
 * of a trusted proxy are those of many clients, so that its address, as those in
 * "exempt_addresses", may have all that is left but an eighth.
 */
bool http_pool_fits(const struct http_connection *connection)
{
	const struct worker *worker = connection->http->worker;
	const int64_t pool = (int64_t)connection->daemon->pool;

	if (connection->daemon == &connection->http->admin)
		return true;
	if (address_limits_are_off(worker->config, &connection->peer))
		return budget_has_room(worker->workers, pool);
	return budget_admits(worker->workers, http_connection_account(connection),
		BUDGET_SMALL, pool);
}

void http_pool_charge(struct http_connection *connection, bool is_held)
{
	const int64_t pool = (int64_t)connection->daemon->pool;

	if (connection->pooled == is_held)
		return;
	connection->pooled = is_held;
	budget_charge_library(connection->http->worker->workers,
		http_connection_account(connection), is_held ? pool : -pool);
}
