/*
 * The public form of a report: small counts and what would tell of them hidden, by what the
 * document says of the report's members.
 *
 * x-report.public.sums lists {member, whole, by, fixed}: the counts `member` of the rows, of those
 * with equal values of the members `by`, sum to `whole`: "totals", or a member of each of these
 * rows; `fixed` when other reports tell that total too. x-report.public.needs is the parameter that
 * has to be there. x-disclosure of a member of a row is {kind: count}, with `within` when it is a
 * part of another member of the row; {kind: base} for what other tables publish too; {kind: share,
 * of: [count, base]} for what is worked out from others.
 */
#pragma once

#include "domain/date.h"

#include "api/call.h"

/* What a partnership has decided, see csprd disclosure. */
struct disclosure_policy {
	long threshold;
	long rounding;
};

/* Adds the faults of asking for a public form; true when there are none or it is not asked for. */
MUST_CHECK bool report_public_check(const struct call *call, struct problem *problem);
/* Whether the request asks for the public form. */
bool report_is_public(const struct call *call);
/* The day of a public form: the last 31 March, or the one that is asked for. */
struct date report_public_day(const struct call *call);
/*
 * Hides and rounds in place. A hidden member becomes null and its key stands in the row's
 * `suppressed`. PROBLEM_CONFLICT when the report cannot be made safe.
 */
MUST_CHECK bool report_publish(const struct call *call, const struct disclosure_policy *policy,
    json_t *report, struct problem *problem);
/* For formats without null: every suppressed member becomes "c". */
void report_mark_suppressed(json_t *report);
