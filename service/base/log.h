/*
 * The log: one JSON object a line on stderr. Only api, http, outbox and app use it. Values are
 * ids, codes and numbers (data class P1): never bodies, names or what PostgreSQL says of a row.
 */
#pragma once

#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

struct log_field {
	const char *name;
	const char *text; /* NULL: the number counts */
	int64_t number;
};

#define LOG_TEXT(field_name, value)                                                                \
	{                                                                                              \
		.name = (field_name), .text = (value) ? (value) : ""                                       \
	}
#define LOG_NUMBER(field_name, value)                                                              \
	{                                                                                              \
		.name = (field_name), .number = (value)                                                    \
	}

/* Writes one line: time, level, event, then the fields. Thread-safe; a line is never torn. */
#define log_event(level, event, ...)                                                               \
	log_write((level), (event), (const struct log_field[]){__VA_ARGS__, {.name = NULL}})
void log_write(enum log_level level, const char *event, const struct log_field fields[]);
/* Lines below this level are dropped; LOG_INFO at the start. */
void log_set_level(enum log_level level);
