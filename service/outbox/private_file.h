/* A text as a file without a name, for libraries that read only files. Belongs to one thread. */
#pragma once

#include <stdbool.h>

#include "base/cleanup.h"

/* Zeroed, it is closed. */
struct private_file {
	char path[32]; /* /proc/self/fd/7; "" when closed */
	int descriptor;
};
MUST_CHECK bool private_file_open(const char *text, struct private_file *ret_file);
void private_file_close(struct private_file *file);
