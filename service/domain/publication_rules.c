/* Owns what embargoing, announcing and publishing a review waits for. */
#include "domain/publication_rules.h"

#include <stdio.h>
#include <string.h>

/* "At least a year": what the partnership owes its website. */
#define WEBSITE_MONTHS 12

static bool has_value(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	return value && !json_is_null(value);
}

/* A day of the facts alone: the body may have one of the same name. */
static struct date fact_date(const struct act *act, const char *name)
{
	const struct act stored = {.facts = act->facts};

	return act_date(&stored, name);
}

static struct date day_of_step(const struct act *act)
{
	struct date on = act_date(act, "on");

	return date_is_set(on) ? on : act->today;
}

/* ---- Embargoes ---- */

static bool is_grounded(const struct act *act)
{
	return act_fact(act, "proceeding_holds_publication") ||
	       has_value(act->body, "other_reason_until");
}

static bool is_not_lifted(const struct act *act)
{
	return !has_value(act->record, "lifted_on");
}

const struct need embargo_is_grounded = {
    .code = "embargo_has_ground",
    .sentence = "An open proceeding affects publication, or another reason has a date until which "
                "it holds (the partnership's procedure).",
    .is_there = is_grounded,
};
const struct need embargo_is_not_lifted = {
    .code = "embargo_is_not_lifted",
    .sentence = "The embargo was lifted and stays as it was; another one can be made.",
    .is_there = is_not_lifted,
};
const struct need embargo_is_open = {
    .code = "embargo_is_open",
    .sentence = "An embargo is open, with its reason, its holder and the day by which it is looked "
                "at again (the partnership's procedure).",
};
const struct need embargo_has_ground = {
    .code = "embargo_has_ground",
    .sentence =
        "An open proceeding affects publication, or an open embargo has another reason with "
        "a date until which it holds (the partnership's procedure).",
};
/* Publication waits for every proceeding that affects it and was open on the day. */
static bool is_free_of_proceedings(const struct act *act)
{
	struct date day = act->body ? act_date(act, "published_on") : act->today;
	size_t index;
	json_t *proceeding;

	json_array_foreach (json_object_get(act->facts, "publication_waits_for"), index, proceeding) {
		const struct act one = {.facts = proceeding};
		struct date opened_on = act_date(&one, "opened_on");
		struct date ended_on = act_date(&one, "ended_on");
		bool is_opened = !date_is_set(opened_on) || opened_on.days <= day.days;
		bool has_ended = date_is_set(ended_on) && ended_on.days <= day.days;
		if (is_opened && !has_ended)
			return false;
	}
	return true;
}

const struct need no_proceeding_holds_publication = {
    .code = "no_proceeding_holds_publication",
    .sentence =
        "Publication waits for the proceedings that affect it: each has ended by then, or is "
        "recorded as affecting it no more (the partnership's procedure).",
    .is_there = is_free_of_proceedings,
};
const struct need no_open_embargo = {
    .code = "no_open_embargo",
    .sentence = "Every embargo is lifted, explicitly and with its day and reason; no date and no "
                "override goes past one that is open.",
};

bool proceeding_check(const struct act *act, struct problem *problem)
{
	act_check_not_future(act, "opened_on", problem);
	act_check_not_future(act, "ended_on", problem);
	act_check_not_future(act, "last_checked_on", problem);
	act_check_order(act, "opened_on", "expected_end_on", "Nothing ends before it begins.", problem);
	act_check_order(act, "opened_on", "ended_on", "Nothing ends before it begins.", problem);
	return problem->kind == PROBLEM_NONE;
}

static void check_lifting(const struct act *act, struct problem *problem)
{
	bool is_lifted = has_value(act->body, "lifted_on");
	bool has_reason = has_value(act->body, "lift_reason");

	if (is_lifted && !has_reason)
		problem_add(problem, PROBLEM_INVALID, "/lift_reason", "required",
		    "Whoever lifts an embargo says why.");
	if (!is_lifted && has_reason)
		problem_add(problem, PROBLEM_INVALID, "/lifted_on", "required",
		    "Whoever lifts an embargo says on which day.");
	act_check_not_future(act, "lifted_on", problem);
	act_check_order(
	    act, "embargoed_on", "lifted_on", "An embargo is not lifted before it began.", problem);
}

bool embargo_check(const struct act *act, struct problem *problem)
{
	if (!has_value(act->body, "agency_id") && !has_value(act->body, "owner"))
		problem_add(problem, PROBLEM_INVALID, "/owner", "required",
		    "Somebody holds the embargo: an agency (agency_id) or a role (owner).");
	act_check_not_future(act, "embargoed_on", problem);
	act_check_order(
	    act, "embargoed_on", "review_by", "An embargo is looked at again after it began.", problem);
	act_check_order(act, "embargoed_on", "other_reason_until",
	    "The other reason holds beyond the day on which the embargo began.", problem);
	check_lifting(act, problem);
	return problem->kind == PROBLEM_NONE;
}

