/* What rows are made of and how they come to be, for batch.c and rows.c only. */
#pragma once

#include <libpq-fe.h>

#include "store/cells.h"
#include "store/store.h"

struct column {
	const char *name;
	size_t name_length;
	struct cell_type type;
	bool is_hidden; /* for the program, not for the answer */
	bool is_plain;  /* the name needs no escape in JSON */
};

struct rows {
	PGresult *result;
	size_t column_count;
	struct column columns[];
};

/* Owns the result from then on; NULL when memory ends, and then it does not. */
struct rows *rows_create(PGresult *result);
void rows_destroy(struct rows *rows);
DEFINE_CLEANUP(struct rows *, rows_destroy)
