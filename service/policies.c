/* Owns the command that shows and chooses policies: how clocks are counted, what is told in public.
 */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "domain/clock_policies.h"
#include "session.h"
#include "store/statements.h"

static int refuse_choice(const char *kind, const char *basis)
{
	bool has_choices = false;

	(void)fprintf(
	    stderr, "csprd: a clock '%s' cannot have the basis '%s'; choose from:\n", kind, basis);
	for (size_t i = 0; i < policy_choice_count(); i++) {
		const struct clock_policy *policy = &policy_choice_at(i)->policy;
		if (policy_choice_find(kind, NULL) && strcmp(policy->kind, kind) != 0)
			continue;
		has_choices = true;
		(void)fprintf(stderr, "  --kind %s --basis %s\n", policy->kind, policy->basis);
	}
	return has_choices ? EXIT_USAGE : EXIT_FAILED;
}

static int set_policy(
    struct session *session, const char *partnership_id, const struct words *words)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	struct bindings bindings = {0};
	const char *kind = words_option(words, "--kind", 0);
	const char *basis = words_option(words, "--basis", 0);
	char length[16];

	if (!words_need(words, (const char *[]){"--kind", "--basis", NULL}))
		return EXIT_USAGE;
	const struct policy_choice *choice = policy_choice_find(kind, basis);
	if (!choice)
		return refuse_choice(kind, basis);
	snprintf(length, sizeof(length), "%d", choice->policy.length);
	bind_text(&bindings, "partnership_id", partnership_id);
	bind_text(&bindings, "kind", choice->policy.kind);
	bind_text(&bindings, "basis", choice->policy.basis);
	bind_text(&bindings, "start_event", choice->policy.start_event);
	bind_text(&bindings, "unit", clock_unit_name(choice->policy.unit));
	bind_text(&bindings, "length", length);
	bind_text(&bindings, "source", choice->policy.source);
	if (!session_run(session, &SQL_CLOCK_POLICY_SET, &bindings, partnership_id, "policy.set", kind,
	        &problem))
		return command_failed("the policy was not set", &problem);
	return EXIT_DONE;
}

/* What the public is told: see domain/disclosure.h. */
static int set_disclosure(
    struct session *session, const char *partnership_id, const struct words *words)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	struct bindings bindings = {0};

	if (!words_need(words, (const char *[]){"--threshold", "--rounding", NULL}))
		return EXIT_USAGE;
	bind_text(&bindings, "partnership_id", partnership_id);
	bind_text(&bindings, "threshold", words_option(words, "--threshold", 0));
	bind_text(&bindings, "rounding", words_option(words, "--rounding", 0));
	if (!session_run(session, &SQL_PARTNERSHIP_DISCLOSURE_SET, &bindings, partnership_id,
	        "policy.set", "disclosure", &problem))
		return command_failed("the policy was not set", &problem);
	return EXIT_DONE;
}

int command_policies(const struct settings *settings, const struct words *words)
{
	CLEANUP(session_close) struct session session = {0};
	struct bindings bindings = {0};
	char partnership_id[37];
	bool sets = words->count > 0 && strcmp(words->items[0], "set") == 0;
	bool lists = words->count > 0 && strcmp(words->items[0], "list") == 0;
	bool discloses = words->count > 0 && strcmp(words->items[0], "disclosure") == 0;

	if ((!sets && !lists && !discloses) ||
	    !words_need(words, (const char *[]){"--partnership", NULL})) {
		(void)fprintf(stderr, "csprd: see csprd --help\n");
		return EXIT_USAGE;
	}
	if (!session_open(settings, &session) ||
	    !session_partnership(&session, words_option(words, "--partnership", 0), partnership_id))
		return EXIT_FAILED;
	if (sets)
		return set_policy(&session, partnership_id, words);
	if (discloses)
		return set_disclosure(&session, partnership_id, words);
	bind_text(&bindings, "partnership_id", partnership_id);
	return session_print(&session, &SQL_CLOCK_POLICY_LIST, &bindings);
}
