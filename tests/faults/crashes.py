"""Crash points: a debug build kills itself where a promise is made, and another process finishes its work."""
import http.client
import json
import signal
import uuid

import fleet
import ledgers
from kills import end_leases, microseconds, wait_delivered
from processes import Broken, wait_until
from writers import Caller, incident, says_nothing, write, write_incident

PARTNERSHIP = "crashes"
# Each with whether the write is kept, or None where it may be.
OF_REQUESTS = {"before_commit": False, "in_commit": None, "after_commit_before_answer": True}
# Each with the calls that its process makes at the most before it dies.
OF_DELIVERIES = {"after_claim": 0, "before_settle": 1, "after_settle": 1}


def expect_death(service, point):
    status = service.process.wait(30)
    if status != -signal.SIGKILL:
        raise Broken(f"{point}: the process ended with {status}")


def ask_the_dying(service, token, key):
    """The request during which it dies."""
    body = json.dumps(incident(key)).encode()
    try:
        status, _, _ = Caller([service.address]).call(service.address, "POST", "/v1/incidents", token, body,
                                                      {"Idempotency-Key": key})
    except (OSError, http.client.HTTPException):
        return
    raise Broken(f"the dying process has answered with {status}")


def ask_until_known(caller, heir, token, key):
    """The answer to the same request, once the server has noticed that the first asker is dead."""
    body = json.dumps(incident(key)).encode()

    def asked():
        answer = caller.call(heir.address, "POST", "/v1/incidents", token, body, {"Idempotency-Key": key})
        return None if says_nothing(answer[0], answer[2]) else answer
    return wait_until(asked, 30, "an answer other than that it still runs")


def crash_points(stage):
    rounds = stage.wanted("crashes", 1, 5)
    if not stage.debug:
        raise Broken("there is no debug build that can crash: FAULT_DEBUG_CSPRD is not set")
    stage.database()
    receivers = stage.receivers()
    receivers.tell("delay 0 5")
    token = fleet.make_partnership(PARTNERSHIP, receivers)
    ledger = []
    request_points(stage, token, rounds, ledger)
    delivery_points(stage, receivers, token, rounds, ledger)
    end_leases(stage.server, receivers)
    heir = stage.service()
    wait_delivered(stage.server, 120)
    heir.stop()
    stored, made = ledgers.Finding(), ledgers.Finding()
    ledgers.compare_writes(ledger, stage.server, stored)
    by_id = ledgers.read_calls(receivers)
    ledgers.compare_calls(by_id, stage.server, made)
    chains = "; ".join(fleet.chains_verify([PARTNERSHIP]))
    stage.result("after crashes nothing is lost, twice, unsigned or out of order",
                 rounds * (len(OF_REQUESTS) + len(OF_DELIVERIES)),
                 "; ".join(text for text in (stored.text(), made.text(), chains) if text),
                 f"{len(ledger)} acknowledged, {sum(map(len, by_id.values()))} calls")


def request_points(stage, token, rounds, ledger):
    heir = stage.service(CSPR_DISPATCH="off")
    for point, kept in OF_REQUESTS.items():
        faults, seen = [], 0
        for _ in range(rounds):
            before = stage.server.number("SELECT count(*) FROM incident")
            key = str(uuid.uuid4())
            dying = stage.service(program=stage.debug, CSPR_DISPATCH="off", CSPR_CRASH_AT=point)
            ask_the_dying(dying, token, key)
            expect_death(dying, point)
            caller = Caller([heir.address])
            again = [ask_until_known(caller, heir, token, key) for _ in range(2)]
            faults += judge_repetition(stage, point, kept, key, before, again)
            seen += bool(again[0][1].get("Idempotency-Replayed"))
            ledger.append(write(caller, token, PARTNERSHIP, "incident", "/v1/incidents", incident(key), key))
        stage.result(f"a crash {point.replace('_', ' ')} of a request has one effect for its key", rounds,
                     "; ".join(faults), f"{seen} were kept, {rounds - seen} made anew")
    heir.stop()


def judge_repetition(stage, point, kept, key, before, again):
    """What is wrong with the two answers to the same request after the crash."""
    (first, first_headers, made), (second, second_headers, repeated) = again
    replayed = bool(first_headers.get("Idempotency-Replayed"))
    if (first, second) != (201, 201) or made["id"] != repeated["id"] or not second_headers.get("Idempotency-Replayed"):
        yield f"{key} was answered with {first} and {second}"
    if kept is not None and replayed != kept:
        yield f"{point}: replayed is {replayed}"
    if stage.server.number("SELECT count(*) FROM incident") != before + 1:
        yield f"{key} has more or less than one row"


def delivery_points(stage, receivers, token, rounds, ledger):
    front = stage.service(CSPR_DISPATCH="off")
    caller = Caller([front.address])
    for point, most in OF_DELIVERIES.items():
        faults, extra = ledgers.Finding(), 0
        for _ in range(rounds):
            first = len(ledger)
            write_incident(caller, token, PARTNERSHIP, ledger, 1)
            dying = stage.service(program=stage.debug, dies=True, CSPR_CRASH_AT=point)
            expect_death(dying, point)
            died = microseconds()
            end_leases(stage.server, receivers)
            heir = stage.service()
            wait_delivered(stage.server, 60)
            heir.stop()
            calls = deliveries_of(stage, receivers, ledger[first].id)
            ledgers.extra_calls(calls, [died], [], faults)
            extra += sum(len(made) - 1 for made in calls.values())
            if any(sum(call.began < died for call in made) > most for made in calls.values()):
                faults.fault("made too often before the crash", point)
        if most == 0 and extra:
            faults.fault("made twice, and not at all before the crash", point)
        stage.result(f"a crash {point.replace('_', ' ')} leaves the delivery to another process", rounds,
                     faults.text(), f"{extra} extra deliveries")
    front.stop()


def deliveries_of(stage, receivers, incident_id):
    known = {row[0] for row in stage.server.rows(f"SELECT id FROM delivery WHERE incident_id = '{incident_id}'")}
    return {name: calls for name, calls in ledgers.read_calls(receivers).items() if name in known}
