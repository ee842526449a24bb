/* Owns how tests read the seeded bank holidays. */
#include "seed_calendar.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

struct date on(const char *text)
{
	struct date date = DATE_NONE;

	cr_assert(date_parse(text, &date), "%s is no date", text);
	return date;
}

void seed_calendar(struct calendar *ret_calendar)
{
	struct date holidays[200];
	size_t count = 0;
	char line[200];
	FILE *file = fopen(BANK_HOLIDAYS, "re");

	cr_assert(file, "%s cannot be read", BANK_HOLIDAYS);
	cr_assert(fgets(line, sizeof(line), file));
	cr_assert_str_eq(line, "date,title,notes\n");
	while (fgets(line, sizeof(line), file)) {
		cr_assert(count < ARRAY_LENGTH(holidays) && line[10] == ',', "row: %s", line);
		line[10] = '\0';
		holidays[count++] = on(line);
	}
	(void)fclose(file);
	calendar_init(ret_calendar, holidays, count, 1);
}
