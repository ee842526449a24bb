/* Owns the loading of bank holidays: at each migration, and when one is proclaimed. */
#include "holidays.h"

#include <stdio.h>
#include <string.h>

#include "command.h"
#include "domain/date.h"
#include "session.h"
#include "store/statements.h"

#define FILE_BYTES (256UL * 1024)

/* One line as an object, or NULL when it is none of ours. */
static json_t *read_line(const char *start, size_t length)
{
	char day[11] = "";
	struct date date;

	while (length > 0 && start[length - 1] == '\r')
		length--;
	const char *first = memchr(start, ',', length);
	if (!first || first - start != 10)
		return NULL;
	memcpy(day, start, 10);
	const char *second = memchr(first + 1, ',', length - 11);
	if (!second || second == first + 1 || !date_parse(day, &date))
		return NULL;
	return json_pack("{s:s, s:s%, s:s%}", "date", day, "title", first + 1,
	    (size_t)(second - first - 1), "notes", second + 1, (size_t)(start + length - second - 1));
}

static bool read_all(const char *csv, json_t *holidays)
{
	const char *line = strchr(csv, '\n');

	for (int number = 2; line && line[1]; number++) {
		const char *start = line + 1;
		const char *end = strchr(start, '\n');
		json_t *holiday = read_line(start, end ? (size_t)(end - start) : strlen(start));
		if (!holiday) {
			(void)fprintf(stderr, "csprd: line %d is not date,title,notes\n", number);
			return false;
		}
		json_array_append_new(holidays, holiday);
		line = end;
	}
	return true;
}

static void print_changes(const struct rows *rows)
{
	for (size_t row = 0; row < rows_count(rows); row++)
		printf("%s %s %s\n", rows_text(rows, row, "change"), rows_text(rows, row, "date"),
		    rows_text(rows, row, "title"));
}

int holidays_import(const struct settings *settings, const char *csv, const char *removed)
{
	CLEANUP(session_close) struct session session = {0};
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(json_decref) json_t *holidays = json_array();
	struct bindings bindings = {0};

	if (!read_all(csv, holidays) || !session_open(settings, &session))
		return EXIT_FAILED;
	CLEANUP(free) char *text = json_dumps(holidays, JSON_COMPACT);
	bind_text(&bindings, "holidays", text);
	bind_text(&bindings, "date", removed);
	if (!batch_begin(session.lease, BATCH_COMMIT, &batch, &problem))
		return command_failed("the bank holidays were not loaded", &problem);
	size_t number = batch_add(&batch, &SQL_BANK_HOLIDAYS_IMPORT, &bindings);
	size_t taken = batch_add(&batch, &SQL_BANK_HOLIDAY_REMOVE, &bindings);
	if (!batch_run(&batch, &problem))
		return command_failed("the bank holidays were not loaded", &problem);
	print_changes(batch_rows(&batch, number));
	print_changes(batch_rows(&batch, taken));
	printf("%zu bank holidays loaded\n", rows_count(batch_rows(&batch, number)));
	return EXIT_DONE;
}

static bool read_file(const char *path, struct text *ret_csv)
{
	char part[4096];
	size_t length;
	FILE *file = fopen(path, "re");

	if (!file)
		return false;
	while ((length = fread(part, 1, sizeof(part), file)) > 0)
		text_append(ret_csv, part, length);
	bool read = !ferror(file) && !ret_csv->failed;
	(void)fclose(file);
	return read;
}

int command_holidays(const struct settings *settings, const struct words *words)
{
	CLEANUP(text_finish) struct text csv = TEXT_INIT(FILE_BYTES);
	const char *removed = words_option(words, "--remove", 0);
	struct date date;

	if (words->count < 2 || strcmp(words->items[0], "load") != 0 ||
	    (removed && !date_parse(removed, &date))) {
		(void)fprintf(stderr, "csprd: see csprd --help\n");
		return EXIT_USAGE;
	}
	if (!read_file(words->items[1], &csv)) {
		(void)fprintf(stderr, "csprd: the file cannot be read\n");
		return EXIT_FAILED;
	}
	return holidays_import(settings, text_string(&csv), removed);
}