/* ---- The plan ---- */

static bool is_form(const struct act *act, const char *form)
{
	return strcmp(act_text(act, "form"), form) == 0;
}

static void check_required(
    const struct act *act, const char *name, const char *sentence, struct problem *problem)
{
	char pointer[80];

	if (has_value(act->body, name))
		return;
	snprintf(pointer, sizeof(pointer), "/%s", name);
	problem_add(problem, PROBLEM_INVALID, pointer, "required", "%s", sentence);
}

/* Published in full unless there are compelling reasons. */
static void check_form(const struct act *act, struct problem *problem)
{
	if (!has_value(act->body, "form") || is_form(act, "full"))
		return;
	check_required(act, "reason",
	    "What is not published in full has its compelling reason "
	    "(Working Together 2023, chapter 5).",
	    problem);
	check_required(act, "decided_by",
	    "What is not published in full was decided by somebody "
	    "(Working Together 2023, chapter 5).",
	    problem);
	check_required(act, "panel_told_on",
	    "The Panel is told why it is not published in full "
	    "(Working Together 2023, chapter 5).",
	    problem);
}

static void check_website(const struct act *act, struct problem *problem)
{
	struct date until = act_date(act, "on_website_until");
	struct date from = fact_date(act, "was_published_on");

	if (!date_is_set(from))
		from = act_date(act, "planned_on");
	if (!date_is_set(until) || !date_is_set(from))
		return;
	if (until.days < date_add_months(from, WEBSITE_MONTHS).days)
		problem_add(problem, PROBLEM_INVALID, "/on_website_until", "too_early",
		    "A report stays on the website for at least twelve months.");
}

static void check_not_planned(const struct act *act, const char *sentence, struct problem *problem)
{
	if (has_value(act->body, "planned_on"))
		problem_add(problem, PROBLEM_INVALID, "/planned_on", "not_planned", "%s", sentence);
}

bool publication_check(const struct act *act, struct problem *problem)
{
	check_form(act, problem);
	check_website(act, problem);
	act_check_not_future(act, "panel_told_on", problem);
	act_check_not_future(act, "nspcc_submitted_on", problem);
	act_check_not_future(act, "cabinet_member_told_on", problem);
	if (is_form(act, "not_published"))
		check_not_planned(act, "What is not published has no planned day.", problem);
	return problem->kind == PROBLEM_NONE;
}

bool publication_check_embargoed(const struct act *act, struct problem *problem)
{
	check_not_planned(act,
	    "An embargoed review has no planned day of publication; lift the embargo first.", problem);
	return publication_check(act, problem);
}

bool publication_is_unplanned(const struct act *act)
{
	return !has_value(act->body, "planned_on");
}

static bool is_too_early(const struct act *act, struct date day)
{
	struct date earliest = fact_date(act, "earliest_publication_on");

	return date_is_set(day) && date_is_set(earliest) && day.days < earliest.days;
}

bool publication_check_announced(const struct act *act, struct problem *problem)
{
	if (is_too_early(act, act_date(act, "planned_on")) && !has_value(act->body, "override"))
		problem_add(problem, PROBLEM_INVALID, "/planned_on", "notice_too_short",
		    "The recipients have seven working days' notice; a day before that takes an override "
		    "with its reason and who decided it.");
	return publication_check(act, problem);
}

static void check_form_stays(const struct act *act, struct problem *problem)
{
	const char *form = json_string_value(json_object_get(act->facts, "publication_form"));

	if (!form || !is_form(act, form))
		problem_add(problem, PROBLEM_INVALID, "/form", "form_is_final",
		    "What was decided about the publication has happened and stays.");
}

bool publication_check_published(const struct act *act, struct problem *problem)
{
	check_form_stays(act, problem);
	return publication_check(act, problem);
}

/* ---- The notice ---- */

bool notice_is_sent(const struct act *act)
{
	return strcmp(act_text(act, "transmission"), "record") != 0;
}

/* Told by webhook when the notice is sent; a record of an earlier notice says how. */
static bool is_told(const struct act *act, const char *recipient)
{
	size_t index;
	json_t *notice;

	if (!act->body || notice_is_sent(act))
		return true;
	json_array_foreach (json_object_get(act->body, "notices"), index, notice) {
		const char *name = json_string_value(json_object_get(notice, "recipient"));
		if (name && strcmp(name, recipient) == 0)
			return true;
	}
	return false;
}

static bool is_panel_told(const struct act *act)
{
	return is_told(act, "panel");
}

static bool is_dfe_told(const struct act *act)
{
	return is_told(act, "dfe");
}

static bool is_ofsted_told(const struct act *act)
{
	return is_told(act, "ofsted");
}

