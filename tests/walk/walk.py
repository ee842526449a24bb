"""A random walk through the whole process, over HTTP, and what must hold after it.

    walk.py STEPS [SEED]

Takes operations of the OpenAPI document at random, with bodies made from their schemas and examples,
mostly such as `next_steps` allows, on whatever the walk has made so far. Each answer must be one that
the document has, and never a fault of the service. At the end the database is compared with rules of
its own: legal_steps.csv and followed_steps.csv, a second count of every clock, and what may never be.
The environment:
CSPR_URL, CSPR_TOKEN, WALK_DATABASE_URL (may read everything), WALK_HOLIDAYS (the CSV of bank holidays).
Prints one TAP line for each thing that must hold.
"""
import collections
import copy
import http.client
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import urllib.parse
import uuid

import clocks

HERE = pathlib.Path(__file__).resolve().parent
# Which operation brings what a step was missing.
BRINGS = {
    "nature_is_known": "patchReferral", "child_is_described": "patchReferral",
    "meeting_held": "createRapidReviewMeeting", "decision_is_taken": "createRapidReviewDecision",
    "all_partners_signed": "createRapidReviewSignOff",
    "submission_is_complete": "createRapidReviewSubmission",
    "panel_has_responded": "createPanelResponse",
    "reviewer_in_office": "createReviewer", "terms_agreed": "createTermsOfReference",
    "methodology_chosen": "patchReview", "draft_received": "createReviewDraft",
    "draft_checked": "createReviewDraft", "responses_asked": "createAgencyResponse",
    "responses_in": "putAgencyResponseAnswer", "subgroup_approved": "createReviewApproval",
    "board_approved": "createReviewApproval", "embargo_is_open": "createReviewEmbargo",
    "embargo_has_ground": "createReviewProceeding", "no_open_embargo": "patchReviewEmbargo",
    "form_is_decided": "putReviewPublication", "publication_is_planned": "putReviewPublication",
    "is_assured": "createReviewAssuranceCheck", "has_evidence": "createActionEvidence",
    "leads_are_complete": "patchActionLead",
}
# What lies ahead of the day on which it is said.
AHEAD = {"planned_on", "review_by", "due_on", "next_due_on", "first_check_due_on", "expected_end_on",
         "on_website_until", "until", "published_on", "other_reason_until"}
ENDS = {"withdrawn", "discontinued", "lapsed", "not_stated", "superseded", "not_accepted", "not_met",
        "returned", "not_notified", "closed"}
EXPECTED = {200, 201, 403, 404, 409, 412, 422}
# What is of no process, or belongs to others' tests.
LEFT_OUT = re.compile(r"^/v1/(case-systems|webhook-endpoints|deliveries|calendar)")


