#include "transports/refusal.h"

#include "protocol/http_head.h"
#include "protocol/stomp.h"

#include <stdio.h>
#include <sys/socket.h>

/* It is short and the first thing written: the kernel takes it whole. */
static int send_whole(int fd, const char *bytes, size_t len)
{
	if (send(fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)len)
		return -1;
	return shutdown(fd, SHUT_WR);
}

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

	return send_whole(fd, answer, (size_t)len);
}

int refusal_send_stomp(int fd, struct slice message)
{
	struct buf frame = {0};

	stomp_write_begin(&frame, STOMP_ERROR);
	stomp_write_header_plain(&frame, SLICE("message"), message);
	stomp_write_end(&frame, SLICE(""));
	int sent = send_whole(fd, frame.data, frame.len);
	buf_finish(&frame);
	return sent;
}
