"""Canaries: an invented name in every field that takes it, while a random walk drives whole cases on and things
fail; then it is looked for wherever it must not be."""
import contextlib
import http.client
import json
import os
import pathlib
import random
import re
import resource
import signal
import sys
import time
import uuid

import fleet
from cluster import PLACE
from kills import wait_delivered
from limits import Session
from processes import FOLDER, Broken
from writers import Caller

sys.path.append(str(pathlib.Path(__file__).parents[1] / "walk"))
# The random walk of tests/walk knows how to take a case through its steps.
from document import Service  # pylint: disable=wrong-import-position
from walker import Walker  # pylint: disable=wrong-import-position

PARTNERSHIP = "canaries"
WORD = "Quillfeather"
NAME = f"Ambrose {WORD}"


class Patient(Service):
    """The walk's client, on a service that dies now and then."""

    def __init__(self, token, service):
        os.environ["CSPR_URL"] = service.url
        super().__init__(token)

    def ask(self, method, path, body=None, headers=None, token=None):
        for _ in range(50):
            try:
                told = super().ask(method, path, body, headers, token)
            except (OSError, http.client.HTTPException):
                self.connection.close()
                time.sleep(0.05)
                continue
            if told[0] != 503:
                return told
            time.sleep(0.05)
        raise Broken(f"{method} {path} has no answer")


class Planter(Walker):
    """A walker that puts the name wherever the document allows a text."""

    def __init__(self, seed, service, token):
        os.environ["CSPR_URL"] = service.url
        super().__init__(seed, {"everything": {"token": token}})
        self.service = Patient(token, service)

    def send(self, method, template, operation, places, path, headers, kind, body):
        if body is not None and self.random.random() < 0.9:
            self.plant(self.document.body(operation)[1], body)
        return super().send(method, template, operation, places, path, headers, kind, body)

    def plant(self, schema, value):
        """The value with the name for each text that has room for it and may have any form, or one that fits."""
        schema = self.document.resolve(schema or {})
        if isinstance(value, dict):
            members = schema.get("properties", {})
            for name in value:
                value[name] = self.plant(members.get(name), value[name])
        elif isinstance(value, list):
            value[:] = [self.plant(schema.get("items"), item) for item in value]
        elif isinstance(value, str) and schema and not {"enum", "const", "format", "oneOf", "anyOf"} & schema.keys():
            for text in (f"{NAME}, {value}", NAME, WORD, WORD.upper()):
                if len(text) <= schema.get("maxLength", 1 << 20) and re.search(schema.get("pattern", ""), text):
                    return text
        return value


def canaries(stage):
    writes = stage.wanted("canaries", 50, 2_000)
    # As PostgreSQL is by itself, and not as careful as our own cluster: with the DETAIL of what it refuses.
    stage.database("-c", "log_error_verbosity=default")
    receivers = stage.receivers()
    receivers.tell(f"watch {WORD}")
    council = fleet.make_partnership(PARTNERSHIP, receivers)
    for slug, kind in (("police", "police"), ("icb", "integrated_care_board")):
        fleet.csprd("agencies", "create", "--partnership", PARTNERSHIP, "--slug", slug, "--name", slug, "--kind", kind,
                    "--statutory-partner")
    with cores_allowed():
        services = [stage.service(CSPR_SWEEP_SECONDS="1") for _ in range(2)]
    token = key_for_all(services[0], council)
    planter = Planter(stage.seed, services[0], token)
    walk(stage, planter, services[0], writes)
    refuse(planter, services[0], token)
    metrics = [service.metrics() for service in services]
    receivers.tell("delay 0 0")
    wait_delivered(stage.server, 300, stage.hurried)
    seen = receivers.sightings()
    # Dies as by a fault of its own: nothing of its memory may be left behind.
    limits = pathlib.Path(f"/proc/{services[1].process.id}/limits").read_text()
    services[1].process.send(signal.SIGABRT)
    services[1].process.wait(60)
    services[0].stop()
    judge(stage, planter, metrics, seen, re.search(r"Max core file size\s+0\s", limits))


