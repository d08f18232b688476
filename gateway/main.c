/* Connects the core and the edge: the only file that includes both. */
#include "gateway/base/process.h"
#include "gateway/command/command.h"
#include "protocol/xmalloc.h"
#include "transports/edge.h"

#include <jansson.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	process_open_standard();
	json_set_alloc_funcs(xmalloc, free);
	json_object_seed(0);
	return command_run(argc, argv, &transports_edge);
}