static bool is_planned_ahead(const struct act *act)
{
	struct date planned_on = fact_date(act, "publication_planned_on");

	/* Without a body nobody has said yet of which day the notice is to be. */
	return !date_is_set(planned_on) || !act->body || day_of_step(act).days <= planned_on.days;
}

static bool is_hashed(const struct act *act)
{
	return act_fact(act, "report_is_hashed") || has_value(act->body, "report_sha256");
}

const struct need form_is_decided = {
    .code = "form_is_decided",
    .sentence = "It is decided in which form the report is published: in full unless there are "
                "compelling reasons (Working Together 2023, chapter 5).",
};
const struct need publication_is_planned = {
    .code = "publication_is_planned",
    .sentence = "The day of publication is planned.",
};
const struct need planned_day_is_ahead = {
    .code = "planned_day_is_ahead",
    .sentence = "The planned day of publication does not lie before the notice.",
    .is_there = is_planned_ahead,
};
const struct need report_is_hashed = {
    .code = "report_sha256",
    .sentence = "The report that the recipients are given is known by its SHA-256: of the latest "
                "draft, or report_sha256 of the request.",
    .is_there = is_hashed,
};
const struct need panel_is_told = {
    .code = "panel_is_told",
    .sentence = "The record of a notice says when and how the Panel was told (Working Together "
                "2023, chapter 5).",
    .is_there = is_panel_told,
};
const struct need dfe_is_told = {
    .code = "dfe_is_told",
    .sentence = "The record of a notice says when and how the Department for Education was told, "
                "for the Secretary of State (Working Together 2023, chapter 5).",
    .is_there = is_dfe_told,
};
const struct need ofsted_is_told = {
    .code = "ofsted_is_told",
    .sentence = "The record of a notice says when and how Ofsted was told (the partnership's "
                "procedure).",
    .is_there = is_ofsted_told,
};

static bool is_in_law(const char *recipient)
{
	return recipient && process_has_word("panel dfe ofsted", recipient);
}

/* Seven working days run from when the last of those in law was told. */
static void check_told_by(
    const struct act *act, const struct act *notice, const char *pointer, struct problem *problem)
{
	struct date on = act_date(act, "on");
	struct date sent_on = act_date(notice, "sent_on");

	if (notice_is_sent(act) || !date_is_set(on) || !date_is_set(sent_on) || sent_on.days <= on.days)
		return;
	if (is_in_law(act_text(notice, "recipient")))
		problem_add(problem, PROBLEM_INVALID, pointer, "dates_out_of_order",
		    "The notice was given when the last of the Panel, the Department for Education and "
		    "Ofsted was told: on that day or after it.");
}

static void check_notice_days(const struct act *act, struct problem *problem)
{
	size_t index;
	json_t *notice;

	json_array_foreach (json_object_get(act->body, "notices"), index, notice) {
		const struct act one = {.body = notice, .today = act->today};
		struct date sent_on = act_date(&one, "sent_on");
		char pointer[80];
		snprintf(pointer, sizeof(pointer), "/notices/%zu/sent_on", index);
		if (date_is_set(sent_on) && sent_on.days > act->today.days)
			problem_add(problem, PROBLEM_INVALID, pointer, "date_in_future",
			    "What has happened cannot lie in the future.");
		else
			check_told_by(act, &one, pointer, problem);
	}
}

bool notice_check(const struct act *act, struct problem *problem)
{
	struct date on = act_date(act, "on");

	if (!notice_is_sent(act) && !date_is_set(on))
		problem_add(problem, PROBLEM_INVALID, "/on", "required",
		    "The record of a notice has the day on which it was given.");
	if (notice_is_sent(act) && date_is_set(on) && on.days != act->today.days)
		problem_add(problem, PROBLEM_INVALID, "/on", "on_not_allowed",
		    "A notice that is sent now is dated today; only a recorded one names its day.");
	act_check_not_future(act, "on", problem);
	act_check_order(act, "signed_off_on", "on",
	    "The recipients are given the report that was signed off, so not before that.", problem);
	act_check_order(act, "embargo_lifted_on", "on",
	    "A notice from before an embargo was lifted counts no longer; it is given anew.", problem);
	check_notice_days(act, problem);
	return problem->kind == PROBLEM_NONE;
}

bool notice_record_check(const struct act *act, struct problem *problem)
{
	act_check_not_future(act, "sent_on", problem);
	act_check_not_future(act, "acknowledged_on", problem);
	act_check_order(
	    act, "sent_on", "acknowledged_on", "Nobody acknowledges what was not sent yet.", problem);
	return problem->kind == PROBLEM_NONE;
}

/* ---- The day itself ---- */

static bool has_run(const struct act *act)
{
	struct date day = act->body ? act_date(act, "published_on") : act->today;

	return !is_too_early(act, day) || act_fact(act, "notice_is_overridden") ||
	       has_value(act->body, "override");
}

