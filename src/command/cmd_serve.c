/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* command/cmd_serve.c: preau serve, preau work. */
#include "command/command.h"
#include "process/supervisor.h"
#include "process/worker.h"

int
cmd_serve(struct command *command)
{
	struct supervisor_options options = {
		.file = command->file,
		.console_only = command->console_only,
		.ready_fd = command->ready_fd,
	};

	return supervisor_run(&options);
}

int
cmd_work(struct command *command)
{
	return worker_main(command->words[0]);
}
