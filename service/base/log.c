/* Owns the form of log lines. */
#include "base/log.h"

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/ids.h"
#include "base/text.h"

#define LINE_BYTES 4096

static atomic_int lowest = LOG_INFO;

void log_set_level(enum log_level level)
{
	lowest = (int)level;
}

static void put_start(struct text *line, const char *level, const char *event)
{
	text_puts(line, "{\"time\":\"");
	text_puts(line, instant_format(clock_milliseconds()).text);
	text_puts(line, "\",\"level\":\"");
	text_puts(line, level);
	text_puts(line, "\",\"event\":");
	text_put_json(line, event, strlen(event));
}

void log_write(enum log_level level, const char *event, const struct log_field fields[])
{
	static const char *const levels[] = {"debug", "info", "warning", "error"};

	if ((int)level < lowest)
		return;
	CLEANUP(text_finish) struct text line = TEXT_INIT(LINE_BYTES);
	put_start(&line, levels[level], event);
	for (; fields->name; fields++) {
		text_putc(&line, ',');
		text_put_json(&line, fields->name, strlen(fields->name));
		text_putc(&line, ':');
		if (fields->text)
			text_put_json(&line, fields->text, strlen(fields->text));
		else
			text_put_number(&line, fields->number);
	}
	text_puts(&line, "}\n");
	if (line.failed) {
		text_clear(&line);
		put_start(&line, levels[level], "line_too_long");
		text_puts(&line, "}\n");
	}
	/* One write, so that lines of several threads and processes do not mix. */
	ssize_t written = write(STDERR_FILENO, line.data, line.length);
	(void)written;
}
