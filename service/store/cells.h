/* One value of PostgreSQL's, in its text form, as JSON or as a cell of CSV. */
#pragma once

#include "base/text.h"

enum cell_kind { CELL_TEXT, CELL_NUMBER, CELL_FLAG, CELL_JSON };

struct cell_type {
	enum cell_kind kind;
	bool is_array;
};

/* NULL bytes are SQL's NULL. */
struct cell {
	const char *bytes;
	size_t length;
};

/* Of a type's OID; what is not known is text. */
struct cell_type cell_type(unsigned int oid);
void cell_put_json(struct cell_type type, struct cell cell, struct text *ret_text);
/* Quoted where RFC 4180 asks for it, and neutralised where a spreadsheet would run it. */
void cell_put_csv(struct cell_type type, struct cell cell, struct text *ret_text);
