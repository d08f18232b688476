/* To whom a session belongs, and what that account is charged for it. */
#include "gateway/session/session_internal.h"

#include "gateway/worker/account.h"
#include "gateway/worker/share.h"

void session_join_account(struct session *session, uint32_t account)
{
	struct accounts *accounts = session->worker->workers->accounts;

	if (session->account != ACCOUNT_HOUSE)
		account_add(accounts, session->account, ACCOUNT_SESSIONS, -1);
	if (account != ACCOUNT_HOUSE)
		account_add(accounts, account, ACCOUNT_SESSIONS, 1);
	budget_charge(session->worker->workers, session->account, -session->held);
	budget_charge(session->worker->workers, account, session->held);
	session->account = account;
}

void session_name_user(struct session *session, struct slice user)
{
	struct names *names = &session->worker->names;
	struct name *name = name_intern(names, user);

	name_unref(names, session->user);
	session->user = name;
}

bool session_set_user(struct session *session, struct slice user)
{
	struct worker *worker = session->worker;
	const uint32_t account = account_of_user(worker->workers->accounts, user);

	if (session->user != NULL && slice_equal(name_text(session->user), user))
		return true;
	if (!share_has_room(worker, account, ACCOUNT_SESSIONS, 1,
		    worker->config->limits.sessions))
		return false;
	session_name_user(session, user);
	session_join_account(session, account);
	return true;
}

uint32_t session_account(const struct session *session)
{
	return session->account;
}

bool session_may_hold(const struct session *session, uint64_t more)
{
	return budget_admits(session->worker->workers, session->account, session->held,
		(int64_t)more);
}

bool session_may_remember(const struct session *session, uint64_t more)
{
	const struct workers *workers = session->worker->workers;
	const int64_t sum =
		account_sum(workers->accounts, session->account, ACCOUNT_HELD);

	/* As one holder that has all of its account's, twice: a quarter of the room. */
	return budget_admits(workers, session->account, 2 * sum, (int64_t)more);
}

void session_hold(struct session *session, int64_t bytes)
{
	session->held += bytes;
	budget_charge(session->worker->workers, session->account, bytes);
}

uint32_t session_leave_held(struct session *session, int64_t bytes)
{
	session->held -= bytes;
	return session->account;
}

bool session_resize(struct session *session, uint64_t before, uint64_t now)
{
	const int64_t change = budget_change(before, now);

	if (change == 0)
		return true;
	const bool may = change < 0 || session_may_hold(session, (uint64_t)change);
	session_hold(session, change);
	if (!may)
		metrics_refuse(session->worker->metrics, BOUND_MEMORY);
	return may;
}
