"""What brings a story on: the bodies that bring what a step is missing, and that steps are taken with.

Each function gets the walk, the resource as it is, and its id, and returns a body (or None, for one
made at random). Days come in the order of the resource's story, by walk.later().
"""

HASH = "0123456789abcdef" * 4
REASON = {"reason": "So that the story goes on."}
INCIDENTS = (
    {"notifying_basis": "in_area", "our_role": "lead"},
    {"notifying_basis": "in_area", "our_role": "lead", "nature": "serious_harm",
     "abuse_neglect_status": "suspected"},
    {"notifying_basis": "in_area", "our_role": "contributing"},
    {"notifying_basis": "lac_death", "our_role": "lead", "nature": "child_death",
     "abuse_neglect_status": "not_known_or_suspected"},
)
IN_LAW = ("panel", "dfe", "ofsted")


def say(**members):
    """A body that has these members; a day is written as "on"."""
    def make(walk, _, key):
        return {name: walk.later(key, name) if value == "on" else value
                for name, value in members.items()}
    return make


def agency_not_asked(walk, answer, key):
    asked = {one["agency_id"] for one in walk.parts(answer, "agency-responses")}
    wanted = [one["agency_id"] for one in walk.parts(answer, "panel-members")
              if one["agency_id"] not in asked]
    return {"agency_id": (wanted or walk.bodies.agencies)[0], "shared_on": walk.later(key, "shared_on")}


def approval(kind, outcome):
    return say(kind=kind, outcome=outcome, decided_on="on", decided_by=kind, reason="So it was said.")


def embargo(walk, _, key):
    body = {"reason": "An inquest.", "owner": "chair", "embargoed_on": walk.later(key, "embargoed_on"),
            "review_by": walk.later(key, "review_by")}
    if walk.random.random() < 0.6:
        body["other_reason_until"] = walk.later(key, "other_reason_until")
    return body


def plan(walk, answer, key):
    form = walk.random.choice(("full", "full", "redacted_or_summary", "improvements_only",
                               "anonymous_via_nspcc"))
    body = {"form": form, "planned_on": walk.later(key, "planned_on")}
    if form != "full":
        body |= {"reason": "A sibling.", "decided_by": "chair",
                 "panel_told_on": walk.later(key, "panel_told_on")}
    if walk.random.random() < 0.1:
        body["override"] = {"reason": "A newspaper has it.", "decided_by": "chair"}
    return body


def notice(walk, answer, key):
    """Given to all in law on a day of the story, or now."""
    if walk.random.random() < 0.2:
        return {"report_sha256": HASH}
    day = walk.later(key, "on")
    told = [{"recipient": one, "channel": "email", "sent_on": day} for one in IN_LAW]
    return {"on": day, "transmission": "record", "report_sha256": HASH, "notices": told}


def published(walk, answer, key):
    """On the first day that the service allows, or a while after it."""
    first = walk.days(answer.get("earliest_publication_on")) or 0
    walk.reach(key, min(first, walk.today))
    return {"published_on": walk.later(key, "on")}


def not_published(walk, _, key):
    return {**REASON, "decided_by": "chair", "panel_told_on": walk.later(key, "panel_told_on"),
            "on": walk.later(key, "on")}


def assurance(walk, _, key):
    return {"on": walk.later(key, "on"), "interval_months": 3,
            "first_check_due_on": walk.later(key, "first_check_due_on")}


def referral_decision(outcome):
    def make(walk, _, key):
        day = walk.later(key, "on")
        told = {"referrer_told_on": day, "chair_told_on": day, "decided_on": day}
        views = [{"agency_id": one, "view": outcome} for one in walk.bodies.partners]
        body = {"outcome": outcome, "rationale": "So it was seen.", "views": views, **told}
        known = walk.known.get("incident_id")
        if outcome == "met" and known and walk.random.random() < 0.4:
            body["incident_id"] = walk.random.choice(known)["incident_id"]
        elif outcome == "met":
            _, _, similar = walk.service.ask("GET", f"/v1/referrals/{key}/similar-incidents?limit=200")
            body["distinct_from"] = [one["incident_id"] for one in similar["data"]]
            body["incident"] = walk.random.choice(INCIDENTS) | {"date_precision": "unknown"}
            if "nature" in body["incident"]:
                body["incident"]["aware_on"] = day
        return body
    return make


