/* The 7-minute briefing of a review: what may be told of it, on one page. */
#pragma once

#include "api/call.h"

/* GET /v1/reviews/{review_id}/briefing in the negotiated format. */
MUST_CHECK bool briefing_show(struct call *call, struct problem *problem);

/* briefing_page.c: a briefing as one page of A4, and as Markdown. `by` is the partnership's name.
 */
void briefing_page_put(const json_t *briefing, const char *by, struct text *ret_text);
void briefing_markdown_put(const json_t *briefing, const char *by, struct text *ret_text);
