/* What rows are made of and how they come to be, for batch.c and rows.c only. */
#pragma once

#include <libpq-fe.h>

#include "store/cells.h"
#include "store/store.h"

struct column {
	const char *name;
	size_t name_length;
	size_t key; /* where it begins in `keys` */
	size_t key_length;
	struct cell_type type;
	bool is_hidden; /* for the program, not for the answer */
};

struct rows {
	PGresult *result;
	struct text keys; /* of each column as JSON has it: a comma, the name, a colon */
	size_t column_count;
	struct column columns[];
};

/* Owns the result from then on; NULL when memory ends, and then it does not. */
struct rows *rows_create(PGresult *result);
void rows_destroy(struct rows *rows);
DEFINE_CLEANUP(struct rows *, rows_destroy)