@contextlib.contextmanager
def cores_allowed():
    """What begins within may leave cores, unless it sees to that itself."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_CORE, before)


def key_for_all(service, token):
    """A key with every scope of the document that concerns all that a partnership has."""
    _, _, document = Caller([service.address]).call(service.address, "GET", "/openapi.json", token)
    scopes = {scope for path in document["paths"].values() for operation in path.values()
              if isinstance(operation, dict) for wanted in operation.get("security", [])
              for scope in wanted.get("bearer", []) if not scope.endswith("_own")}
    words = [word for scope in sorted(scopes) for word in ("--scope", scope)]
    return fleet.csprd("keys", "create", "--partnership", PARTNERSHIP, "--agency", "council", "--label", "all", *words)


def made_by(planter):
    return sum(count for (_, status), count in planter.answers.items() if status in (200, 201))


def walk(stage, planter, service, writes):
    """Steps of cases until so many were taken; now and then something fails."""
    dice = random.Random(stage.seed)
    faults = [lambda: crash(service), lambda: terminate(stage.server), lambda: kill_backend(stage.server)]
    played = 0
    for number in range(40 * writes):
        made = made_by(planter)
        if made >= writes:
            return
        planter.push() if dice.random() < 0.6 else planter.step()  # pylint: disable=expression-not-assigned
        if dice.random() < 0.02:
            planter.begin()
        if dice.random() < 0.2:
            planter.look()
        if made * 6 >= writes * (played + 1) or number * 6 >= 40 * writes * (played + 1):
            hold(stage.server, planter)
            faults[played % len(faults)]()
            played += 1
    raise Broken(f"the walk has made {made_by(planter)} writes only")


def crash(service):
    service.kill()
    service.start()


def terminate(server):
    for backend in server.backends():
        server.terminate_backend(backend)


def kill_backend(server):
    """PostgreSQL then logs what its process was running."""
    for backend in server.backends()[:1]:
        server.kill_backend(backend)
    server.wait_accepts()


def hold(server, planter):
    """A change that waits for a row until it is given up, which PostgreSQL logs with its statement."""
    known = planter.known.get("incident_id")
    if not known:
        return
    target = known[0]["incident_id"]
    _, headers, _ = planter.service.ask("GET", f"/v1/incidents/{target}")
    session = Session(server)
    session.do(f"BEGIN; SELECT id FROM incident WHERE id = '{target}' FOR UPDATE;")
    try:
        Service.ask(planter.service, "PATCH", f"/v1/incidents/{target}", {"narrative": NAME},
                    {"Content-Type": "application/merge-patch+json", "If-Match": headers["ETag"]})
    finally:
        session.do("ROLLBACK;")
        session.end()


def refuse(planter, service, token):
    """The name where it is refused: as each member of each body, as a member, in paths, queries and headers, and in
    what is no JSON."""
    caller = Caller([service.address])
    for method, template, operation in planter.document.operations:
        path = re.sub(r"{\w+}", lambda _: str(uuid.uuid4()), template)
        kind, schema, _ = planter.document.body(operation)
        if kind:
            members = {name: NAME for name in planter.document.resolve(schema).get("properties", {})}
            headers = {"Content-Type": kind, "If-Match": '"1"', "Idempotency-Key": str(uuid.uuid4())}
            for body in (members, {**members, NAME: NAME}, [NAME], NAME):
                call(caller, service, method, path, token, json.dumps(body).encode(), headers)
            call(caller, service, method, path, token, f'{{"narrative": "{NAME}", {NAME}'.encode(), headers)
        call(caller, service, method, f"{path}?{WORD}={WORD}", token)
        call(caller, service, method, f"{path}/{WORD}", token)
    for header in ("Authorization", "Idempotency-Key", "If-Match", "Accept", "User-Agent", "Cookie", "traceparent",
                   "Content-Type", "Referer", "X-Forwarded-For"):
        call(caller, service, "POST", "/v1/incidents", token, b"{}", {"Idempotency-Key": "k", header: NAME})


def call(caller, service, method, path, token, body=None, headers=None):
    try:
        status, _, _ = caller.call(service.address, method, path, token, body, headers)
    except (OSError, http.client.HTTPException):
        return
    if status >= 500:
        raise Broken(f"{method} {path} was answered with {status}")


def planted(server):
    """The columns of texts in which the name stands; JSON counts as one."""
    columns = server.rows(
        "SELECT c.table_name, c.column_name FROM information_schema.columns AS c JOIN information_schema.tables AS t "
        "USING (table_schema, table_name) WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' "
        "AND c.data_type IN ('text', 'jsonb', 'json', 'ARRAY')")
    union = " UNION ALL ".join(
        f"SELECT '{table}.{column}' WHERE EXISTS (SELECT FROM {table} WHERE {column}::text ILIKE '%{WORD}%')"
        for table, column in columns)
    return {row[0] for row in server.rows(union)}


def judge(stage, planter, metrics, seen, leaves_no_core):
    found = [] if leaves_no_core else ["a process may leave a core"]
    for place in FOLDER.glob("*.log"):
        count = place.read_text(errors="replace").lower().count(WORD.lower())
        if count:
            found.append(f"{count} in {place.name}")
    found += ["in /metrics"] if any(WORD.lower() in text.lower() for text in metrics) else []
    found += [f"in {seen} webhooks"] if seen else []
    cores = [str(core) for place in (FOLDER, pathlib.Path.cwd(), PLACE / "data") for core in place.glob("core*")]
    found += [f"a core was left: {cores}"] if cores else []
    columns = planted(stage.server)
    # What is told to others is made of codes, ids and days.
    found += [f"in {column}" for column in columns if column.split(".")[0] in ("event", "delivery", "delivery_attempt")]
    crashed = [fault for fault in planter.faults if fault[1] >= 500]
    found += [f"answered with 500: {crashed[0]}"] if crashed else []
    if len(columns) < 10:
        found.append(f"the name stands in {len(columns)} columns only: nothing was shown")
    made = made_by(planter)
    stage.result("no name is in logs, metrics, PostgreSQL's log, webhooks or a core", f"{made} writes", "; ".join(found),
                 f"0 of it, which {len(columns)} columns hold; {len(planter.document.operations)} operations refused it")
