"""Receivers that are away for days, and events that a receiver cannot digest."""
import time

import fleet
import ledgers
from kills import wait_delivered
from processes import wait_until
from writers import Caller, Writers, write, write_incident

PARTNERSHIP = "outage"


def open_stage(stage, services):
    stage.database()
    receivers = stage.receivers()
    token = fleet.make_partnership(PARTNERSHIP, receivers)
    return receivers, token, [stage.service() for _ in range(services)]


def write_all(stage, services, token, count):
    writers = Writers([service.address for service in services], [(token, PARTNERSHIP)], count, 1)
    return writers.ledger()


def judge(stage, ledger, receivers, promise, rounds, measured, extra_allowed=False):
    finding = ledgers.Finding()
    ledgers.compare_writes(ledger, stage.server, finding)
    by_id = ledgers.read_calls(receivers)
    ledgers.compare_calls(by_id, stage.server, finding)
    if not extra_allowed:
        ledgers.extra_calls(by_id, [], [], finding)
    stage.result(promise, rounds, finding.text(), measured)


def three_days(stage):
    """No receiver answers for 72 hours; the clock of the queue is moved instead of waiting."""
    count = stage.wanted("backlog", 300, 5_000)
    receivers, token, services = open_stage(stage, 2)
    receivers.stop()
    ledger = write_all(stage, services, token, count)
    tried = "SELECT count(*) FROM delivery WHERE attempts > 0"
    wait_until(lambda: stage.server.number(tried) > 0, 60, "an attempt that fails")
    for service in services:
        service.stop()
    stage.server.psql(
        "UPDATE event SET created_at = created_at - interval '72 hours'; "
        "UPDATE delivery SET created_at = created_at - interval '72 hours', due_at = due_at - interval '72 hours'; "
        "UPDATE delivery_attempt SET started_at = started_at - interval '72 hours'")
    receivers.start()
    for service in services:
        service.start()
    began = time.monotonic()
    wait_delivered(stage.server, 600)
    seconds = time.monotonic() - began
    for service in services:
        service.stop()
    judge(stage, ledger, receivers, "72 h without receivers, then all of it in order", f"{count} x 3",
          f"caught up in {seconds:.1f} s, nothing made twice")


def poison(stage):
    """One event that a receiver answers with 500, then one on which it hangs, among good ones."""
    count = stage.wanted("poisoned", 100, 2_000)
    receivers, token, services = open_stage(stage, 2)
    ledger = []
    caller = Caller([service.address for service in services])
    for status, name in ((500, "is answered with 500"), (0, "is never answered")):
        # What is poisoned is known by its incident, which stands in every event of it.
        write_incident(caller, token, PARTNERSHIP, ledger, 1)
        sick = ledger[-2].id
        wait_delivered(stage.server, 60)
        receivers.tell(f"poison {status} {sick}")
        path = f"/v1/incidents/{sick}/notifications"
        for number in range(3):
            key = f"sick-{status}-{number}"
            ledger.append(write(caller, token, PARTNERSHIP, "notification", path,
                                {"kind": "update", "changes": "Invented.", "note": key}, key))
        began = time.monotonic()
        ledger += write_all(stage, services, token, count)
        good = f"SELECT count(*) FROM delivery WHERE state = 'pending' AND incident_id <> '{sick}'"
        wait_until(lambda: stage.server.number(good) == 0, 120, "the good ones while one event is sick")
        seconds = time.monotonic() - began
        late = stage.server.number(
            f"SELECT count(*) FROM delivery WHERE incident_id = '{sick}' AND state <> 'delivered'")
        receivers.tell("cure")
        stage.result(f"an event that {name} holds up its own incident only", f"{count} x 3",
                     "" if late == 9 else f"{late} of 9 deliveries are open", f"the others took {seconds:.1f} s")
        # Its calls are cut off by their timeout; the next try is not waited for.
        for service in services:
            service.kill()
            service.start()
        wait_delivered(stage.server, 180, services)
    for service in services:
        service.stop()
    judge(stage, ledger, receivers, "what was sick is delivered in order once it is cured", f"{2 * count} x 3",
          "all delivered", extra_allowed=True)
