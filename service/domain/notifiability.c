/* Owns the decision whether, to whom and by which rule an incident must be notified. */
#include "domain/notifiability.h"

#include <assert.h>

#include "domain/incident_facts.h"

/* What the rules ask, gathered once. "May" counts as "is": an unknown age removes no duty. */
struct facts {
	bool another_leads;     /* we only contribute, or were told */
	bool abuse;             /* known or suspected */
	bool abuse_undecided;   /* not asked yet */
	bool child_died;        /* a person under 18 */
	bool child_harmed;      /* seriously, a person under 18 */
	bool looked_after_died; /* one of those who died was looked after */
	bool other_child_died;  /* one of those who died was not */
	bool care_leaver_died;  /* aged 18 to 24 */
	bool perpetrator;       /* a child who did the harm, nature `other` */
	bool adult_affected;    /* aged 18 or over and died or was seriously harmed */
};

static void gather_death(struct facts *facts, bool child, bool looked_after, bool care_leaver)
{
	facts->child_died |= child;
	facts->looked_after_died |= child && looked_after;
	facts->other_child_died |= child && !looked_after;
	facts->care_leaver_died |= care_leaver;
}

static void gather_child(struct facts *facts, const json_t *incident, size_t index)
{
	const json_t *child = json_array_get(json_object_get(incident, "children"), index);
	enum severity severity = child_severity(incident, index);
	bool by_lac_death = fact_is(incident, "notifying_basis", "lac_death");
	bool by_care_leaver_death = fact_is(incident, "notifying_basis", "care_leaver_death");
	int age = child_age(child);
	bool under_18 = age < 18 && (age != AGE_NOT_KNOWN || !by_care_leaver_death);
	bool care_leaver = (child_is_care_leaver(child) || by_care_leaver_death) &&
	                   (age == AGE_NOT_KNOWN || (age >= 18 && age <= 24));

	if (severity == SEVERITY_DEATH)
		gather_death(facts, under_18, child_is_looked_after(child) || by_lac_death, care_leaver);
	facts->child_harmed |= severity == SEVERITY_HARM && under_18;
	facts->adult_affected |= severity >= SEVERITY_HARM && !under_18;
	facts->perpetrator |=
	    fact_is(child, "role", "perpetrator_child") && under_18 &&
	    (severity == SEVERITY_OTHER || incident_severity(incident) == SEVERITY_OTHER);
}

static struct facts gather(const json_t *incident)
{
	bool subtype_abuse = fact_is(incident, "death_subtype", "abuse_neglect");
	struct facts facts = {
	    .another_leads = fact_is(incident, "our_role", "contributing") ||
	                     fact_is(incident, "our_role", "informed"),
	    .abuse = fact_is(incident, "abuse_neglect_status", "known") ||
	             fact_is(incident, "abuse_neglect_status", "suspected") || subtype_abuse,
	    .abuse_undecided = !fact_is_asked(incident, "abuse_neglect_status") &&
	                       !fact_is(incident, "death_subtype", "no_abuse_neglect") &&
	                       !subtype_abuse,
	};

	for (size_t i = 0; i < json_array_size(json_object_get(incident, "children")); i++)
		gather_child(&facts, incident, i);

	/* A death or a harm that no child's record carries is one of a child not identified yet. */
	enum severity recorded = children_severity(incident);
	if (incident_severity(incident) == SEVERITY_DEATH && recorded != SEVERITY_DEATH) {
		bool by_care_leaver_death = fact_is(incident, "notifying_basis", "care_leaver_death");
		gather_death(&facts, !by_care_leaver_death,
		    fact_is(incident, "notifying_basis", "lac_death"), by_care_leaver_death);
	}
	if (incident_severity(incident) == SEVERITY_HARM && recorded < SEVERITY_HARM)
		facts.child_harmed = true;
	return facts;
}

static bool another_leads(const struct facts *facts)
{
	return facts->another_leads;
}

static bool death_with_abuse(const struct facts *facts)
{
	return facts->abuse && facts->child_died;
}

static bool harm_with_abuse(const struct facts *facts)
{
	return facts->abuse && facts->child_harmed;
}

static bool perpetrator_with_abuse(const struct facts *facts)
{
	return facts->abuse && facts->perpetrator;
}

static bool abuse_not_decided(const struct facts *facts)
{
	return facts->abuse_undecided &&
	       (facts->other_child_died || facts->child_harmed || facts->perpetrator);
}

static bool looked_after_death(const struct facts *facts)
{
	return facts->looked_after_died;
}

static bool care_leaver_death(const struct facts *facts)
{
	return facts->care_leaver_died;
}

static bool adults_only(const struct facts *facts)
{
	return facts->adult_affected && !facts->child_died && !facts->child_harmed;
}

