/* Reads UTF-8 strictly and says which characters no text of ours may hold. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads one character of the `length` bytes at `bytes` and returns how many it took; 0 when they
 * are not UTF-8 (overlong forms, surrogates and values past U+10FFFF are not).
 */
size_t character_read(const char *bytes, size_t length, uint32_t *ret_code);

/* Controls except line feed and tab, and what overrides the direction of the text around it. */
bool character_is_forbidden(uint32_t code);

/* True when the bytes are UTF-8 without controls of any kind and without direction overrides. */
bool text_is_plain(const char *bytes, size_t length);
/* True when text_is_plain() would be, or only line feeds and tabs are in the way. */
bool text_is_clean(const char *bytes, size_t length);
/* True when there is something, and nothing of it can be seen: spaces and what has no width. */
bool text_is_blank(const char *bytes, size_t length);
