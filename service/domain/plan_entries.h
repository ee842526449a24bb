/* What a body says of a plan, entry by entry, whether it is JSON or the lines of a sheet. */
#pragma once

#include "base/problem.h"

/*
 * Appends an entry for each recommendation and each action: {pointer, kind, id?, says: {member:
 * value}}, an action with the place of its recommendation as `of`, and with `due_revision` where
 * one is said. The lines of a sheet that name one recommendation are one entry of it.
 */
void plan_entries_read(const json_t *body, bool is_sheet, json_t *recommendations, json_t *actions,
    struct problem *problem);
/* Adds a fault of an entry at the place where its member stands in the body. */
void plan_entry_fault(const json_t *entry, bool is_sheet, const char *member, const char *code,
    const char *why, struct problem *problem);
