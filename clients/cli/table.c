/* Owns the widths of columns. */
#include "cli/table.h"

#include "cli/terminal.h"

#define GAP 2
#define NARROWEST 8 /* a column is not cut below this */

static void free_widths(size_t *widths)
{
	free(widths);
}
DEFINE_CLEANUP(size_t *, free_widths)

void table_finish(struct table *table)
{
	for (size_t i = 0; i < table->cell_count; i++)
		free(table->cells[i]);
	free(table->cells);
	*table = (struct table){0};
}

bool table_add(struct table *table, const char *cell)
{
	struct text clean CLEANUP(text_finish) = TEXT_INIT((size_t)64 * 1024);

	if (table->cell_count == table->cell_capacity) {
		size_t capacity = table->cell_capacity ? table->cell_capacity * 2 : 64;
		char **grown = reallocarray(table->cells, capacity, sizeof(*grown));
		if (!grown)
			return false;
		table->cells = grown;
		table->cell_capacity = capacity;
	}
	terminal_put(&clean, cell, false);
	clean.failed = false; /* an overlong cell is cut, here or by its column */
	char *taken = text_take(&clean);
	if (!taken)
		return false;
	table->cells[table->cell_count++] = taken;
	return true;
}

static size_t sum_of(const size_t *widths, size_t count)
{
	size_t sum = count ? (count - 1) * GAP : 0;

	for (size_t i = 0; i < count; i++)
		sum += widths[i];
	return sum;
}

static void narrow(size_t *widths, size_t count, size_t cells)
{
	while (sum_of(widths, count) > cells) {
		size_t widest = 0;
		for (size_t i = 1; i < count; i++) {
			if (widths[i] >= widths[widest])
				widest = i;
		}
		if (widths[widest] <= NARROWEST)
			return;
		widths[widest]--;
	}
}

static void put_row(
    const struct table *table, size_t first, const size_t *widths, struct text *text)
{
	for (size_t i = 0; i < table->column_count; i++) {
		struct text cell CLEANUP(text_finish) = TEXT_INIT((size_t)64 * 1024);
		terminal_put_cut(&cell, table->cells[first + i], widths[i]);
		text_puts(text, text_string(&cell));
		if (i + 1 == table->column_count)
			break;
		size_t width = terminal_width(text_string(&cell));
		text_repeat(text, " ", widths[i] - (width < widths[i] ? width : widths[i]) + GAP);
	}
}

void table_put(const struct table *table, size_t cells, bool bold, struct text *text)
{
	size_t count = table->column_count;
	size_t *widths CLEANUP(free_widths) = calloc(count + 1, sizeof(*widths));

	if (!widths) {
		text->failed = true;
		return;
	}
	for (size_t i = 0; i < table->cell_count; i++) {
		size_t width = terminal_width(table->cells[i]);
		if (width > widths[i % count])
			widths[i % count] = width;
	}
	if (cells)
		narrow(widths, count, cells);
	for (size_t first = 0; first + count <= table->cell_count; first += count) {
		if (bold && first == 0)
			text_puts(text, "\033[1m");
		put_row(table, first, widths, text);
		if (bold && first == 0)
			text_puts(text, "\033[0m");
		text_putc(text, '\n');
	}
}
