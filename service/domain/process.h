/*
 * Processes as tables: which steps a referral, an incident, a rapid review or a review allows, from
 * which states, by whom, and what has to be there first. Pure. Each table is a file of its own
 * (review_process.c and so on); api/process.c is the one handler that walks them.
 */
#pragma once

#include "base/problem.h"
#include "base/text.h"
#include "domain/date.h"

#define NEEDS_MAX 12
#define EFFECTS_MAX 4
#define CARRIES_MAX 4

/* What a step is judged by. Nothing is owned. */
struct act {
	const json_t *facts;  /* of the resource as it is stored: its "_facts", and its columns */
	const json_t *body;   /* the request's, with what it leaves as it is merged in; or NULL */
	const json_t *record; /* what a change changes, as it is stored; or NULL */
	struct date today;    /* in London */
};

/* Something that a step waits for. Each sentence says what is missing, and names its source. */
struct need {
	const char *code;
	const char *sentence;
	/*
	 * Whether it is there. NULL: the fact of that code is true; or, for `is_evidence`, the body has
	 * a value of that name.
	 */
	bool (*is_there)(const struct act *act);
	bool is_evidence; /* comes with the request itself */
};

enum clock_change {
	CLOCK_NOT_CHANGED,
	CLOCK_STARTS,    /* an open one of its kind is superseded */
	CLOCK_CORRECTED, /* an open one is superseded; a judged one stays as it was judged */
	CLOCK_COMPLETES, /* on the day, if it has one; an open one is met, in time or late */
	CLOCK_LAPSES     /* an open one is cancelled */
};

struct clock_effect {
	enum clock_change change;
	const char *kind; /* of clock_policy */
	/*
	 * The member of the body, else of the facts, that has the day it starts or completes on. NULL
	 * is today, and so is "on", the step's own day, where it is left out. Any other day that is
	 * null changes nothing, whatever the change.
	 */
	const char *day;
	const char *due;    /* the member that has the due date, where it is agreed and not counted */
	const char *months; /* the fact that has the agreed interval, where no day is; or NULL */
	const char *when;   /* the fact that has to be true for it; NULL: always */
	bool of_the_record; /* belongs to the step's record, and not to the resource as a whole */
	bool (*applies)(const struct act *act); /* NULL: always */
};

/*
 * A day that follows from a clock that counts backwards: the first that it may start from when what
 * it asks for was done on the step's day. Stored with the step, so that later ones compare days.
 */
struct earliest_day {
	const char *member; /* of the record that is written; NULL: none */
	const char *kind;   /* of clock_policy */
	const char *day;    /* the member that has the day on which it was done; missing is today */
};

struct step {
	/* The operation's id. Transitions are operations that lead to the body's `to`. */
	const char *operation;
	const char *from; /* states, parted by spaces; "" is what does not exist yet */
	const char *to;   /* NULL: the state stays */
	/* Of several steps of an operation from a state the first is taken for which it holds, or NULL.
	 */
	bool (*when)(const struct act *act);
	const char *role; /* a scope that it takes beyond the operation's own, or NULL */
	const struct need *needs[NEEDS_MAX]; /* ended by NULL */
	/* Rules across the fields of the body: adds faults and returns false. NULL: none. */
	bool (*check)(const struct act *act, struct problem *problem);
	struct clock_effect effects[EFFECTS_MAX]; /* ended by CLOCK_NOT_CHANGED */
	const char *event;                        /* its type; NULL is "<resource>.updated" */
	const char
	    *recipients; /* in law, as a PostgreSQL array such as {panel}; NULL: nobody of them */
	/* Whether they are told now, and it does not only record what was done elsewhere; NULL: yes. */
	bool (*tells)(const struct act *act);
	struct earliest_day earliest;
	/* Members of the body, else of the facts, that the event carries too: days; ended by NULL. */
	const char *carries[CARRIES_MAX];
};

struct process {
	const char *resource; /* rapid_review, as events and clocks call it */
	const char *noun;     /* rapid review, as sentences call it */
	const char *states;   /* all of them, parted by spaces */
	const struct step *steps;
	size_t step_count;
};

/* True when the list of words has the word. */
bool process_has_word(const char *words, const char *word);
/* True when the PostgreSQL array {a,"b"} has the scope. */
bool process_has_scope(const char *scopes, const char *scope);

/*
 * The step of that operation from that state, for a transition the one that leads to `to`, else
 * `to` is NULL. When there is none: PROBLEM_CONFLICT, which says from where it goes. `state` is ""
 * for what does not exist yet.
 */
MUST_CHECK bool process_find(const struct process *process, const char *operation, const char *to,
    const char *state, const struct step **ret_step, struct problem *problem);
/*
 * Of the found step and those that follow it for the same operation from the same state: the first
 * whose `when` holds, else the found one. Not for transitions, which say where they lead.
 */
const struct step *process_choose(const struct process *process, const struct step *found,
    const char *state, const struct act *act);
/*
 * Whether the step may be taken: PROBLEM_FORBIDDEN without its role (`scopes` are the caller's, as
 * a PostgreSQL array), PROBLEM_INVALID with every fault of the body, PROBLEM_CONFLICT with
 * everything that is `missing`.
 */
MUST_CHECK bool process_judge(const struct process *process, const struct step *step,
    const struct act *act, const char *scopes, struct problem *problem);
/* Who is told of next steps. Nothing is owned. */
struct onlooker {
	const char *scopes; /* the caller's, as a PostgreSQL array */
	/* Whether one of them is a scope of the operation itself. */
	bool (*may_call)(const void *context, const char *operation);
	const void *context;
};

/*
 * The steps that lead to another state from here, for `next_steps`: an array of {to, operation,
 * allowed, missing: [{code, detail}], evidence: [{code, detail}]}. Evidence comes with the request.
 * As text, because that is what becomes of it: to build the values took more than all else of a
 * GET.
 */
void process_put_next_steps(const struct process *process, const char *state, const json_t *facts,
    struct date today, const struct onlooker *onlooker, struct text *ret_text);

/* A fact that is true. */
bool act_fact(const struct act *act, const char *name);
/* A member of the body, else of the facts; DATE_NONE when it has no date. */
struct date act_date(const struct act *act, const char *name);
/* A text of the body; "" when it has none. */
const char *act_text(const struct act *act, const char *name);
/* Adds a fault and returns false when the body's date lies after today. */
bool act_check_not_future(const struct act *act, const char *name, struct problem *problem);
/* The same when the body's date lies before another date; either may be missing. */
bool act_check_order(const struct act *act, const char *earlier, const char *later,
    const char *sentence, struct problem *problem);
