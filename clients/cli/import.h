/* The reading of an incident file's rows into request bodies. */
#pragma once

#include "cli/csv.h"
#include "cli/document.h"

/*
 * Makes a body of one row. Each heading is a path in the schema ("children.0.sex"). An empty cell
 * is left out; a cell of a list of plain values is divided at semicolons; numbers and truth values
 * are what the schema says they are. False leaves a sentence.
 */
MUST_CHECK bool import_body(const struct document *document, const json_t *schema,
    const struct csv_row *heading, const struct csv_row *row, json_t **ret_body,
    struct text *message);
/* Every heading that the schema does not know, in one sentence; false when there is one. */
MUST_CHECK bool import_check_heading(const struct document *document, const json_t *schema,
    const struct csv_row *heading, struct text *message);
/*
 * The Idempotency-Key of a row: the same whenever the same content comes again as the n-th of its
 * like in a file, so that an import can be run again after a failure without a second effect.
 */
void import_key(const char *body, size_t occurrence, bool dry_run, char ret_key[65]);