def notification(walk, answer, key):
    kind = {"lac_death": "looked_after_child_death", "care_leaver_death": "care_leaver_death"}
    return {"kind": kind.get(answer["notifying_basis"], "serious_incident"), "transmission": "record",
            "notified_on": walk.later(key, "notified_on")}


def not_notified(walk, _, key):
    views = [{"agency_id": one, "view": "not_notify"} for one in walk.bodies.partners]
    return {**REASON, "views": views, "on": walk.later(key, "on")}


# What a step is missing → which operation brings it, and with what.
BRINGS = {
    "nature_is_known": [("patchReferral", say(nature="serious_harm"))],
    "child_is_described": [("patchReferral", None)],
    "meeting_held": [("createRapidReviewMeeting", None)],
    "decision_is_taken": [("createRapidReviewDecision", None)],
    "all_partners_signed": [("createRapidReviewSignOff", None)],
    "submission_is_complete": [("createRapidReviewSubmission", None)],
    "panel_has_responded": [("createPanelResponse", None)],
    "reviewer_in_office": [("createReviewer", say(role="lead", independence_statement="Of none.",
                                                  appointed_on="on"))],
    "terms_agreed": [("createTermsOfReference", say(agreed_on="on", content="What, and since when."))],
    "methodology_chosen": [("patchReview", say(methodology="silp"))],
    "draft_received": [("createReviewDraft", say(received_on="on", document_sha256=HASH,
                                                 checked_against_terms=True))],
    "draft_checked": [("createReviewDraft", say(received_on="on", document_sha256=HASH,
                                                checked_against_terms=True))],
    "responses_asked": [("createAgencyResponse", agency_not_asked)],
    "responses_in": [("putAgencyResponseAnswer", say(response="confirmed", responded_on="on"))],
    "subgroup_approved": [("createReviewApproval", approval("subgroup", "approved"))],
    "board_approved": [("createReviewApproval", approval("board", "approved"))],
    "board_referred_back": [("createReviewApproval", approval("board", "referred_back"))],
    "embargo_is_open": [("createReviewEmbargo", embargo)],
    "embargo_has_ground": [("createReviewProceeding", say(type="coroners_inquest", opened_on="on",
                                                          affects_publication=True))],
    "no_open_embargo": [("patchReviewEmbargo", say(lifted_on="on", lift_reason="It ended."))],
    "no_proceeding_holds_publication": [
        ("patchReviewProceeding", say(ended_on="on", outcome="It ended.")),
        ("patchReviewProceeding", say(affects_publication=False))],
    "form_is_decided": [("putReviewPublication", plan)],
    "publication_is_planned": [("putReviewPublication", plan)],
    "is_assured": [("createReviewAssuranceCheck",
                    say(checked_on="on", by_role="subgroup", finding="In use.", satisfied=True,
                        next_due_on="on")),
                   ("createActionAssurance", None)],
    "has_evidence": [("createActionEvidence", None)],
    "leads_are_complete": [("patchActionLead", say(state="complete"))],
    "notification_is_settled": [("createIncidentNotification", notification)],
}
# What a step may also be given with the request itself.
SAID = {"report_sha256", "notice_has_run"}
# With what a step is taken.
TAKEN_WITH = {
    ("review", "notice_given"): notice,
    ("review", "published"): published,
    ("review", "not_published"): not_published,
    ("review", "assurance"): assurance,
    ("review", "closed"): say(on="on", **REASON),
    ("review", "discontinued"): say(on="on", decided_by="partners", **REASON),
    ("referral", "met"): referral_decision("met"),
    ("referral", "not_met"): referral_decision("not_met"),
    ("incident", "not_notified"): not_notified,
    ("incident", "withdrawn"): say(on="on", agreed_by="partners", **REASON),
    ("recommendation", "accepted"): say(on="on", accepted="yes"),
    ("recommendation", "raised"): say(on="on", raised_to="secretariat"),
    ("recommendation", "responded"): say(on="on", response="Agreed."),
}


def taken_with(operation, resource, to):
    """With what a step is taken: a transition has at least its day and a reason."""
    if "Transition" in operation:
        return TAKEN_WITH.get((resource, to), say(on="on", **REASON))
    return TAKEN_WITH.get((resource, to))


# Which of several parts is meant.
OPEN_PART = {
    "patchReviewEmbargo": lambda one: one["is_open"],
    "patchReviewProceeding": lambda one: "publication" in one["blocks"],
    "putAgencyResponseAnswer": lambda one: not one.get("responded_on"),
    "patchActionLead": lambda one: one["state"] != "complete",
}
