/* `next_steps`: what a resource with states allows from here, for this caller, and what is missing.
 */
#pragma once

#include "api/list.h"

/*
 * Appends the member for a row that has "_facts", beginning with a comma, and the subject's derived
 * text; nothing where the operation has no states. CSV has the text alone. In the form that
 * list_close() takes; `context` is not used.
 */
void next_steps_put(const struct call *call, const void *context, const struct rows *rows,
    size_t row, enum list_part part, struct text *ret_text);
/*
 * A kept answer carries "_facts" and not the steps, which depend on who asks and when: puts them
 * in its place. A body without facts stays as it is.
 */
void next_steps_complete(const struct call *call, struct text *body);