static bool no_death_or_harm(const struct facts *facts)
{
	return !facts->child_died && !facts->child_harmed;
}

static bool always(const struct facts *facts)
{
	return true;
}

/* The first rule that applies decides; the widest duties come first, the last always applies. */
static const struct {
	bool (*applies)(const struct facts *facts);
	struct duty_decision decision;
} rules[] = {
    {another_leads,
        {DUTY_NONE, "lead_authority_notifies",
            "Another area leads: the duty lies with the authority in whose area the child died or "
            "was harmed or, outside England, normally lives, and not with one that contributes or "
            "was informed (Children Act 2004 s16C(1); the Panel's questions and answers)."}},
    {death_with_abuse,
        {DUTY_SERIOUS_INCIDENT, "s16c_death_abuse_known_or_suspected",
            "A child died and abuse or neglect is known or suspected, in the area or, outside "
            "England, while normally resident in it (Children Act 2004 s16C(1); Working Together "
            "2023 chapter 5)."}},
    {harm_with_abuse,
        {DUTY_SERIOUS_INCIDENT, "s16c_serious_harm_abuse_known_or_suspected",
            "A child was seriously harmed and abuse or neglect is known or suspected, in the area "
            "or, outside England, while normally resident in it (Children Act 2004 s16C(1); "
            "Working Together 2023 chapter 5)."}},
    {perpetrator_with_abuse,
        {DUTY_SERIOUS_INCIDENT, "perpetrator_child_abuse_known_or_suspected",
            "A child who did the harm is known or suspected to have been abused or neglected; "
            "the nature of the notification is `other` (DfE, Serious incident notifications, "
            "notes on nature)."}},
    {abuse_not_decided,
        {DUTY_SERIOUS_INCIDENT, "s16c_abuse_not_decided",
            "Whether abuse or neglect is known or suspected has not been answered yet; the duty "
            "stands until it is (Children Act 2004 s16C(1))."}},
    {looked_after_death,
        {DUTY_LOOKED_AFTER_CHILD_DEATH, "looked_after_child_death",
            "A looked-after child died, which is notified whether or not abuse or neglect is known "
            "or suspected (Working Together 2023 chapter 5; DfE, Report a serious child "
            "safeguarding incident)."}},
    {care_leaver_death,
        {DUTY_CARE_LEAVER_DEATH, "care_leaver_death_18_to_24",
            "A care leaver aged up to and including 24 died, which is notified whether or not "
            "abuse or neglect is known or suspected; no rapid review is required (Working Together "
            "2023 chapter 5; DfE, Report a serious child safeguarding incident)."}},
    {adults_only,
        {DUTY_NONE, "not_a_child",
            "Nobody under 18 died or was seriously harmed at the incident, and no care leaver aged "
            "18 to 24 died (Children Act 2004 s16C(1))."}},
    {no_death_or_harm,
        {DUTY_NONE, "no_death_or_serious_harm",
            "No child died or was seriously harmed, and no child who did the harm is known or "
            "suspected to have been abused or neglected (Children Act 2004 s16C(1); Working "
            "Together 2023 chapter 5)."}},
    {always,
        {DUTY_NONE, "no_abuse_or_neglect",
            "Abuse or neglect is neither known nor suspected, and nobody who died was looked after "
            "or a care leaver (Children Act 2004 s16C(1); Working Together 2023 chapter 5)."}},
};

struct duty_decision notifiability_decide(const json_t *incident)
{
	struct facts facts = gather(incident);
	size_t i = 0;

	while (!rules[i].applies(&facts))
		i++;
	return rules[i].decision;
}

static const struct {
	const char *name;
	bool rapid_review;
	const char *const recipients[4]; /* NULL-terminated */
} duties[] = {
    [DUTY_NONE] = {"none", false, {NULL}},
    [DUTY_SERIOUS_INCIDENT] = {"serious_incident", true, {"panel", "dfe", "ofsted", NULL}},
    [DUTY_LOOKED_AFTER_CHILD_DEATH] = {"looked_after_child_death", false, {"dfe", "ofsted", NULL}},
    [DUTY_CARE_LEAVER_DEATH] = {"care_leaver_death", false, {"dfe", "ofsted", NULL}},
};

const char *duty_name(enum duty duty)
{
	assert((size_t)duty < ARRAY_LENGTH(duties));
	return duties[duty].name;
}

bool duty_needs_rapid_review(enum duty duty)
{
	assert((size_t)duty < ARRAY_LENGTH(duties));
	return duties[duty].rapid_review;
}

const char *const *duty_recipients(enum duty duty)
{
	assert((size_t)duty < ARRAY_LENGTH(duties));
	return duties[duty].recipients;
}
