#include "gateway/base/io.h"

#include <fcntl.h>
#include <unistd.h>

int io_dup(struct io *io, struct io *to)
{
	const int fd = fcntl(io->fd, F_DUPFD_CLOEXEC, 0);

	if (fd == -1)
		return -1;
	*to = io_take(io);
	to->fd = fd;
	return 0;
}

void io_forget(struct io *io)
{
	if (io->channel != NULL)
		io->channel->ops->close(io);
	io->channel = NULL;
}

void io_close(struct io *io)
{
	io_forget(io);
	close(io->fd);
	io->fd = -1;
}
