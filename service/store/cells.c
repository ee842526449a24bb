/*
 * Owns the text forms of single values. The OIDs are fixed for ever in PostgreSQL's catalogue
 * (pg_type.dat); domains arrive as their base type, enums as text.
 */
#include "store/cells.h"

#include <string.h>

struct cell_type cell_type(unsigned int oid)
{
	static const struct {
		unsigned int oid;
		unsigned int array_oid;
		enum cell_kind kind;
	} types[] = {
	    {25, 1009, CELL_TEXT},     /* text */
	    {2950, 2951, CELL_TEXT},   /* uuid */
	    {16, 1000, CELL_FLAG},     /* boolean */
	    {23, 1007, CELL_NUMBER},   /* integer */
	    {20, 1016, CELL_NUMBER},   /* bigint */
	    {21, 1005, CELL_NUMBER},   /* smallint */
	    {1700, 1231, CELL_NUMBER}, /* numeric */
	    {701, 1022, CELL_NUMBER},  /* double precision */
	    {700, 1021, CELL_NUMBER},  /* real */
	    {26, 1028, CELL_NUMBER},   /* oid */
	    {3802, 3807, CELL_JSON},   /* jsonb */
	    {114, 199, CELL_JSON},     /* json */
	    {1043, 1015, CELL_TEXT},   /* character varying */
	    {1042, 1014, CELL_TEXT},   /* character */
	    {18, 1002, CELL_TEXT},     /* "char" */
	    {19, 1003, CELL_TEXT},     /* name */
	    {1082, 1182, CELL_TEXT},   /* date */
	    {1083, 1183, CELL_TEXT},   /* time */
	    {1114, 1115, CELL_TEXT},   /* timestamp */
	    {1184, 1185, CELL_TEXT},   /* timestamptz */
	    {1186, 1187, CELL_TEXT},   /* interval */
	    {17, 1001, CELL_TEXT},     /* bytea */
	};

	for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
		if (types[i].oid == oid)
			return (struct cell_type){.kind = types[i].kind};
		if (types[i].array_oid == oid)
			return (struct cell_type){.kind = types[i].kind, .is_array = true};
	}
	return (struct cell_type){.kind = CELL_TEXT};
}

/* JSON has no word for NaN and the infinities. */
static bool is_finite_number(struct cell cell)
{
	char last = cell.length ? cell.bytes[cell.length - 1] : '\0';

	return last >= '0' && last <= '9';
}

static void put_single(enum cell_kind kind, struct cell cell, struct text *ret_text)
{
	switch (kind) {
	case CELL_JSON:
		text_append(ret_text, cell.bytes, cell.length);
		return;
	case CELL_FLAG:
		text_puts(ret_text, cell.bytes[0] == 't' ? "true" : "false");
		return;
	case CELL_NUMBER:
		if (is_finite_number(cell))
			text_append(ret_text, cell.bytes, cell.length);
		else
			text_puts(ret_text, "null");
		return;
	case CELL_TEXT:
		text_put_json(ret_text, cell.bytes, cell.length);
		return;
	}
}

/* Reads a quoted element up to its closing quote; returns the position behind it. */
static size_t put_quoted_element(
    enum cell_kind kind, struct cell array, size_t start, struct text *ret_text)
{
	CLEANUP(text_finish) struct text element = TEXT_INIT(array.length);
	size_t i = start + 1;

	for (; i < array.length && array.bytes[i] != '"'; i++) {
		if (array.bytes[i] == '\\' && i + 1 < array.length)
			i++;
		text_putc(&element, array.bytes[i]);
	}
	if (element.failed)
		ret_text->failed = true;
	put_single(kind, (struct cell){text_string(&element), element.length}, ret_text);
	return i + 1;
}

static size_t put_bare_element(
    enum cell_kind kind, struct cell array, size_t start, struct text *ret_text)
{
	struct cell element = {.bytes = array.bytes + start};

	while (start + element.length < array.length && element.bytes[element.length] != ',' &&
	       element.bytes[element.length] != '}')
		element.length++;
	if (element.length == 4 && memcmp(element.bytes, "NULL", 4) == 0)
		text_puts(ret_text, "null");
	else
		put_single(kind, element, ret_text);
	return start + element.length;
}

/*
 * PostgreSQL's {a,"b c",NULL,{d}} as JSON; arrays may be nested. Bounds that do not begin at 1
 * stand in front as [0:1]= and are passed over.
 */
static void put_array(enum cell_kind kind, struct cell array, struct text *ret_text)
{
	const char *opening = memchr(array.bytes, '{', array.length);
	size_t i = opening ? (size_t)(opening - array.bytes) : array.length;

	while (i < array.length) {
		switch (array.bytes[i]) {
		case '{':
			text_putc(ret_text, '[');
			i++;
			break;
		case '}':
			text_putc(ret_text, ']');
			i++;
			break;
		case ',':
			text_putc(ret_text, ',');
			i++;
			break;
		case '"':
			i = put_quoted_element(kind, array, i, ret_text);
			break;
		default:
			i = put_bare_element(kind, array, i, ret_text);
		}
	}
}

void cell_put_json(struct cell_type type, struct cell cell, struct text *ret_text)
{
	if (!cell.bytes)
		text_append(ret_text, "null", 4);
	else if (type.is_array)
		put_array(type.kind, cell, ret_text);
	else
		put_single(type.kind, cell, ret_text);
}

/* Semicolons and tabs separate cells in some countries' spreadsheets. */
static bool needs_quotes(struct cell cell)
{
	for (size_t i = 0; i < cell.length; i++)
		if (strchr("\",;\t\r\n", cell.bytes[i]))
			return true;
	return false;
}

static void put_csv_text(struct cell cell, struct text *ret_text)
{
	const char *guard = cell.length && strchr("=+-@\t\r", cell.bytes[0]) ? "'" : "";

	if (!needs_quotes(cell)) {
		text_puts(ret_text, guard);
		text_append(ret_text, cell.bytes, cell.length);
		return;
	}
	text_putc(ret_text, '"');
	text_puts(ret_text, guard);
	for (size_t i = 0; i < cell.length; i++) {
		if (cell.bytes[i] == '"')
			text_putc(ret_text, '"');
		text_putc(ret_text, cell.bytes[i]);
	}
	text_putc(ret_text, '"');
}

void cell_put_csv(struct cell_type type, struct cell cell, struct text *ret_text)
{
	if (!cell.bytes)
		return;
	if (type.kind == CELL_TEXT && !type.is_array) {
		put_csv_text(cell, ret_text);
		return;
	}
	if (type.kind == CELL_NUMBER && !type.is_array) {
		if (is_finite_number(cell))
			text_append(ret_text, cell.bytes, cell.length);
		return;
	}
	/* Flags, json and arrays stand as in JSON. */
	CLEANUP(text_finish) struct text json = TEXT_INIT(ret_text->limit);
	cell_put_json(type, cell, &json);
	if (json.failed)
		ret_text->failed = true;
	put_csv_text((struct cell){text_string(&json), json.length}, ret_text);
}
