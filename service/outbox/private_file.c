/* Owns files that are only in memory. */
#include "outbox/private_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

bool private_file_open(const char *text, struct private_file *ret_file)
{
	int descriptor = memfd_create("cspr", MFD_CLOEXEC);

	if (descriptor < 0)
		return false;
	for (size_t left = strlen(text); left;) {
		ssize_t written = write(descriptor, text, left);
		if (written <= 0) {
			(void)close(descriptor);
			return false;
		}
		text += written;
		left -= (size_t)written;
	}
	ret_file->descriptor = descriptor;
	snprintf(ret_file->path, sizeof(ret_file->path), "/proc/self/fd/%d", descriptor);
	return true;
}

void private_file_close(struct private_file *file)
{
	if (file->path[0])
		(void)close(file->descriptor);
	file->path[0] = '\0';
}