class Service:
    def __init__(self):
        self.address = urllib.parse.urlsplit(os.environ["CSPR_URL"]).netloc
        self.connection = http.client.HTTPConnection(self.address, timeout=60)

    def ask(self, method, path, body=None, headers=None):
        headers = {"Authorization": "Bearer " + os.environ["CSPR_TOKEN"], **(headers or {})}
        data = None if body is None else json.dumps(body)
        self.connection.request(method, path, data, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        value = json.loads(text) if text and "json" in answer.headers["Content-Type"] else None
        return answer.status, answer.headers, value


class Document:
    def __init__(self, value):
        self.value = value
        self.operations = []
        for path, methods in value["paths"].items():
            for method, operation in methods.items():
                if "operationId" in operation and path.startswith("/v1/"):
                    self.operations.append((method.upper(), path, operation))
        self.writes = [one for one in self.operations
                       if one[0] != "GET" and not LEFT_OUT.match(one[1])]
        self.lists = [one for one in self.operations if one[0] == "GET" and self.is_list(one[2])
                      and not LEFT_OUT.match(one[1])]
        # The template of what a list's items are found at.
        self.items = {path.rsplit("/", 1)[0]: path.rsplit("/", 1)[1][1:-1]
                      for method, path, _ in self.operations
                      if method == "GET" and path.endswith("}")}

    def resolve(self, value):
        while isinstance(value, dict) and "$ref" in value:
            found = self.value
            for word in value["$ref"].removeprefix("#/").split("/"):
                found = found[word.replace("~1", "/").replace("~0", "~")]
            value = found
        return value

    def is_list(self, operation):
        answer = self.resolve(operation["responses"].get("200", {}))
        schema = self.resolve(answer.get("content", {}).get("application/json", {}).get("schema", {}))
        return "next_cursor" in schema.get("properties", {})

    def body(self, operation):
        content = self.resolve(operation.get("requestBody", {})).get("content", {})
        for kind, one in content.items():
            if "json" in kind:
                return kind, self.resolve(one["schema"]), one.get("example")
        return None, None, None

    def takes(self, operation, name):
        return any(self.resolve(parameter)["name"] == name
                   for parameter in operation.get("parameters", []))


class Walk:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.service = Service()
        self.document = Document(self.service.ask("GET", "/openapi.json")[2])
        self.known = collections.defaultdict(list)  # name of a path parameter → [{name: value}]
        self.seen = set()
        self.answers = collections.Counter()
        self.reached = {}  # id of a resource → the day that its story has come to, since 1970
        self.faults = []
        agencies = self.service.ask("GET", "/v1/agencies")[2]["data"]
        self.agencies = [agency["id"] for agency in agencies]
        self.partners = [agency["id"] for agency in agencies if agency["statutory_partner"]]

    # What there is.

    def learn(self, template, places, answer):
        name = self.document.items.get(template)
        for item in answer["data"] if "data" in answer else [answer]:
            if not name or "id" not in item or (name, item["id"]) in self.seen:
                continue
            self.seen.add((name, item["id"]))
            self.known[name].append({**places, name: item["id"]})

    def look(self):
        """Reads one list, which may tell of something that another step has made."""
        _, template, _ = self.random.choice(self.document.lists)
        places = self.places(template)
        if places is None:
            return
        status, _, answer = self.service.ask("GET", self.fill(template, places) + "?limit=20")
        if status == 200:
            self.learn(template, places, answer)

    def places(self, template):
        names = re.findall(r"{(\w+)}", template)
        if not names:
            return {}
        found = self.known.get(names[-1])
        # Lately made things more often, so that some of them get far.
        if not found:
            return None
        places = found[-1 - int(len(found) * self.random.random() ** 3)]
        return places if all(name in places for name in names) else None

    @staticmethod
    def fill(template, places):
        return re.sub(r"{(\w+)}", lambda match: places[match[1]], template)

    # What is sent.

    def day(self):
        return clocks.iso(self.random.choice((19723, 19750, 19800, 19876, 19900))
                          + self.random.randrange(20))

    def agency(self):
        return self.random.choice(self.agencies)

    def value(self, schema, name=""):
        schema = self.document.resolve(schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self.random.choice([one for one in schema["enum"] if one is not None])
        for word in ("oneOf", "anyOf"):
            if word in schema:
                return self.value(self.random.choice(schema[word]), name)
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = next(one for one in kind if one != "null")
        if kind == "object":
            return self.object(schema)
        if kind == "array":
            if name == "sign_offs" or name == "views":
                return [{**self.object(self.document.resolve(schema["items"])), "agency_id": one}
                        for one in self.partners]
            count = max(schema.get("minItems", 0), self.random.randrange(3))
            return [self.value(schema["items"], name) for _ in range(count)]
        if kind == "boolean":
            return self.random.random() < 0.8
        if kind in ("integer", "number"):
            low = schema.get("minimum", 0)
            return self.random.randint(low, min(schema.get("maximum", low + 9), low + 9))
        return self.text(schema, name)

    def text(self, schema, name):
        form = schema.get("format")
        if form == "date":
            return self.day()
        if form == "date-time":
            return self.day() + "T12:00:00Z"
        if form == "uuid":
            return self.reference(name)
        if schema.get("pattern") == "^[0-9a-f]{64}$":
            return uuid.uuid4().hex * 2
        if "pattern" in schema:
            return {"^[ENSW][0-9]{8}$": "E08000028"}.get(schema["pattern"], "R-" + uuid.uuid4().hex[:9])
        return "walk"

    def reference(self, name):
        """An id for a member: of an agency, or of something that is known under that name."""
        if "agency" in name or name in ("agency_ids", "agencies"):
            return self.agency()
        found = self.known.get(re.sub(r"s$", "", name))
        return self.random.choice(found)[re.sub(r"s$", "", name)] if found else str(uuid.uuid4())

    def object(self, schema):
        required = schema.get("required", [])
        made = {}
        for name, member in schema.get("properties", {}).items():
            member = self.document.resolve(member)
            if member.get("readOnly") or (name not in required and self.random.random() < 0.4):
                continue
            made[name] = self.value(member, name.replace("_ids", "_id"))
        return made

    def make_body(self, schema, example, to):
        made = self.object(schema)
        if example is not None and self.random.random() < 0.6:
            made = self.renewed(copy.deepcopy(example), schema, made)
        if to and "to" in schema.get("properties", {}):
            made["to"] = to
        return made

    def renewed(self, example, schema, other):
        """The document's example with ids that are there, and now and then a member of another."""
        for name in list(example):
            member = self.document.resolve(schema.get("properties", {}).get(name, {}))
            if name in other and (member.get("format") == "uuid" or self.random.random() < 0.15
                                  or "agency_id" in json.dumps(example[name])
                                  or (name.endswith("_ids"))):
                example[name] = other[name]
            if name in ("local_ref", "reference"):
                example.pop(name)
        return example

    # A story that goes on: what a resource's next step is missing is brought, or the step is taken.

    def later(self, key, name):
        now = self.reached.get(key, 19723 + self.random.randrange(20))
        if name in AHEAD:
            return clocks.iso(now + 15 + self.random.randrange(40))
        self.reached[key] = now = min(now + self.random.choice((0, 0, 1, 2, 5)), 20700)
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

    def owners(self):
        return [name for name in ("referral_id", "rapid_review_id", "rapid_review_id", "review_id",
                                  "review_id", "review_id", "action_id", "recommendation_id",
                                  "incident_id") if self.known.get(name)]

    def push(self):
        name = self.random.choice(self.owners() or [None])
        if not name:
            return False
        found = self.known[name]
        places = found[-1 - int(len(found) * self.random.random() ** 2)]
        template = next(path + "/{" + name + "}" for path, one in self.document.items.items()
                        if one == name and "{" not in path)
        status, tags, answer = self.service.ask("GET", self.fill(template, places))
        steps = answer.get("next_steps", []) if status == 200 else []
        if not steps:
            return False
        # What ends a story is not told too often.
        weights = [0.05 if step["to"] in ENDS else 1 for step in steps]
        step = self.random.choices(steps, weights)[0]
        missing = [BRINGS[one["code"]] for one in step["missing"] if one["code"] in BRINGS]
        operation = step["operation"] if step["allowed"] or not missing else self.random.choice(missing)
        return self.take(operation, places, step["to"] if step["allowed"] else None, template)

    def take(self, wanted, places, to, owner):
        """The operation that is wanted, on the resource or on some part of it."""
        method, template, operation = next(one for one in self.document.writes
                                           if one[2]["operationId"] == wanted)
        names = re.findall(r"{(\w+)}", template)
        if names and names[-1] not in places:
            parts = [one for one in self.known.get(names[-1], [])
                     if all(one.get(name) == value for name, value in places.items())]
            if not parts:
                return False
            places = self.random.choice(parts)
        path = self.fill(template, places)
        key = places[re.findall(r"{(\w+)}", owner)[0]]
        headers = {}
        if self.document.takes(operation, "If-Match"):
            read = self.service.ask("GET", path)
            if read[0] != 200 or "transitions" in path:
                read = self.service.ask("GET", path.rsplit("/", 1)[0])
            headers["If-Match"] = read[1]["ETag"] or ""
        kind, schema, example = self.document.body(operation)
        body = self.make_body(schema, example, to)
        return self.send(method, template, operation, places, path, headers,
                         kind, self.dated(body, schema, key))

    # A step.

    def choose(self):
        """An operation, where it is to go, and for a transition the state it leads to."""
        method, template, operation = self.random.choice(self.document.writes)
        places = self.places(template)
        if places is None:
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
                steps = [step for step in answer.get("next_steps", []) if step["allowed"]]
                mine = [step["to"] for step in steps if step["operation"] == operation["operationId"]]
                to = self.random.choice(mine) if mine and self.random.random() < 0.9 else None
                headers["If-Match"] = known["ETag"]
        if not self.document.takes(operation, "If-Match"):
            headers.pop("If-Match", None)
        return method, template, operation, places, path, headers, to

    def step(self):
        chosen = self.choose()
        if not chosen:
            return False
        method, template, operation, places, path, headers, to = chosen
        kind, schema, example = self.document.body(operation)
        body = self.make_body(schema, example, to) if schema else None
        return self.send(method, template, operation, places, path, headers, kind, body)

    def send(self, method, template, operation, places, path, headers, kind, body):
        if kind:
            headers["Content-Type"] = kind
        if method == "POST" and "If-Match" not in headers:
            headers["Idempotency-Key"] = str(uuid.uuid4())
        status, _, answer = self.service.ask(method, path, body, headers)
        self.answers[(operation["operationId"], status)] += 1
        if status not in EXPECTED:
            self.faults.append((operation["operationId"], status, json.dumps(body)[:600],
                                json.dumps(answer)[:600]))
        elif status == 201 and answer:
            self.learn(template, places, answer)
        return True

    def go(self, steps):
        taken = 0
        while taken < steps:
            taken += self.push() if self.random.random() < 0.6 else self.step()
            if self.random.random() < 0.2:
                self.look()

    def tell(self):
        by_operation = collections.defaultdict(dict)
        for (operation, status), count in self.answers.items():
            by_operation[operation][status] = count
        for operation, counts in sorted(by_operation.items()):
            print(f"# {operation}: " + ", ".join(f"{status} × {count}"
                                                 for status, count in sorted(counts.items())))


def rows(sql):
    done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1",
                           "-c", sql, os.environ["WALK_DATABASE_URL"]],
                          capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return [line.split("\t") for line in done.stdout.splitlines()]


def listed(name):
    return {tuple(line.split(",")) for line in (HERE / name).read_text().splitlines()[1:]}


def illegal_steps():
    """Steps of the log that are in no list of ours, and such as do not follow one another.

    followed_steps.csv has those that a resource takes by an operation of what it belongs to.
    """
    legal, followed = listed("legal_steps.csv"), listed("followed_steps.csv")
    for subject, operation, begin, end in rows(
            "SELECT DISTINCT subject, operation, from_state, to_state FROM transition"):
        follows = any((subject, operation) == one[:2] for one in followed)
        known = (subject, operation, begin, end) in followed if follows else (
            (subject, begin, end) in legal)
        if not known:
            yield f"{subject}: {operation} from {begin or 'nothing'} to {end}"
    for subject, subject_id in rows(
            "SELECT subject, subject_id FROM (SELECT subject, subject_id, from_state, lag(to_state)"
            " OVER (PARTITION BY subject, subject_id ORDER BY id) AS before FROM transition) AS t"
            " WHERE before IS NOT NULL AND from_state <> before AND subject <> 'incident'"):
        yield f"{subject} {subject_id}: a step that no step led to"


def nothing_may_be(name):
    """What forbidden.sql looks for must not be there."""
    text = (HERE / "forbidden.sql").read_text()
    for title, sql in re.findall(r"-- (.+)\n((?:(?!-- ).*\n)+)", text):
        if title == name:
            return [" ".join(row) for row in rows(sql.strip().rstrip(";"))]
    sys.exit(f"forbidden.sql has no {name}")


def forbidden():
    return re.findall(r"-- (.+)\n", (HERE / "forbidden.sql").read_text())


def tell_coverage():
    legal = listed("legal_steps.csv")
    taken = {tuple(row) for row in rows("SELECT DISTINCT subject, from_state, to_state FROM transition")}
    print(f"# {len(taken & legal)} of {len(legal)} legal steps were taken; not: "
          + " ".join(sorted("/".join(step) for step in legal - taken)))


def report(number, name, faults):
    faults = list(faults)
    print(f"{'not ok' if faults else 'ok'} {number} - {name}")
    for fault in faults[:10]:
        print(f"#   {fault}")
    return not faults


def main():
    steps = int(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(10 ** 9)
    print(f"# {steps} steps, seed {seed}")
    walk = Walk(seed)
    walk.go(steps)
    walk.tell()
    tell_coverage()
    good = [report(1, "every answer is one that the caller can act on", walk.faults),
            report(2, "every step was legal", illegal_steps()),
            report(3, "every clock agrees with a second count", clocks.wrong(rows))]
    for number, name in enumerate(forbidden(), 4):
        good.append(report(number, name, nothing_may_be(name)))
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
