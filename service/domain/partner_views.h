/*
 * What each partner thinks of a decision, where the law gives the last word to the local authority:
 * whether to notify (Children Act 2004 s16C(1); the Panel's guidance for safeguarding partners).
 * Pure.
 */
#pragma once

#include "domain/process.h"

/*
 * The rules of the body's `views`, [{agency_id, view, dissent}]: each agency is one of the facts'
 * `agencies`, [{id, kind}], and stands there once; who is the local authority, or the trust that
 * does its duties, says what `decided` says. Adds every fault and returns false when there is one.
 */
bool partner_views_check(const struct act *act, const char *decided, struct problem *problem);
/* That the local authority's own view is there; it is where the partnership has none. */
extern const struct need partner_views_authority;
