#include "transports/refusal.h"

#include "protocol/http_head.h"

#include <stdio.h>
#include <sys/socket.h>

int refusal_send(int fd, int status)
{
	static const char said[] =
		"HTTP/1.1 %s\r\nContent-Type: text/plain; charset=UTF-8\r\n"
		"Content-Length: %zu\r\nConnection: close\r\n\r\n%s\n";
	static const char method[] = "HTTP/1.1 %s\r\nAllow: " HTTP_METHODS "\r\n"
				     "Content-Length: 0\r\nConnection: close\r\n\r\n";
	char answer[256];
	const char *line = http_status_line(status);
	int len = status == 405 ? snprintf(answer, sizeof(answer), method, line)
				: snprintf(answer, sizeof(answer), said, line,
					  strlen(line) + 1, line);

	/* It is short and the first thing written: the kernel takes it whole. */
	if (send(fd, answer, (size_t)len, MSG_NOSIGNAL | MSG_DONTWAIT) != len)
		return -1;
	return shutdown(fd, SHUT_WR);
}
