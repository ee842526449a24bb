/*
 * Owns the test of every state × transition × role: the tables of all processes against a second
 * list (tests/walk/legal_steps.csv). The list began as an extract of the tables; each of its rows,
 * and each pair of states that it does not have, was then judged by hand by what the field's rules
 * say. So it finds what changes in a table by mistake; it is no proof by somebody who never saw
 * them.
 */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "domain/action_process.h"
#include "domain/incident_process.h"
#include "domain/rapid_review_process.h"
#include "domain/recommendation_process.h"
#include "domain/referral_process.h"
#include "domain/review_process.h"

#define WORDS_MAX 40
#define LEGAL_MAX 400

static const struct process *const processes[] = {&referral_process, &incident_process,
    &rapid_review_process, &review_process, &recommendation_process, &action_process};

static char legal[LEGAL_MAX][120];
static size_t legal_count;

static void read_legal(void)
{
	FILE *file = fopen(LEGAL_STEPS, "r");

	cr_assert_not_null(file);
	while (legal_count < LEGAL_MAX && fgets(legal[legal_count], sizeof(legal[0]), file)) {
		legal[legal_count][strcspn(legal[legal_count], "\r\n")] = '\0';
		legal_count++;
	}
	fclose(file);
	cr_assert_gt(legal_count, 50);
	cr_assert_lt(legal_count, LEGAL_MAX);
}

TestSuite(every_process, .init = read_legal);

/* The scope that the legal step takes beyond the operation's own, "" for none; NULL: it is illegal.
 */
static const char *legal_role(const struct process *process, const char *from, const char *to)
{
	char wanted[4000];

	snprintf(wanted, sizeof(wanted), "%s,%s,%s,", process->resource, from, to);
	for (size_t i = 0; i < legal_count; i++)
		if (strncmp(legal[i], wanted, strlen(wanted)) == 0)
			return legal[i] + strlen(wanted);
	return NULL;
}

static bool is_legal(const struct process *process, const char *from, const char *to)
{
	return legal_role(process, from, to) != NULL;
}

/* The words of a list, in copies that last until the next call. */
static size_t split(const char *words, char (*ret_words)[40])
{
	size_t count = 0;

	while (*words) {
		size_t length = strcspn(words, " ");
		cr_assert(count + 1 < WORDS_MAX && length < 40);
		memcpy(ret_words[count], words, length);
		ret_words[count++][length] = '\0';
		words += length + (words[length] == ' ');
	}
	return count;
}

static bool goes(const struct step *step, const char *from, const char *to)
{
	bool starts = from[0] ? process_has_word(step->from, from) : step->from[0] == '\0';

	return step->to && starts && strcmp(step->to, to) == 0;
}

/* Whether it is allowed with nothing at all to show for it. */
static bool is_free(const struct process *process, const struct step *step)
{
	CLEANUP(json_decref) json_t *nothing = json_object();
	CLEANUP(problem_finish) struct problem problem = {0};
	char scopes[100];
	const struct act act = {
	    .facts = nothing, .body = nothing, .today = date_from_civil(2024, 1, 8)};

	snprintf(scopes, sizeof(scopes), "{%s}", step->role ? step->role : "");
	return process_judge(process, step, &act, scopes, &problem);
}

Test(every_process, leads_only_where_the_law_does)
{
	for (size_t p = 0; p < ARRAY_LENGTH(processes); p++) {
		const struct process *process = processes[p];
		char states[WORDS_MAX][40] = {{0}};
		size_t count = split(process->states, states + 1) + 1;
		for (size_t s = 0; s < process->step_count; s++)
			for (size_t from = 0; from < count; from++)
				for (size_t to = 1; to < count; to++) {
					const struct step *step = &process->steps[s];
					if (!goes(step, states[from], states[to]) ||
					    is_legal(process, states[from], states[to]))
						continue;
					/* It may only be there to say what is missing, and never be free. */
					cr_expect(!is_free(process, step), "%s: %s from '%s' to '%s'",
					    process->resource, step->operation, states[from], states[to]);
				}
	}
}

