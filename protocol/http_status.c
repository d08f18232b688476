/* The status lines that this server answers (RFC 9110, 15; RFC 6585). */
#include "protocol/http_head.h"

const char *http_status_line(int status)
{
	switch (status) {
	case 100:
		return "100 Continue";
	case 101:
		return "101 Switching Protocols";
	case 200:
		return "200 OK";
	case 204:
		return "204 No Content";
	case 304:
		return "304 Not Modified";
	case 400:
		return "400 Bad Request";
	case 401:
		return "401 Unauthorized";
	case 403:
		return "403 Forbidden";
	case 404:
		return "404 Not Found";
	case 405:
		return "405 Method Not Allowed";
	case 408:
		return "408 Request Timeout";
	case 409:
		return "409 Conflict";
	case 411:
		return "411 Length Required";
	case 413:
		return "413 Content Too Large";
	case 414:
		return "414 URI Too Long";
	case 415:
		return "415 Unsupported Media Type";
	case 417:
		return "417 Expectation Failed";
	case 421:
		return "421 Misdirected Request";
	case 426:
		return "426 Upgrade Required";
	case 429:
		return "429 Too Many Requests";
	case 431:
		return "431 Request Header Fields Too Large";
	case 501:
		return "501 Not Implemented";
	case 503:
		return "503 Service Unavailable";
	case 505:
		return "505 HTTP Version Not Supported";
	default:
		return "500 Internal Server Error";
	}
}
