/* What is kept of a receiver's answer: its first bytes, made safe to store and to show. Pure. */
#pragma once

#include <stddef.h>

/* What is kept of an answer, in bytes. */
#define ANSWER_KEPT 2048

/* Keeps what is valid UTF-8 and printable, and puts a question mark for every other byte. */
void answer_clean(const char *bytes, size_t length, char ret_text[ANSWER_KEPT + 1]);
