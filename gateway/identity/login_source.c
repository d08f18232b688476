#include "gateway/identity/login_source.h"

const char *login_source_name(enum login_source source)
{
	static const char *const names[LOGIN_SOURCES] = {
		[LOGIN_ANONYMOUS] = "anonymous",
		[LOGIN_BY_PROXY] = "proxy",
		[LOGIN_BY_TOKEN] = "token",
		[LOGIN_BY_PASSWORD] = "password",
		[LOGIN_BY_LISTENER] = "listener",
	};

	return names[source];
}
