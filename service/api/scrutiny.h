/*
 * The report to a scrutiny board: compliance, Table 1, how far the reviews have come, themes,
 * actions and their evidence, each from the report of that name.
 */
#pragma once

#include "api/call.h"

/* GET /v1/reports/scrutiny in the negotiated format. */
MUST_CHECK bool scrutiny_show(struct call *call, struct problem *problem);

/* scrutiny_page.c: the whole as a page to print, and as Markdown. `by` is the partnership's name.
 */
void scrutiny_page_put(const json_t *scrutiny, const char *by, struct text *ret_text);
void scrutiny_markdown_put(const json_t *scrutiny, const char *by, struct text *ret_text);

/*
 * scrutiny_text.c: what each report says in sentences, as a new array of them. `report` is NULL
 * when there is none for the audience.
 */
json_t *scrutiny_recommendations(const json_t *report);
json_t *scrutiny_process(const json_t *report);
json_t *scrutiny_timeliness(const json_t *report);
json_t *scrutiny_concurrence(const json_t *report);
json_t *scrutiny_table_1(const json_t *report);
json_t *scrutiny_outcomes(const json_t *report);
json_t *scrutiny_themes(const json_t *report);
json_t *scrutiny_actions(const json_t *report);
