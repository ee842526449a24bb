"""What must be refused, tried on purpose; and what was refused must have changed nothing.

Each attempt says whether it has to be refused by the rules as they stand here: the list of legal
steps, the scopes of the key, the tag that is current, the days. What is accepted although it need not
have been is judged at the end, with the whole database.
"""
import json

import clocks
import legal
import stories
from walker import ENDS, NEAR

REFUSED = {400, 403, 404, 409, 412, 422, 428}
UNCHANGED = """
SELECT md5(concat(
  (SELECT to_jsonb(t) FROM {table} AS t WHERE t.partnership_id = {p} AND t.id = {k}),
  (SELECT to_jsonb(t) FROM review_publication AS t WHERE t.partnership_id = {p} AND t.id = {k}),
  (SELECT max(t.id) FROM change AS t WHERE t.partnership_id = {p} AND t.subject_id = {k}),
  (SELECT max(t.id) FROM transition AS t WHERE t.partnership_id = {p} AND t.subject_id = {k}),
  (SELECT max(t.position) FROM event AS t WHERE t.partnership_id = {p}),
  (SELECT jsonb_agg(to_jsonb(t) ORDER BY t.id)
     FROM clock AS t WHERE t.partnership_id = {p} AND t.subject_id = {k})))
"""


class Temptations:
    def __init__(self, walker, database):
        self.walker = walker
        self.random = walker.random
        self.database = database
        self.partnership = walker.service.ask("GET", "/v1/partnership")[2]["id"]
        self.legal = legal.steps()
        self.kinds = (self.illegal_step, self.illegal_step, self.forged_tag, self.other_key,
                      self.early, self.early, self.despite_an_embargo)

    def try_one(self):
        """Whether there was something to try on."""
        kind = self.random.choice(self.kinds)
        name, places = self.resource(kind)
        if not name:
            return False
        tag, answer = self.walker.read(name, places)
        return bool(answer and "state" in answer and kind(name, places, tag, answer))

    def resource(self, kind):
        if kind not in (self.early, self.despite_an_embargo) and self.random.random() < 0.6:
            return self.walker.some_owner()
        found = self.walker.known.get("review_id", [])
        near = [one for one in found[-200:] if self.walker.states.get(one["review_id"]) in NEAR]
        return ("review_id", self.random.choice(near)) if near else (None, None)

    # The attempts.

    def illegal_step(self, name, places, tag, answer):
        """A state that no step leads to from here, with everything to show for it."""
        resource = name.removesuffix("_id")
        body, states = self.with_everything(name, answer, places[name])
        wrong = [to for to in states if (resource, answer["state"], to) not in self.legal]
        if not wrong:
            return False
        to = self.random.choice(wrong)
        return self.send("a state that no step leads to", name, places, {**body, "to": to}, tag, True)

    def forged_tag(self, name, places, tag, answer):
        """A step that may be taken, on another version than the caller was shown."""
        body = self.allowed_step(name, answer, places[name])
        version = answer["version"]
        forged = self.random.choice((f'"{version + 1}"', f'"{version - 1}"', f"W/{tag}", f"{version}",
                                     f'"{version}x"', '""', None))
        return body and self.send("another version", name, places, body, forged, True)

    def other_key(self, name, places, tag, answer):
        """A step that may be taken, by somebody who may not take it."""
        body = self.allowed_step(name, answer, places[name])
        if not body:
            return False
        role = self.legal.get((name.removesuffix("_id"), answer["state"], body["to"]), "")
        key = self.walker.keys["others"][self.random.choice(sorted(self.walker.keys["others"]))]
        wanted = [set(one["bearer"]) for one in self.transition(name)[2]["security"]]
        may = (any(one <= set(key["scopes"]) for one in wanted)
               and (not role or role in key["scopes"]) and not key["stranger"])
        return self.send(f"the key of {key['name']}", name, places, body, tag, not may, key["token"])

    def early(self, name, places, tag, answer):
        """A day of publication that is before the notice has run, or has not come."""
        first = self.walker.days(answer.get("earliest_publication_on"))
        day = (first or self.walker.today) + self.random.choice((-1, -1, -2, -7, -30, 0, 3))
        if self.random.random() < 0.2:
            day = self.walker.today + self.random.randrange(2, 30)
        body = {"to": "published", "published_on": clocks.iso(day)}
        if self.random.random() < 0.3:
            body["override"] = self.random.choice(({}, {"reason": "x"}, {"decided_by": "x"}, None))
        _, _, plan = self.walker.service.ask("GET", f"/v1/reviews/{answer['id']}/publication")
        is_ahead = day > self.walker.today + 1
        is_half_overridden = body.get("override") is not None
        if answer["state"] == "notice_given":
            is_unfit = (first is None or day < first) and not plan["override"]
        else:
            is_unfit = answer["type"] != "national"
        must = is_ahead or is_half_overridden or is_unfit
        return self.send("an early day", name, places, body, tag, must)

    def despite_an_embargo(self, name, places, tag, answer):
        """Announced or published while an embargo is open; one is made where there is none."""
        is_made = not self.is_embargoed(answer)
        if is_made:
            self.walker.take("createReviewEmbargo", name, places, tag, answer,
                             lambda walk, _, key: stories.embargo(walk, _, key)
                             | {"other_reason_until": walk.later(key, "until")})
            tag, answer = self.walker.read(name, places)
            if not self.is_embargoed(answer):
                return False
        body, _ = self.with_everything(name, answer, places[name])
        to = self.random.choice(("published", "published", "notice_given", "not_published", "assurance"))
        self.send("an open embargo", name, places, {**body, "to": to}, tag, True)
        if is_made and self.random.random() < 0.8:
            tag, answer = self.walker.read(name, places)
            _, lift = stories.BRINGS["no_open_embargo"][0]
            self.walker.take("patchReviewEmbargo", name, places, tag, answer, lift)
        return True

    @staticmethod
    def is_embargoed(answer):
        return answer["publication_status"] == "embargoed"

    # What they are made of.

    def transition(self, name):
        template = self.walker.owner(name) + "/transitions"
        return next((one for one in self.walker.document.writes if one[1] == template), None)

    def allowed_step(self, name, answer, key):
        transition = self.transition(name)
        steps = [step for step in answer.get("next_steps", []) if step["allowed"] and transition
                 and step["operation"] == transition[2]["operationId"]]
        if not steps:
            return None
        steps = [step for step in steps if step["to"] not in ENDS] or steps
        to = self.random.choice(steps)["to"]
        make = stories.taken_with(transition[2]["operationId"], name.removesuffix("_id"), to)
        return {**make(self.walker, answer, key), "to": to}

    def with_everything(self, name, answer, key):
        """A transition's body with whatever any step could ask for, and the states there are."""
        transition = self.transition(name)
        if not transition:
            return {}, []
        schema = self.walker.document.body(transition[2])[1]
        members = schema["properties"]
        body = {"reason": "x", "decided_by": "x", "agreed_by": "x", "on": self.walker.later(key, "on"),
                "published_on": self.walker.later(key, "on"), "interval_months": 3,
                "panel_told_on": self.walker.later(key, "on"), "report_sha256": stories.HASH,
                "first_check_due_on": self.walker.later(key, "due_on"), "accepted": "yes",
                "override": {"reason": "x", "decided_by": "x"}, "raised_to": "x", "response": "x",
                "transmission": "record", "notices": [
                    {"recipient": one, "channel": "email", "sent_on": self.walker.later(key, "on")}
                    for one in stories.IN_LAW]}
        body["on"] = self.walker.later(key, "on")
        states = self.walker.document.resolve(members["to"])["enum"]
        return {name: value for name, value in body.items() if name in members}, states

    # What comes of them.

    def snapshot(self, name, key):
        return self.database.rows(UNCHANGED.format(table=name.removesuffix("_id"), k=f"'{key}'",
                                                   p=f"'{self.partnership}'"))

    def send(self, kind, name, places, body, tag, must_be_refused, token=None):
        transition = self.transition(name)
        if not transition:
            return False
        operation, key = transition[2]["operationId"], places[name]
        headers = {"Content-Type": "application/json"}
        if tag is not None:
            headers["If-Match"] = tag
        before = self.snapshot(name, key)
        status, _, answer = self.walker.service.ask(
            "POST", self.walker.fill(transition[1], places), body, headers, token)
        told = (kind, operation, status, json.dumps(body)[:600], json.dumps(answer)[:400])
        self.walker.tempted[(kind, status)] += 1
        if status in REFUSED:
            if self.snapshot(name, key) != before:
                self.walker.faults.append(("was refused and has changed something", *told))
        elif status != 200 or must_be_refused:
            self.walker.faults.append(("was not refused", *told))
        return True
