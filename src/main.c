/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* main.c: finds the verb (command/command.c), nothing else. */
#include "command/command.h"

int
main(int argc, char **argv)
{
	return command_main(argc, argv);
}
