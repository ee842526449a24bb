"""One walker: takes operations at random in a partnership of its own, and drives stories on.

Everything that it chooses follows from its seed and from what the service answers.
"""
import collections
import datetime
import json
import random
import re
import uuid

import clocks
import stories
from bodies import Bodies
from document import Document, Service

# What lies ahead of the day on which it is said.
AHEAD = {"planned_on", "review_by", "due_on", "next_due_on", "first_check_due_on", "expected_end_on",
         "on_website_until", "until", "other_reason_until", "target_completion_on", "member_until",
         "next_assurance_on", "original_due_on", "publication_planned_on", "earliest_publication_on"}
# How seldom a step is taken that ends a story.
ENDS = {"discontinued": 0.01, **dict.fromkeys(
    ("withdrawn", "lapsed", "not_stated", "superseded", "not_accepted", "not_met", "returned",
     "not_notified", "closed_unverified"), 0.08)}
# Where publication is near.
NEAR = ("approved", "signed_off", "notice_given", "embargoed", "published", "not_published",
        "assurance")
# What holds a review up would otherwise hold up all of them.
HELD_BY = {"createReviewEmbargo", "createReviewProceeding"}
# A step that few stories come to: each walker takes it as soon as one does.
LATE = ("rapid_review", "responded", "lapsed")
DEAD = {"closed", "discontinued", "superseded"}
EXPECTED = {200, 201, 403, 404, 409, 412, 422}
FIRST_DAY = 19723  # 1 January 2024, since 1970
OWNERS = ("referral_id", "rapid_review_id", "rapid_review_id", "review_id", "review_id", "review_id",
          "review_id", "action_id", "recommendation_id", "incident_id")


