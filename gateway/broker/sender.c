#include "gateway/broker/sender.h"

#include "gateway/broker/participant.h"
#include "gateway/session/session.h"

struct sender sender_of(const struct participant *participant)
{
	const struct session *session = participant->session;

	return (struct sender){
		.kind = session_endpoint(session)->is_console ? SENDER_CONSOLE
							      : SENDER_CLIENT,
		.user = participant->user,
		.label = session_label(session),
	};
}

struct slice sender_user(const struct sender *sender)
{
	return sender->user == NULL ? SLICE("") : name_text(sender->user);
}
