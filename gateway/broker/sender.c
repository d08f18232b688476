#include "gateway/broker/sender.h"

#include "gateway/broker/participant.h"
#include "gateway/session/session.h"

struct sender sender_of(const struct participant *participant)
{
	const struct session *session = participant->session;

	return (struct sender){
		.kind = session_endpoint(session)->is_console ? SENDER_CONSOLE
							      : SENDER_CLIENT,
		.identity = participant->identity,
		.label = session_label(session),
	};
}