static bool has_type(const struct act *act, const char *types)
{
	const char *type = json_string_value(json_object_get(act->facts, "type"));

	return type && process_has_word(types, type);
}

static bool has_national_type(const struct act *act)
{
	return has_type(act, "national");
}

static bool has_other_type(const struct act *act)
{
	return has_type(act, "table_top other_learning");
}

/* Said with the step, or decided in the plan before, which has all three. */
static bool is_said(const struct act *act, const char *name)
{
	return act_fact(act, "not_publishing_is_decided") || has_value(act->body, name);
}

static bool reason_is_said(const struct act *act)
{
	return is_said(act, "reason");
}

static bool decided_by_is_said(const struct act *act)
{
	return is_said(act, "decided_by");
}

static bool panel_told_on_is_said(const struct act *act)
{
	return is_said(act, "panel_told_on");
}

const struct need published_on = {
    .code = "published_on",
    .sentence = "Say on which day it was published.",
    .is_evidence = true,
};
const struct need notice_has_run = {
    .code = "notice_has_run",
    .sentence =
        "The recipients had seven working days' notice, or an override says why not and who "
        "decided that (Working Together 2023, chapter 5).",
    .is_there = has_run,
};
const struct need is_national = {
    .code = "is_national",
    .sentence = "Only a national review is published without a notice of ours: the Panel publishes "
                "it (the partnership's procedure).",
    .is_there = has_national_type,
};
const struct need is_not_statutory = {
    .code = "is_not_statutory",
    .sentence = "Only a table-top review or other learning goes without a publication (the "
                "partnership's procedure).",
    .is_there = has_other_type,
};
const struct need not_publishing_reason = {
    .code = "reason",
    .sentence = "Say for which compelling reason it is not published (Working Together 2023, "
                "chapter 5).",
    .is_there = reason_is_said,
    .is_evidence = true,
};
const struct need not_publishing_decided_by = {
    .code = "decided_by",
    .sentence = "Say who decided that it is not published, as a role or body.",
    .is_there = decided_by_is_said,
    .is_evidence = true,
};
const struct need not_publishing_panel_told_on = {
    .code = "panel_told_on",
    .sentence = "Say when the Panel was told why it is not published (Working Together 2023, "
                "chapter 5).",
    .is_there = panel_told_on_is_said,
    .is_evidence = true,
};

bool published_check(const struct act *act, struct problem *problem)
{
	act_check_not_future(act, "published_on", problem);
	act_check_order(act, "notice_given_on", "published_on",
	    "Nothing is published before its notice was given.", problem);
	act_check_order(act, "embargo_lifted_on", "published_on",
	    "Nothing is published while it is embargoed; the day lies before an embargo was lifted.",
	    problem);
	return problem->kind == PROBLEM_NONE;
}

bool not_published_check(const struct act *act, struct problem *problem)
{
	act_check_not_future(act, "on", problem);
	act_check_not_future(act, "panel_told_on", problem);
	return problem->kind == PROBLEM_NONE;
}

/* ---- What follows ---- */

static bool is_assured_or_said_why_not(const struct act *act)
{
	return act_fact(act, "is_assured") || has_value(act->body, "reason");
}

const struct need interval_months = {
    .code = "interval_months",
    .sentence = "Say at which interval, in months, assurance was agreed (the partnership's "
                "procedure).",
    .is_evidence = true,
};
const struct need first_check_due_on = {
    .code = "first_check_due_on",
    .sentence = "Say by when it is first looked for in practice (the partnership's procedure).",
    .is_evidence = true,
};
const struct need is_assured = {
    .code = "is_assured",
    .sentence = "At least one assurance check was satisfactory, or a reason says why there is none "
                "(the partnership's procedure).",
    .is_there = is_assured_or_said_why_not,
    .is_evidence = true,
};

bool assurance_check(const struct act *act, struct problem *problem)
{
	act_check_not_future(act, "on", problem);
	act_check_order(act, "concluded_on", "on",
	    "Assurance follows the publication, or the decision against it.", problem);
	act_check_order(act, "concluded_on", "first_check_due_on",
	    "Assurance follows the publication, or the decision against it.", problem);
	return problem->kind == PROBLEM_NONE;
}

bool assurance_check_check(const struct act *act, struct problem *problem)
{
	act_check_not_future(act, "checked_on", problem);
	act_check_order(
	    act, "checked_on", "next_due_on", "The next check comes after this one.", problem);
	return problem->kind == PROBLEM_NONE;
}

bool dissemination_check(const struct act *act, struct problem *problem)
{
	act_check_not_future(act, "held_on", problem);
	act_check_not_future(act, "learning_and_development_told_on", problem);
	return problem->kind == PROBLEM_NONE;
}
