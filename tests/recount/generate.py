"""Random records of a partnership, straight into its tables: plausible, seeded, and of every kind that
a report counts or leaves out. Nothing here knows how the service writes them.

    World(seed, partnership, agencies, holidays, today).tables() -> {table: [row, …]}
"""
import datetime
import json
import random
import uuid

DAY = datetime.timedelta(days=1)
AGE_BANDS = [(0, 0), (1, 5), (6, 10), (11, 15), (16, 17), (18, 24)]
ETHNICITIES = ["WBRI", "WBRI", "WBRI", "WIRI", "WOTH", "MWBC", "MOTH", "AIND", "APKN", "CHNE", "BCRB",
               "BAFR", "OOTH", "REFU", "NOBT", "not_known", None]
RAPID = ["opened", "scoping", "met", "decided", "signed_off", "submitted", "responded", "closed"]
REVIEW = ["initiated", "terms_agreed", "in_progress", "drafted", "agency_responses", "approved",
          "signed_off", "notice_given", "published", "assurance", "closed"]
ENDED = {"closed_assured", "closed_unverified", "not_accepted", "superseded"}


class World:
    def __init__(self, seed, partnership, agencies, holidays, today, incidents=1000):
        self.random = random.Random(seed)
        self.partnership = partnership
        self.agencies = agencies
        self.holidays = holidays
        self.today = today
        self.rows = {}
        self.first = datetime.date(2019, 4, 1)
        for number in range(incidents):
            self.incident(number)
        self.reviews()
        self.learning()
        self.themes()

    def tables(self):
        return self.rows

    # Dice.

    def one(self, *choices):
        return self.random.choice(choices)

    def chance(self, percent):
        return self.random.random() * 100 < percent

    def after(self, day, most, least=0):
        """A day at or after another one, today at the latest."""
        return min(day + DAY * self.random.randint(least, most), self.today)

    def past(self, day):
        return day < self.today

    def uuid(self):
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def working_days(self, day, count):
        while count:
            day += DAY
            if day.weekday() < 5 and day not in self.holidays:
                count -= 1
        return day

    def before(self, day, count):
        while count:
            day -= DAY
            if day.weekday() < 5 and day not in self.holidays:
                count -= 1
        return day

    # Rows.

    def add(self, table, **row):
        row = {"partnership_id": self.partnership, **row}
        self.rows.setdefault(table, []).append(row)
        return row

    def stamped(self, table, day, **row):
        at = f"{day} {self.random.randint(8, 17):02}:{self.random.randint(0, 59):02}:00+00"
        return self.add(table, created_at=at, **row)

    def step(self, subject, subject_id, before, after, day):
        self.add("transition", subject=subject, subject_id=subject_id, operation="recount",
                 from_state=before, to_state=after, happened_on=day, evidence="{}",
                 at=f"{day} 12:00:00+00")

    def clock(self, kind, subject, subject_id, starts_on, due_on, done_on, incident_id=None,
              made_on=None, **row):
        row.setdefault("extensions", "[]")
        self.stamped("clock", made_on or starts_on, id=self.uuid(), kind=kind, subject=subject,
                     subject_id=subject_id, incident_id=incident_id, basis="recount",
                     start_event="recount", unit="working_day", length=5, starts_on=starts_on,
                     due_on=due_on, completed_on=done_on, calendar_version=1,
                     created_by_agency_id=self.agencies[0], revision=0, **row)

    # Incidents.

    def child(self, incident, position, incident_id, day):
        low, high = self.one(*AGE_BANDS)
        years = self.random.randint(low, high)
        unborn = self.chance(3)
        known = not unborn and not self.chance(5)
        in_days = known and years == 0 and self.chance(60)
        facts = {
            "id": self.uuid(), "index_child": position == 1, "unborn": unborn or self.one(False, None),
            "age_years": years if known and not (in_days and self.chance(30)) else None,
            "age_days": self.random.randint(0, 360) if in_days else None,
            "sex": self.one("M", "F", "F", "M", "U", "not_known", None),
            "ethnicity": self.one(*ETHNICITIES),
            "disabilities": self.one(None, ["NONE"], ["NONE"], ["LD"], ["AUT", "BEH"], ["not_known"]),
            "mental_health_condition": self.one("yes", "no", "no", "not_known", None),
            "known_to_any_agency": self.one("yes", "yes", "no", "not_known", None),
            "csc_status": self.one("not_known_to_service", "early_help", "referral_or_assessment",
                                   "cin_plan", "cp_plan", "lac", "care_leaver", "closed_previously",
                                   "not_known", None),
            "cp_plan": self.one("none", "none", "current", "previous", "not_known", None),
            "lac_status": self.one("none", "none", "none", "current", "previous", "not_known", None),
            "placement_type": self.one(None, None, None, "U1", "U5", "K2", "K1", "R5", "H5", "K3", "P1",
                                       "R2", "R3", "S1", "A3", "Z1", "not_applicable", "not_known"),
            "dfe_placement_group": self.one(None, None, "at_home", "foster_carers", "hospital",
                                            "secure_or_young_offender_institution", "not_known"),
            "flags": self.one(None, None, ["young_carer"], ["gang_or_county_lines", "self_harm"]),
            "role": self.one("victim", "sibling_also_harmed", None),
            "nature": self.one("child_death", "serious_harm", "other", None),
        }
        self.stamped("child", day, incident_id=incident_id, version=1, position=position,
                     created_by_agency_id=self.agencies[0], updated_at=f"{day} 18:00:00+00", **facts)
        incident.append(facts)

    def incident(self, number):
        span = (self.today - self.first).days
        aware = self.first + DAY * self.random.randint(0, span)
        happened = aware - DAY * self.one(0, 0, 1, 2, 30, 900)
        incident_id = self.uuid()
        nature = self.one("child_death", "serious_harm", "serious_harm", "other")
        duty = self.one("serious_incident", "serious_incident", "serious_incident",
                        "serious_incident", "looked_after_child_death", "care_leaver_death", "none")
        role = self.one(None, None, None, None, None, "lead", "contributing", "informed")
        children = []
        for position in range(1, self.one(2, 2, 2, 3, 5)):
            self.child(children, position, incident_id, aware)
        # Serious harm that was notified as such, and a death later.
        dies = nature == "serious_harm" and self.chance(15)
        death = self.after(aware, 200, 1) if dies else (happened if nature == "child_death" else None)
        row = self.stamped(
            "incident", aware, id=incident_id, version=1, state="recorded",
            local_ref=f"RC-{number:05}", incident_date=happened, aware_on=aware,
            nature="child_death" if dies else nature, death_date=death, our_role=role,
            abuse_neglect_status="suspected", notifying_basis="in_area",
            harm_types=self.one(None, ["neglect"], ["neglect", "non_accidental_injury"],
                                ["non_accidental_injury"], ["risk_taking_or_violent_behaviour"],
                                ["sexual_abuse_intra_familial"]),
            duty=duty, duty_rule="recount", code_list_version="2026-1",
            created_by_agency_id=self.agencies[0], updated_at=f"{aware} 18:00:00+00")
        self.referral(number, aware, incident_id)
        if duty == "none" or (role in ("contributing", "informed") and self.chance(80)):
            return
        self.duty(row, duty, nature, children, aware)

    def referral(self, number, aware, incident_id):
        if not self.chance(60):
            return
        day = aware
        referral = self.stamped(
            "referral", day, id=self.uuid(), version=1, state="received",
            reference=f"RF-{number:05}", agency_id=self.one(*self.agencies), received_on=day,
            summary="recount", children="[]", created_by_agency_id=self.agencies[0],
            updated_at=f"{day} 18:00:00+00")
        if self.chance(6):
            self.move(referral, "referral", "withdrawn", self.after(day, 10))
            return
        for outcome in self.one([], ["met"], ["met"], ["not_met"], ["not_met", "met"]):
            if referral["state"] == "not_met":
                self.move(referral, "referral", "received", day)
            day = day + DAY * self.random.randint(0, 9)
            if day > self.today:
                return
            self.move(referral, "referral", "quality_assured", day)
            day = day + DAY * self.random.randint(0, 9)
            if day > self.today:
                return
            self.move(referral, "referral", outcome, day)
            self.stamped("referral_decision", day, id=self.uuid(), referral_id=referral["id"],
                         outcome=outcome, decided_on=day, rationale="recount", views="[]",
                         referrer_told_on=self.after(day, 3), chair_told_on=day, made_incident=False,
                         incident_id=incident_id if outcome == "met" else None, distinct_from=[])
            referral["incident_id"] = incident_id if outcome == "met" else None
            day += DAY
            if day > self.today:
                return

    def duty(self, row, duty, nature, children, aware):
        incident_id = row["id"]
        due = self.working_days(aware, 5)
        if self.chance(8):  # not notified, by a decision; perhaps taken up again
            day = self.after(aware, 10)
            self.move(row, "incident", "not_notified", day)
            self.clock("sin", "incident", incident_id, aware, due, None, incident_id, duty=duty,
                       cancelled_at=f"{day} 12:00:00+00")
            if not self.chance(40):
                return
            day = self.after(day, 60)
            self.move(row, "incident", "reopened", day)
            told = day + DAY * self.random.randint(0, 9)
            self.notified(row, duty, nature, children, aware, told)
            return
        told = aware + DAY * self.one(0, 1, 3, 5, 7, 7, 9, 15)
        self.notified(row, duty, nature, children, aware, told)

    def notified(self, row, duty, nature, children, aware, told):
        incident_id = row["id"]
        due = self.working_days(aware, 5)
        if told > self.today:
            self.clock("sin", "incident", incident_id, aware, due, None, incident_id, duty=duty)
            return
        self.clock("sin", "incident", incident_id, aware, due, told, incident_id, duty=duty)
        notification_id = self.uuid()
        kept = self.chance(85)
        as_notified = {"nature": nature, "children": [
            {key: value for key, value in child.items()} for child in children]}
        self.stamped("notification", told, id=notification_id, incident_id=incident_id, version=1,
                     kind=duty, transmission="record", notified_on=told, rule="recount",
                     nature_as_notified=nature if kept else None,
                     as_notified=json.dumps(as_notified) if kept else None,
                     updated_at=f"{told} 18:00:00+00")
        # What was learnt of the child since is not what was notified.
        if kept and self.chance(30):
            for child in self.rows["child"][-len(children):]:
                child["csc_status"] = self.one("cin_plan", "cp_plan", "lac", None)
                child["ethnicity"] = self.one(*ETHNICITIES)
        for _ in range(self.one(0, 0, 0, 1)):
            self.stamped("notification", told, id=self.uuid(), incident_id=incident_id, version=1,
                         kind="update", transmission="record", notified_on=self.after(told, 90),
                         rule="recount", updated_at=f"{told} 18:00:00+00")
        row["state"] = "notified"
        if duty == "serious_incident":
            self.rapid_review(row, notification_id, told)

    def rapid_review(self, row, notification_id, told):
        rapid_id = self.uuid()
        due = self.working_days(told, 15)
        rapid = self.stamped(
            "rapid_review", told, id=rapid_id, version=1, state="opened", incident_id=row["id"],
            notification_id=notification_id, notified_on=told,
            created_by_agency_id=self.agencies[0], updated_at=f"{told} 18:00:00+00")
        row["rapid"] = rapid
        days = [told]
        submitted = None
        reach = self.one(0, 1, 2, 3, 4, 5, 6, 6, 7, 7, 7, 7)
        for place in range(1, reach + 1):
            day = days[-1] + DAY * self.random.randint(0, 8)
            if day > self.today:
                break
            self.move(rapid, "rapid_review", RAPID[place], day)
            days.append(day)
            if place == 2:
                self.scoping(rapid_id, days[1])
            if place == 3:
                self.decision(rapid, day, 1)
            if place == 5:
                submitted = self.submissions(rapid, day)
            if place == 6:
                self.responses(rapid_id, day)
        # What was agreed to be later is not what the law says.
        extension = {}
        if self.chance(10):
            until = due + DAY * 14
            extension = {"extended_until": until, "extensions": json.dumps(
                [{"by": "recount", "reason": "recount", "until": str(until), "agreed_on": str(told)}])}
        self.clock("rapid_review", "rapid_review", rapid_id, told, due, submitted, row["id"],
                   duty="serious_incident", resource_id=None, **extension)
        if self.chance(4):  # the start of it was corrected
            self.clock("rapid_review", "rapid_review", rapid_id, told - DAY * 3, due - DAY * 3, None,
                       row["id"], duty="serious_incident", superseded_at=f"{told} 12:00:00+00")
        row["state"] = "rapid_review"
        if rapid["state"] in ("opened", "scoping", "met", "decided", "signed_off") and self.chance(20):
            self.withdraw(row, rapid, days[-1])

    def move(self, resource, subject, to, day):
        self.step(subject, resource["id"], resource["state"], to, day)
        resource["state"] = to

    def withdraw(self, row, rapid, day):
        before = rapid["state"]
        day = self.after(day, 60)
        self.move(row, "incident", "withdrawn", day)
        self.move(rapid, "rapid_review", "lapsed", day)
        clock = next(clock for clock in reversed(self.rows["clock"])
                     if clock["subject_id"] == rapid["id"] and "superseded_at" not in clock)
        clock["cancelled_at"] = f"{day} 12:00:00+00"
        again = self.after(day, 100, 1)
        if self.past(again) and self.chance(40):
            self.move(row, "incident", "reopened", again)
            self.move(rapid, "rapid_review", before, again)
            self.rows["clock"].append({**clock, "id": self.uuid(), "cancelled_at": None})

    def scoping(self, rapid_id, sent):
        for agency in self.random.sample(self.agencies, self.random.randint(1, 3)):
            due = self.working_days(sent, 5)
            returned = sent + DAY * self.random.randint(0, 14)
            returned = returned if returned <= self.today and self.chance(85) else None
            return_id = self.uuid()
            withdrawn = None if returned or self.chance(80) else self.after(sent, 5)
            self.stamped("scoping_return", sent, rapid_review_id=rapid_id, id=return_id, version=1,
                         agency_id=agency, sent_on=sent, received_on=returned,
                         nil_return=self.one(True, False) if returned else None,
                         withdrawn_on=withdrawn, withdrawn_reason="recount" if withdrawn else None,
                         updated_at=f"{sent} 18:00:00+00")
            self.clock("scoping", "rapid_review", rapid_id, sent, due, returned,
                       duty="serious_incident", resource_id=return_id, agency_id=agency,
                       cancelled_at=f"{withdrawn} 12:00:00+00" if withdrawn else None)

    def decision(self, rapid, day, number):
        rapid["decision"] = self.uuid()
        rapid["outcome"] = self.one("lcspr_local", "lcspr_local", "threshold_met_no_further_learning",
                                    "threshold_not_met_other_learning", "national_review")
        self.stamped("rapid_review_decision", day, rapid_review_id=rapid["id"], id=rapid["decision"],
                     number=number, decided_on=day, outcome=rapid["outcome"], rationale="recount",
                     criteria="{}", circumstances="{}", code_list_version="2026-1")

    def submissions(self, rapid, day):
        """Perhaps incomplete first, perhaps again later: the first complete one counts."""
        first = None
        for number in range(1, self.one(2, 2, 2, 3, 4)):
            complete = self.chance(80)
            self.stamped("rapid_review_submission", day, rapid_review_id=rapid["id"], id=self.uuid(),
                         number=number, decision_id=rapid["decision"], complete=complete,
                         transmission="record", submitted_on=day)
            first = first or (day if complete else None)
            day = self.after(day, 12)
        return first

    def responses(self, rapid_id, day):
        for number in range(1, self.one(1, 2, 2, 2, 3)):
            answered = self.after(day, 30) if self.chance(40) else None
            self.stamped("panel_response", day, rapid_review_id=rapid_id, id=self.uuid(), version=1,
                         number=number, received_on=day,
                         letter_on=day - DAY if self.chance(50) else None,
                         response=self.one("agreed", "agreed", "agreed", "not_agreed",
                                           "more_information", "national_review_proposed"),
                         answer=self.one("accepted", "maintained_with_reasons") if answered else None,
                         answered_on=answered, updated_at=f"{day} 18:00:00+00")
            day = self.after(day, 60, 1)

    # Reviews.

    def reviews(self):
        self.made = []
        incidents = [row for row in self.rows["incident"] if "rapid" in row]
        for row in incidents:
            for _ in range(self.one(0, 0, 1, 1, 2) if self.chance(60) else 0):
                self.review(row, incidents)
        for row in self.rows["incident"]:
            row.pop("rapid", None)
        for rapid in self.rows["rapid_review"]:
            rapid.pop("decision", None)
            rapid.pop("outcome", None)

    def review(self, row, incidents):
        decided = self.after(row["rapid"]["notified_on"], 120, 5)
        review_id = self.uuid()
        number = len(self.made)
        review = self.stamped(
            "review", decided, id=review_id, version=1, state="initiated",
            type=self.one("lcspr", "lcspr", "lcspr", "lcspr", "table_top", "other_learning", "joint",
                          "national"),
            reference=f"RV-{number:05}", title=f"Review {number}", decided_on=decided,
            asked_agency_ids=[], created_by_agency_id=self.agencies[0],
            updated_at=f"{decided} 18:00:00+00")
        self.made.append(review)
        due = decided + DAY * 182
        self.link(review_id, row["id"], decided, 1)
        others = {row["id"]}
        for position in range(2, self.one(2, 2, 2, 3, 4)):
            other = self.one(*incidents)["id"]
            if other not in others:
                others.add(other)
                self.link(review_id, other, self.after(decided, 200), position)
        published = self.course(review, decided)
        self.clock("lcspr", "review", review_id, decided, due, published)
        if self.chance(30):
            self.proceedings(review_id, decided)

    def link(self, review_id, incident_id, day, position):
        removed = self.after(day, 300, 1) if self.chance(12) else None
        self.add("review_incident", review_id=review_id, incident_id=incident_id, id=self.uuid(),
                 version=1, position=position, linked_at=f"{day} 12:00:00+00",
                 removed_at=f"{removed} 12:00:00+00" if removed else None)

    def course(self, review, day):
        """Along the states as far as the days go; the day on which it was published, if it was."""
        embargo = self.chance(35)
        published = None
        if self.chance(4):
            self.move(review, "review", "not_stated", self.after(day, 30))
            return None
        for place in range(1, self.one(1, 3, 5, 7, 9, 11, 11, 11)):
            day = day + DAY * self.random.randint(1, 50)
            if day > self.today:
                break
            if self.chance(1.5) and place < 7:
                self.move(review, "review", "discontinued", day)
                review["discontinued_on"] = day
                return None
            to = REVIEW[place]
            if to == "notice_given" and embargo:
                day = self.hold(review, day)
                if review["state"] == "embargoed":
                    return None
            if to == "signed_off":
                review["signed_off_on"] = day
            if to == "published":
                published = self.publish(review, day)
                self.share(review["id"], day)
                if not published:
                    return None
                continue
            self.move(review, "review", to, day)
        return published

    def hold(self, review, day):
        """Embargoed from that day; the day on which it was lifted, or it still is."""
        self.move(review, "review", "embargoed", day)
        lifted = day + DAY * self.random.randint(10, 400)
        is_lifted = lifted <= self.today and self.chance(50)
        self.stamped("review_embargo", day, id=self.uuid(), review_id=review["id"], version=1,
                     reason="recount", embargoed_on=day, owner="chair", review_by=day + DAY * 90,
                     lifted_on=lifted if is_lifted else None,
                     lift_reason="recount" if is_lifted else None, updated_at=f"{day} 18:00:00+00")
        if is_lifted:
            self.move(review, "review", "signed_off", lifted)
            return lifted
        return day

    def publish(self, review, day):
        form = self.one("full", "full", "full", "redacted_or_summary", "improvements_only",
                        "anonymous_via_nspcc", "not_published")
        is_out = form != "not_published"
        self.move(review, "review", "published" if is_out else "not_published", day)
        plan = day + DAY * self.one(0, 0, 3)
        notice = day - DAY * self.random.randint(5, 20)
        self.add("review_publication", id=review["id"], version=1, form=form, planned_on=plan,
                 published_on=day if is_out else None, not_published_on=None if is_out else day,
                 notice_given_on=notice if is_out else None,
                 media_plan=self.one("recount", None),
                 cabinet_member_told_on=self.one(notice, None),
                 nspcc_submitted_on=self.after(day, 60) if is_out and self.chance(60) else None)
        if not is_out:
            return None
        for recipient in ("panel", "dfe", "ofsted", "cabinet_member"):
            if self.chance(80):
                self.stamped("review_publication_notice", notice, id=self.uuid(),
                             review_id=review["id"], version=1, recipient=recipient, planned_on=plan,
                             sent_on=notice, channel="email", updated_at=f"{notice} 18:00:00+00")
        self.clock("publication_notice", "review", review["id"], plan, self.before(plan, 7), notice,
                   made_on=notice - DAY * 5)
        return day

    def share(self, review_id, day):
        for _ in range(self.one(0, 0, 1, 2, 3)):
            held = self.after(day, 200)
            self.stamped("review_dissemination", held, id=self.uuid(), review_id=review_id, version=1,
                         kind=self.one("seven_minute_briefing", "webinar", "briefing_event",
                                       "training", "other"),
                         held_on=held, attendance=self.one(None, 12, 40),
                         learning_and_development_told_on=self.one(None, self.after(held, 20)))

    def proceedings(self, review_id, day):
        opened = self.after(day, 60)
        ended = self.after(opened, 700, 1)
        self.stamped("review_proceeding", day, id=self.uuid(), review_id=review_id, version=1,
                     type=self.one("criminal", "inquest", "family_court"), opened_on=opened,
                     ended_on=ended if self.past(ended) else None,
                     expected_end_on=self.one(None, opened + DAY * 400),
                     last_checked_on=self.one(None, self.after(opened, 300)),
                     affects_publication=self.one(True, False),
                     affects_interviews=False, updated_at=f"{day} 18:00:00+00")

    # Recommendations and actions.

    def learning(self):
        for review in self.made:
            for _ in range(self.one(0, 1, 2, 3)):
                day = self.after(review["decided_on"], 300)
                self.recommendation(day, review_id=review["id"],
                                    origin="lcspr" if review["type"] == "lcspr" else
                                    self.one("national", "other_learning"))
        for rapid in self.rows["rapid_review"]:
            if self.chance(20):
                self.recommendation(self.after(rapid["notified_on"], 60), origin="rapid_review",
                                    rapid_review_id=rapid["id"])

    def recommendation(self, day, **of):
        recommendation_id = self.uuid()
        national = self.chance(12)
        decided = self.after(day, 100) if self.chance(80) else None
        accepted = self.one("yes", "yes", "partly", "no") if decided else None
        raised = self.after(day, 60) if national and self.chance(70) else None
        self.stamped("recommendation", day, id=recommendation_id, version=1, state="proposed",
                     text="recount", made_on=day, accepted=accepted, decided_on=decided,
                     addressee="national_body" if national else self.one("partnership", "agency"),
                     raised_on=raised, created_by_agency_id=self.agencies[0],
                     updated_at=f"{day} 18:00:00+00", **of)
        of = {key: value for key, value in of.items() if key != "origin"}
        for _ in range(0 if national else self.one(0, 1, 2, 3)):
            self.action(self.after(day, 60), recommendation_id=recommendation_id, **of)

    def action(self, agreed, **of):
        action_id = self.uuid()
        original = agreed + DAY * self.random.randint(0, 300)
        due = original
        action = self.stamped(
            "action", agreed, id=action_id, version=1, state="not_started", text="recount",
            responsibility=self.one("individual", "collective"),
            lead_agency_ids=[self.one(*self.agencies)], agreed_on=agreed, original_due_on=original,
            level=self.one("individual", "group", "system", None), assurance_interval_months=3,
            created_by_agency_id=self.agencies[0], updated_at=f"{agreed} 18:00:00+00", **of)
        for agency in action["lead_agency_ids"]:
            self.add("action_lead", action_id=action_id, id=self.uuid(), version=1, agency_id=agency,
                     leads_from=agreed, state="in_progress", updated_at=f"{agreed} 18:00:00+00")
        day = agreed
        for _ in range(self.one(0, 0, 0, 1, 2)):
            day = self.after(day, 200)
            later = due + DAY * self.random.randint(1, 200)
            self.add("action_due_revision", action_id=action_id, due_from=due, due_to=later,
                     revised_on=day, reason="recount", approved_by="chair")
            due = later
        action["due_on"] = due
        self.progress(action, agreed)
        for _ in range(self.one(0, 0, 1, 2)):
            on = self.after(agreed, 400)
            self.stamped("action_evidence", on, action_id=action_id, id=self.uuid(), version=1, on=on,
                         kind="audit", shows=self.one("done", "impact"), description="recount",
                         agency_id=self.agencies[0])

    def progress(self, action, day):
        courses = [[], ["in_progress"], ["in_progress", "complete_pending_assurance"],
                   ["in_progress", "complete_pending_assurance", "closed_assured"],
                   ["in_progress", "complete_pending_assurance", "in_progress"],
                   ["in_progress", "complete_pending_assurance", "closed_unverified"],
                   ["in_progress", "complete_pending_assurance", "closed_assured", "in_progress"],
                   ["not_accepted"], ["in_progress", "superseded"]]
        for to in self.one(*courses):
            day = day + DAY * self.random.randint(0, 250)
            if day > self.today:
                return
            self.move(action, "action", to, day)
            action["completed_on"] = (day if to == "complete_pending_assurance" else
                                      None if to == "in_progress" else action.get("completed_on"))
            action["closed_on"] = day if to in ENDED else None
            if to == "complete_pending_assurance" and self.chance(70):
                on = self.after(day, 100)
                self.stamped("action_assurance", on, action_id=action["id"], id=self.uuid(), version=1,
                             on=on, assured_by="subgroup",
                             outcome=self.one("assured", "assured", "partly", "not_assured"),
                             next_due_on=on + DAY * 90)

    # Themes.

    def theme(self, set_id, code, **row):
        theme = {"used_from": None, "retired_on": None, "retired_reason": None, "derivation": None,
                 "white_other_counts": None, "kind": "factor", **row}
        self.stamped("theme", self.first, id=self.uuid(), version=1, set_id=set_id, code=code,
                     label=f"Theme {code}", aliases=[], updated_at=f"{self.first} 18:00:00+00", **theme)
        return self.rows["theme"][-1]["id"]

    def themes(self):
        set_id = self.uuid()
        day = f"{self.first} 12:00:00+00"
        self.add("theme_set", id=set_id, version=1, code="recount", edition="1", label="Recount",
                 is_national=False, created_at=day, updated_at=day)
        middle = self.first + DAY * 900
        codes = [self.theme(set_id, "a", kind="demographic", derivation="under_1"),
                 self.theme(set_id, "b", kind="demographic", derivation="black_and_minoritised",
                            white_other_counts=self.one(True, False)),
                 self.theme(set_id, "c", kind="demographic", derivation="under_1", retired_on=middle,
                            retired_reason="recount"),
                 self.theme(set_id, "d", used_from=middle), self.theme(set_id, "domestic_abuse"),
                 self.theme(set_id, "f", kind="practice"), self.theme(set_id, "g", kind="practice")]
        for review in self.made:
            for theme_id in self.random.sample(codes, self.random.randint(0, 4)):
                coded = self.after(review["decided_on"], 200)
                removed = self.after(coded, 300, 1) if self.chance(12) else None
                self.stamped("review_theme", coded, review_id=review["id"], id=self.uuid(), version=1,
                             theme_id=theme_id, coded_by="recount", coded_on=coded, removed_on=removed)
