/* The program without its embedded document, so that tests can give it another. */
#pragma once

#include <stddef.h>

/* Runs one command line against a document; gives the exit status. */
int run(const char *document, size_t length, int argc, char *const *argv);
