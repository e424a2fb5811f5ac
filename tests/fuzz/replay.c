/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* tests/fuzz/replay.c: the main of replay_NAME: every file of corpus/NAME, without clang.
 *
 * Each input is given whole and cut short at seven places: what comes over a wire ends
 * anywhere. A target that finds something wrong aborts; no input at all is a failure too.
 * usage: replay_NAME [FILE ...] */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/file.h"
#include "fuzz.h"

enum { INPUT_MAX = 1 << 20, CUTS = 8 };

/* In memory of its very length: a sanitizer sees the first octet read too far. */
static void
give(const char *octets, size_t size)
{
	uint8_t *copy = x_calloc(size > 0 ? size : 1, 1);

	memcpy(copy, octets, size);
	(void)LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void
replay(const char *path)
{
	struct buf octets = { 0 };
	struct err err = { 0 };

	if (!file_read(path, INPUT_MAX, &octets, &err)) {
		fprintf(stderr, "%s: %s\n", path, err.text);
		exit(1);
	}
	for (size_t i = 1; i <= CUTS; i++)
		give(buf_text(&octets), octets.len * i / CUTS);
	buf_free(&octets);
}

static int
replay_folder(const char *name)
{
	char folder[512], path[1024];
	struct dirent *entry;
	int count = 0;
	DIR *dir;

	(void)snprintf(folder, sizeof folder, "%s/tests/fuzz/corpus/%s", PREAU_SOURCE, name);
	dir = opendir(folder);
	if (dir == NULL)
		return 0;
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		replay(path);
		count++;
	}
	closedir(dir);
	return count;
}

int
main(int argc, char **argv)
{
	const char *name = strstr(argv[0], "replay_");
	int count = 0;

	for (int i = 1; i < argc; i++, count++)
		replay(argv[i]);
	if (argc == 1 && name != NULL)
		count = replay_folder(name + strlen("replay_"));
	printf("%d inputs\n", count);
	return count > 0 ? 0 : 1;
}