class Walker:
    def __init__(self, seed, keys):
        self.random = random.Random(seed)
        self.keys = keys
        self.service = Service(keys["everything"]["token"])
        self.document = Document(self.service.ask("GET", "/openapi.json")[2])
        self.known = collections.defaultdict(list)  # name of a path parameter → [{name: value}]
        self.seen = set()
        self.answers = collections.Counter()
        self.reasons = collections.Counter()  # why it was refused
        self.tempted = collections.Counter()
        self.states = {}  # id of a resource → its state when it was last read
        self.taken = collections.Counter()  # (resource, from, to) as far as this walker knows
        self.reached = {}  # id of a resource → the day that its story has come to, since 1970
        self.faults = []
        self.today = datetime.date.today().toordinal() - clocks.EPOCH.toordinal() - 1
        self.bodies = Bodies(self.random, self.document,
                             self.service.ask("GET", "/v1/agencies")[2]["data"], self.known)

    # What there is.

    def learn(self, template, places, answer):
        name = self.document.items.get(template)
        for item in answer["data"] if "data" in answer else [answer]:
            for lead in item.get("leads", []) if name == "action_id" else []:
                self.add("lead_id", {"action_id": item["id"], "lead_id": lead["id"]})
            if name and "id" in item:
                self.add(name, {**places, name: item["id"]})

    def add(self, name, places):
        if (name, places[name]) not in self.seen:
            self.seen.add((name, places[name]))
            self.known[name].append(places)

    def look(self):
        """Reads one list, which may tell of something that another step has made."""
        _, template, _ = self.random.choice(self.document.lists)
        places = self.places(template)
        if places is None:
            return
        status, _, answer = self.service.ask("GET", self.fill(template, places) + "?limit=20")
        if status == 200:
            self.learn(template, places, answer)

    def parts(self, answer, name):
        """The parts of a review."""
        return self.service.ask("GET", f"/v1/reviews/{answer['id']}/{name}?limit=200")[2]["data"]

    def places(self, template):
        names = re.findall(r"{(\w+)}", template)
        if not names:
            return {}
        found = self.known.get(names[-1])
        if not found:
            return None
        places = self.one_of(found, 3)
        return places if all(name in places for name in names) else None

    def one_of(self, found, bias):
        """Lately made things more often, so that some of them get far, and seldom what has ended."""
        for _ in range(4):
            places = found[-1 - int(len(found) * self.random.random() ** bias)]
            if not any(self.states.get(one) in DEAD for one in places.values()):
                break
        return places

    @staticmethod
    def fill(template, places):
        return re.sub(r"{(\w+)}", lambda match: places[match[1]], template)

    # The days of a story.

    @staticmethod
    def days(text):
        return datetime.date.fromisoformat(text).toordinal() - clocks.EPOCH.toordinal() if text else None

    def reach(self, key, day):
        self.reached[key] = max(self.reached.get(key, FIRST_DAY), min(day, self.today))

    def reach_what_happened(self, key, value, schema):
        """The story has come to the latest day of what is known to have happened."""
        schema = self.document.resolve(schema)
        for name, member in value.items() if isinstance(value, dict) else []:
            form = self.document.resolve(schema.get("properties", {}).get(name, {})).get("format")
            if form == "date" and member and name not in AHEAD:
                self.reach(key, self.days(member))

    def later(self, key, name):
        now = self.reached.get(key, FIRST_DAY + self.random.randrange(20))
        if name in AHEAD:
            return clocks.iso(now + 15 + self.random.randrange(40))
        self.reached[key] = now = min(now + self.random.choice((0, 0, 0, 1, 3)), self.today)
        return clocks.iso(now)

    def dated(self, body, schema, key):
        """The body with every day in the order of the resource's story."""
        schema = self.document.resolve(schema)
        for name, value in list(body.items()) if isinstance(body, dict) else []:
            member = self.document.resolve(schema.get("properties", {}).get(name, {}))
            if member.get("format") == "date" and value is not None:
                body[name] = self.later(key, name)
            elif isinstance(value, list):
                for item in value:
                    self.dated(item, member.get("items", {}), key)
            else:
                self.dated(value, member, key)
        return body

    # A story that goes on: what a resource's next step is missing is brought, or the step is taken.

    def owner(self, name):
        return next(path + "/{" + name + "}" for path, one in self.document.items.items()
                    if one == name and "{" not in path)

    def read(self, name, places):
        """A resource with a story: its ETag and itself, with its story's day brought up to it."""
        template = self.owner(name)
        status, tags, answer = self.service.ask("GET", self.fill(template, places))
        if status != 200:
            return None, None
        operation = next(one for method, path, one in self.document.operations
                         if method == "GET" and path == template)
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        self.reach_what_happened(places[name], answer, schema)
        self.states[places[name]] = answer.get("state")
        return tags["ETag"], answer

    def some_owner(self):
        names = [name for name in OWNERS if self.known.get(name)]
        if not names:
            return None, None
        name = self.random.choice(names)
        near = [one for one in self.known["review_id"][-300:]
                if self.states.get(one["review_id"]) in NEAR] if name == "review_id" else []
        if near and self.random.random() < 0.5:
            return name, self.random.choice(near)
        return name, self.one_of(self.known[name], 2)

    def weight(self, resource, state, step):
        """What was seldom taken is taken rather; what ends a story is not told too often."""
        times = self.taken[(resource, state, step["to"])]
        weight = ENDS.get(step["to"], 1) / (1 + times) ** 0.5
        return weight if times else max(weight, 0.25)

    def begin(self):
        """A new review, of any type: few operations chosen at random begin one. Of every second incident only,
        because one that is in review cannot be withdrawn any more."""
        incidents = [one for one in self.known["incident_id"] if one["incident_id"][-1] in "01234567"]
        if not incidents:
            return False
        method, template, operation = self.document.by_name["createReview"]
        schema = self.document.resolve(self.document.body(operation)[1])["properties"]
        body = {"type": self.random.choice(self.document.resolve(schema["type"])["enum"]),
                "title": "walk", "decided_on": clocks.iso(FIRST_DAY + self.random.randrange(100)),
                "incident_ids": [self.one_of(incidents, 1)["incident_id"]]}
        return bool(self.send(method, template, operation, {}, template, {}, "application/json", body))

    def push(self):
        name, places = self.some_owner()
        if not name:
            return False
        tag, answer = self.read(name, places)
        if name == "rapid_review_id" and answer and answer["state"] == "responded" \
                and (not self.taken[LATE] or self.random.random() < 0.1) \
                and self.withdraw_late(answer["incident_id"]):
            return True
        resource = name.removesuffix("_id")
        ways = []
        for step in answer.get("next_steps", []) if answer else []:
            missing = [one["code"] for one in step["missing"] if one["code"] not in stories.SAID]
            if all(code in stories.BRINGS for code in missing):
                ways.append((step, missing))
        if not ways:
            return False
        weights = [self.weight(resource, answer["state"], step) for step, _ in ways]
        step, missing = self.random.choices(ways, weights)[0]
        if missing:
            ways = stories.BRINGS[self.random.choice(missing)]
            operation, make = self.random.choice([one for one in ways if self.concerns(one[0], name)])
            return bool(self.take(operation, name, places, tag, answer, make))
        make = stories.taken_with(step["operation"], resource, step["to"])
        status = self.take(step["operation"], name, places, tag, answer, make, step["to"])
        self.taken[(resource, answer["state"], step["to"])] += status in (200, 201)
        if status == 200 and step["to"] == "withdrawn" and resource == "incident":
            self.lapse(places["incident_id"])
        return bool(status)

    def withdraw_late(self, incident):
        """Withdraws an incident whose rapid review was responded to, by way of its closing if need be, and reopens
        it: seldom would it be so late."""
        to = self.move_incident(incident, ("withdrawn", "reopened", "closed"))
        for _ in range(2):
            if to and to != "withdrawn":
                to = self.move_incident(incident, ("withdrawn", "reopened"))
        if to == "withdrawn":
            self.lapse(incident)
            to = self.move_incident(incident, ("reopened",))
        return bool(to)

    def move_incident(self, incident, wanted):
        """Takes the first of the steps that is there: where it led to, or nothing."""
        places = {"incident_id": incident}
        tag, answer = self.read("incident_id", places)
        steps = {step["to"]: step["operation"] for step in answer["next_steps"]} if answer else {}
        for to in wanted:
            if to in steps:
                make = stories.taken_with(steps[to], "incident", to)
                status = self.take(steps[to], "incident_id", places, tag, answer, make, to)
                self.taken[("incident", answer["state"], to)] += status == 200
                return to if status == 200 else None
        return None

    def lapse(self, incident):
        """A rapid review that was submitted does not lapse with its incident: somebody has to say so."""
        for one in self.service.ask("GET", f"/v1/rapid-reviews?incident_id={incident}")[2]["data"]:
            if one["state"] not in ("submitted", "responded"):
                continue
            places = {"rapid_review_id": one["id"]}
            tag, answer = self.read("rapid_review_id", places)
            for step in answer["next_steps"] if answer else []:
                if step["to"] == "lapsed":
                    make = stories.taken_with(step["operation"], "rapid_review", "lapsed")
                    status = self.take(step["operation"], "rapid_review_id", places, tag, answer, make, "lapsed")
                    self.taken[("rapid_review", one["state"], "lapsed")] += status == 200

    def concerns(self, operation, name):
        return name in self.document.by_name[operation][1]

    def take(self, wanted, name, places, tag, answer, make=None, to=None):
        """The operation that is wanted, on the resource or on some part of it: its status, or 0."""
        method, template, operation = self.document.by_name[wanted]
        key = places[name]
        inner = re.findall(r"{(\w+)}", template)[-1]
        if inner not in places:
            places = self.part(wanted, inner, places, template)
            if not places:
                return 0
        path = self.fill(template, places)
        headers = {}
        if self.document.takes(operation, "If-Match"):
            headers["If-Match"] = tag
            if inner != name:
                part = path if not path.endswith("/answer") else path.rsplit("/", 1)[0]
                headers["If-Match"] = self.service.ask("GET", part)[1]["ETag"]
            if not headers["If-Match"]:
                return 0
        kind, schema, example = self.document.body(operation)
        if make and self.random.random() < 0.85:
            body = make(self, answer, key)
            if to and "to" in self.document.resolve(schema)["properties"]:
                body["to"] = to
        else:
            body = self.dated(self.bodies.make(schema, example, to), schema, key)
        return self.send(method, template, operation, places, path, headers, kind, body)

    def part(self, wanted, inner, places, template):
        """A part of the resource that the operation is meant for, else any of them."""
        found = [one for one in self.known.get(inner, [])
                 if all(one.get(name) == value for name, value in places.items())]
        is_meant = stories.OPEN_PART.get(wanted)
        if is_meant and "review_id" in places:
            base = template[:template.index("/{" + inner)]
            _, _, answer = self.service.ask("GET", self.fill(base, places) + "?limit=200")
            self.learn(base, places, answer)
            meant = [{**places, inner: one["id"]} for one in answer["data"] if is_meant(one)]
            found = meant or found
        return self.random.choice(found) if found else None

    # A step.

    def choose(self):
        """An operation, where it is to go, and for a transition the state it leads to."""
        method, template, operation = self.random.choice(self.document.writes)
        places = self.places(template)
        if places is None or operation["operationId"] in HELD_BY and self.random.random() < 0.85:
            return None
        path = self.fill(template, places)
        parent = path.rsplit("/", 1)[0]
        # What is only written stands with what it belongs to.
        owners = {"POST": [parent] if "{" in template else [path], "PUT": [path, parent]}
        headers, to = {}, None
        if places:
            for owner in owners.get(method, [path]):
                status, known, answer = self.service.ask("GET", owner)
                if status != 405:
                    break
            if status == 200:
                self.states[list(places.values())[-1]] = answer.get("state")
                steps = [step for step in answer.get("next_steps", []) if step["allowed"]]
                mine = [step["to"] for step in steps if step["operation"] == operation["operationId"]]
                weights = [ENDS.get(one, 1) for one in mine]
                to = self.random.choices(mine, weights)[0] if mine else None
                if not mine and "transitions" in template and self.random.random() < 0.9:
                    return None
                headers["If-Match"] = known["ETag"]
        if not self.document.takes(operation, "If-Match"):
            headers.pop("If-Match", None)
        elif not headers:
            headers["If-Match"] = '"1"'
        return method, template, operation, places, path, headers, to

    def step(self):
        chosen = self.choose()
        if not chosen:
            return False
        method, template, operation, places, path, headers, to = chosen
        kind, schema, example = self.document.body(operation)
        body = self.bodies.make(schema, example, to) if schema else None
        return bool(self.send(method, template, operation, places, path, headers, kind, body))

    def send(self, method, template, operation, places, path, headers, kind, body):
        if kind:
            headers["Content-Type"] = kind
        if method == "POST" and "If-Match" not in headers:
            headers["Idempotency-Key"] = str(uuid.uuid4())
        status, _, answer = self.service.ask(method, path, body, headers)
        name = operation["operationId"]
        self.answers[(name, status)] += 1
        if status not in EXPECTED:
            self.faults.append((name, status, json.dumps(body)[:600], json.dumps(answer)[:600]))
        elif status in (200, 201):
            if status == 201:
                self.learn(template, places, answer)
            for place in places.values():
                self.reach_what_happened(place, body, self.document.body(operation)[1])
        else:
            for one in answer.get("errors", []) + answer.get("missing", []):
                what = answer["detail"] if one["code"] == "state" else one["code"]
                self.reasons[(name, (body or {}).get("to"), one.get("pointer"), what)] += 1
        return status
