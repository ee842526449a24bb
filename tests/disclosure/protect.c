/*
 * Decides tables for solve.py. Standard input has a table a line: threshold; cells as count, with f
 * for a fixed and i for an implied one; then each sum as its parts and its whole. Written out is a
 * letter a cell, s for shown, m for small, d for a shield, v for veiled, or "refused".
 *
 *   5; 3 7 8 18f; 0 1 2 = 3
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/disclosure.h"

#define CELLS 200
#define SUMS 100
#define LINE ((size_t)64 * 1024)

struct table {
	struct disclosure_cell cells[CELLS];
	size_t cell_count;
	size_t parts[SUMS][CELLS];
	struct disclosure_sum sums[SUMS];
	size_t sum_count;
};

static void read_cells(char *text, struct table *table)
{
	for (char *rest = text, *end; *rest && table->cell_count < CELLS; rest = end) {
		long count = strtol(rest, &end, 10);
		if (end == rest)
			return;
		table->cells[table->cell_count++] = (struct disclosure_cell){
		    .count = count, .is_fixed = *end == 'f', .is_implied = *end == 'i'};
		end += *end == 'f' || *end == 'i';
	}
}

static void read_sum(char *text, struct table *table)
{
	struct disclosure_sum *sum = &table->sums[table->sum_count];
	size_t *parts = table->parts[table->sum_count++];
	char *equals = strchr(text, '=');

	if (!equals)
		return;
	*equals = '\0';
	for (char *rest = text, *end; sum->count < CELLS; rest = end) {
		size_t part = strtoul(rest, &end, 10);
		if (end == rest)
			break;
		parts[sum->count++] = part;
	}
	sum->parts = parts;
	sum->whole = strtoul(equals + 1, NULL, 10);
}

static void decide(char *line)
{
	static const char letters[] = {'s', 'm', 'd', 'v'};
	CLEANUP(free) struct table *table = calloc(1, sizeof(*table));
	char *rest = NULL;
	char *threshold = strtok_r(line, ";\n", &rest);
	char *cells = strtok_r(NULL, ";\n", &rest);

	if (!table || !threshold || !cells)
		return;
	read_cells(cells, table);
	for (char *sum; table->sum_count < SUMS && (sum = strtok_r(NULL, ";\n", &rest));)
		read_sum(sum, table);
	if (!disclosure_protect(table->cells, table->cell_count, table->sums, table->sum_count,
	        strtol(threshold, NULL, 10))) {
		puts("refused");
		return;
	}
	for (size_t i = 0; i < table->cell_count; i++)
		putchar(letters[table->cells[i].disclosure]);
	putchar('\n');
}

int main(void)
{
	CLEANUP(free) char *line = malloc(LINE);

	while (line && fgets(line, LINE, stdin))
		decide(line);
	return 0;
}
