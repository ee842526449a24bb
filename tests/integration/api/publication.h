/* What the stories of embargoes and publication share; every step is taken over HTTP. */
#pragma once

#include "fixture.h"

#define REPORT "'report_sha256': 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'"
#define TOLD_ON(day_)                                                                              \
	"'transmission': 'record', 'on': '" day_ "', 'notices': ["                                     \
	"{'recipient': 'panel', 'channel': 'email'}, {'recipient': 'dfe', 'channel': 'email'},"        \
	" {'recipient': 'ofsted', 'channel': 'portal'}]"

/* A transition of the review as it is now. */
const struct answer *step(const char *id, json_t *body);
/* A plan in place of the earlier one. */
const struct answer *plan(const char *id, json_t *body);
/* A new record of that part of the review; its id. */
const char *recorded_at(const char *id, const char *part, json_t *body);
/* A change of it. */
const struct answer *changed_at(const char *id, const char *part, const char *record, json_t *body);
/* Announced on Monday 12 August 2024 for Wednesday the 21st, the first day that is possible; its
 * id. */
const char *announced(void);
/* The same, published on that day. */
const char *published(void);
/* How many of its clocks of that kind there are of which the SQL holds. */
int64_t clocks_of(const char *id, const char *kind, const char *condition);
/* Whether the worklist, filtered so, has one of the review's. */
bool has_deadline(const char *id, const char *query);

#define expect_moved(answer) expect_status((answer), 200)
