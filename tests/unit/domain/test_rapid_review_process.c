/* Owns the tests of the table of a rapid review's steps. */
#include <criterion/criterion.h>
#include <string.h>

#include "domain/rapid_review_process.h"

TestSuite(rapid_review_process, .timeout = 30);

/* From where each step goes, and where it leads ("" is where it was). */
static const struct {
	const char *operation;
	const char *to;
	const char *from;
	const char *leads_to;
} allowed[] = {
    {"patchRapidReview", NULL, "opened scoping met decided signed_off submitted responded", ""},
};

static const char *const states[] = {"opened", "scoping", "met", "decided", "signed_off",
    "submitted", "responded", "closed", "lapsed"};

Test(rapid_review_process, allows_each_step_from_its_states_and_from_no_other)
{
	for (size_t i = 0; i < ARRAY_LENGTH(allowed); i++) {
		for (size_t k = 0; k < ARRAY_LENGTH(states); k++) {
			CLEANUP(problem_finish) struct problem problem = {0};
			const struct step *step = NULL;
			bool found = process_find(&rapid_review_process, allowed[i].operation, allowed[i].to,
			    states[k], &step, &problem);
			cr_expect_eq(found, process_has_word(allowed[i].from, states[k]), "%s from %s",
			    allowed[i].operation, states[k]);
			if (found)
				cr_expect_str_eq(step->to ? step->to : "", allowed[i].leads_to, "%s from %s",
				    allowed[i].operation, states[k]);
		}
	}
}