Test(every_process, has_a_step_for_everything_that_is_legal)
{
	for (size_t i = 1; i < legal_count; i++) {
		bool found = false;
		for (size_t p = 0; p < ARRAY_LENGTH(processes) && !found; p++) {
			const struct process *process = processes[p];
			char states[WORDS_MAX][40] = {{0}};
			size_t count = split(process->states, states + 1) + 1;
			for (size_t s = 0; s < process->step_count && !found; s++)
				for (size_t from = 0; from < count && !found; from++) {
					const struct step *step = &process->steps[s];
					char row[4000];
					snprintf(row, sizeof(row), "%s,%s,%s,%s", process->resource, states[from],
					    step->to ? step->to : "", step->role ? step->role : "");
					found = strcmp(row, legal[i]) == 0 && goes(step, states[from], step->to);
				}
		}
		cr_expect(found, "nothing leads along %s", legal[i]);
	}
}

/* From each state, to each state, for each role: what one list allows the other allows too. */
Test(every_process, asks_for_the_role_that_the_law_asks_for)
{
	for (size_t p = 0; p < ARRAY_LENGTH(processes); p++) {
		const struct process *process = processes[p];
		char states[WORDS_MAX][40] = {{0}};
		size_t count = split(process->states, states + 1) + 1;
		for (size_t s = 0; s < process->step_count; s++)
			for (size_t from = 0; from < count; from++)
				for (size_t to = 1; to < count; to++) {
					const struct step *step = &process->steps[s];
					const char *role = legal_role(process, states[from], states[to]);
					if (role && goes(step, states[from], states[to]))
						cr_expect_str_eq(step->role ? step->role : "", role,
						    "%s: %s from '%s' to '%s'", process->resource, step->operation,
						    states[from], states[to]);
				}
	}
}

Test(every_process, names_no_state_that_it_has_not)
{
	for (size_t p = 0; p < ARRAY_LENGTH(processes); p++) {
		const struct process *process = processes[p];
		for (size_t s = 0; s < process->step_count; s++) {
			char from[WORDS_MAX][40];
			size_t count = split(process->steps[s].from, from);
			for (size_t i = 0; i < count; i++)
				cr_expect(process_has_word(process->states, from[i]), "%s: from %s",
				    process->resource, from[i]);
			cr_expect(
			    !process->steps[s].to || process_has_word(process->states, process->steps[s].to),
			    "%s: to %s", process->resource, process->steps[s].to);
		}
	}
}

Test(every_process, refuses_each_step_to_whoever_has_not_its_role_and_to_nobody_else)
{
	for (size_t p = 0; p < ARRAY_LENGTH(processes); p++)
		for (size_t s = 0; s < processes[p]->step_count; s++) {
			const struct step *step = &processes[p]->steps[s];
			CLEANUP(json_decref) json_t *nothing = json_object();
			const struct act act = {
			    .facts = nothing, .body = nothing, .today = date_from_civil(2024, 1, 8)};
			for (size_t other = 0; other < processes[p]->step_count; other++) {
				const char *role = processes[p]->steps[other].role;
				char scopes[100];
				CLEANUP(problem_finish) struct problem problem = {0};
				snprintf(scopes, sizeof(scopes), "{%s}", role ? role : "");
				bool taken = process_judge(processes[p], step, &act, scopes, &problem);
				bool has_role = !step->role || (role && strcmp(role, step->role) == 0);
				cr_expect(has_role || (!taken && problem.kind == PROBLEM_FORBIDDEN),
				    "%s: %s with %s", processes[p]->resource, step->operation, scopes);
				cr_expect(!has_role || problem.kind != PROBLEM_FORBIDDEN, "%s: %s with %s",
				    processes[p]->resource, step->operation, scopes);
			}
		}
}
