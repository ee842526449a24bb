/* The bank holidays of England and Wales, which all partnerships share. */
#pragma once

#include "base/settings.h"

/*
 * Loads a list (date,title,notes with a header line, no quoted cells): adds what is new, changes
 * what is called otherwise, and takes nothing away but `removed`, a date or NULL. Prints what
 * changed and returns the exit code. Running services count open clocks anew by themselves.
 */
int holidays_import(const struct settings *settings, const char *csv, const char *removed);
