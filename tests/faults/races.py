"""Who asks for the same at the same moment: one effect for a key, one winner of a race."""
import collections
import uuid

import fleet
from storm import Storm, request
from writers import incident

ACTORS = 64
SERVICES = 4


def open_fleet(stage, scopes=None):
    stage.database()
    token = fleet.make_partnership("races", None, scopes)
    services = [stage.service(CSPR_DISPATCH="off") for _ in range(SERVICES)]
    return token, services, [service.address for service in services]


def close_fleet(stage, services):
    for service in services:
        service.stop()
    return "; ".join(fleet.chains_verify(["races"]))


def idempotency(stage):
    """64 clients, each with every key, at the same moment and over all processes."""
    keys = stage.wanted("keys", 15, 1_000)
    token, services, addresses = open_fleet(stage)
    storm = Storm(addresses, ACTORS)
    told = collections.Counter()
    faults = []
    for _ in range(keys):
        key = str(uuid.uuid4())
        ids = set()
        for answer in storm.fire([request("POST", "/v1/incidents", token, incident(key), Idempotency_Key=key)] * ACTORS):
            if answer.status == 201:
                ids.add(answer.content["id"])
                told["replays" if answer.headers.get("Idempotency-Replayed") else "first answers"] += 1
            elif (answer.status, answer.content.get("code")) == (409, "idempotency-in-progress"):
                told["409 while it ran"] += 1
            else:
                faults.append(f"{key} was answered with {answer.status}: {answer.content}")
        other = storm.fire([request("POST", "/v1/incidents", token, incident(f"not {key}"), Idempotency_Key=key)])[0]
        if other.status != 422 or other.content["code"] != "idempotency-mismatch":
            faults.append(f"another body under {key} was answered with {other.status}")
        rows = stage.server.rows(f"SELECT id FROM incident WHERE narrative LIKE '%{key}'")
        if len(rows) != 1 or ids - {rows[0][0]}:
            faults.append(f"{key} has {len(rows)} rows and was told as {len(ids)}")
    storm.close()
    total = stage.server.number("SELECT count(*) FROM incident")
    if total != keys:
        faults.append(f"{total} incidents of {keys} keys")
    if told["first answers"] > keys:
        faults.append(f"{told['first answers']} first answers to {keys} keys")
    chains = close_fleet(stage, services)
    stage.result("one effect for each Idempotency-Key", f"{ACTORS} clients x {keys} keys, {SERVICES} processes",
                 "; ".join(faults[:3]) + chains, f"{keys} rows; " + ", ".join(f"{count} {what}" for what, count in told.items()))


def races(stage):
    """A transition for which 64 ask with the same ETag; then two editors on one ETag."""
    rounds = stage.wanted("rounds", 40, 10_000)
    token, services, addresses = open_fleet(stage, fleet.SCOPES + ["incidents:decide"])
    storm = Storm(addresses, ACTORS)
    key = str(uuid.uuid4())
    made = storm.fire([request("POST", "/v1/incidents", token, incident(key), Idempotency_Key=key)])[0]
    path = f"/v1/incidents/{made.content['id']}"
    faults = []
    told = collections.Counter()
    tag = made.headers["ETag"]
    steps = [{"to": "withdrawn", "reason": "Invented.", "agreed_by": "delegated safeguarding partners"},
             {"to": "reopened", "reason": "Invented."}]
    for number in range(rounds):
        bids = [request("POST", path + "/transitions", token, steps[number % 2], If_Match=tag)] * ACTORS
        answers = storm.fire(bids)
        told.update(answer.status for answer in answers)
        winners = [answer for answer in answers if answer.status == 200]
        if len(winners) != 1 or any(answer.status not in (200, 409, 412, 503) for answer in answers):
            faults.append(f"round {number}: {collections.Counter(answer.status for answer in answers)}")
        if not winners:
            break
        tag = winners[0].headers["ETag"]
    stepped = stage.server.number("SELECT count(*) FROM transition WHERE subject_id = '" + made.content["id"] + "'")
    if stepped != rounds:
        faults.append(f"{stepped} steps are kept of {rounds} rounds")
    stage.result("a race for a transition has one winner", f"{rounds} x {ACTORS}", "; ".join(faults[:3]),
                 ", ".join(f"{count} x {status}" for status, count in sorted(told.items())))
    editors(stage, storm, token, path, rounds)
    storm.close()
    chains = close_fleet(stage, services)
    stage.result("audit chains verify after races", rounds, chains, "1 chain")


def editors(stage, storm, token, path, rounds):
    faults = []
    tag = storm.fire([request("GET", path, token)])[0].headers["ETag"]
    for number in range(rounds):
        edits = [request("PATCH", path, token, {"narrative": f"Invented: {number} {editor}"}, If_Match=tag)
                 for editor in range(2)]
        answers = storm.fire(edits)
        if sorted(answer.status for answer in answers) != [200, 412]:
            faults.append(f"round {number}: {[answer.status for answer in answers]}")
            break
        tag = next(answer.headers["ETag"] for answer in answers if answer.status == 200)
    stage.result("two editors on one ETag: one 200, one 412", rounds, "; ".join(faults), f"{rounds} x 200 and 412")
