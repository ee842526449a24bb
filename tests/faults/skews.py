"""Clocks that are wrong: two processes whose clocks are moved while they share the work, and one that stands at
the nights on which London's day, hour or year changes."""
import datetime
import http.client
import json
import time
import uuid

import fleet
import ledgers
from board import Board
from kills import wait_delivered
from processes import Broken, wait_until
from writers import Caller, Load, incident

PARTNERSHIP = "clocks"
SECOND, HOUR, DAY = 1_000, 3_600_000, 86_400_000
# What the two clocks are ahead, in turn: within a receiver's tolerance, beyond it, apart, far away.
SKEWS = ((240 * SECOND, -240 * SECOND), (HOUR, -HOUR), (-HOUR, HOUR), (0, -DAY), (400 * DAY, 0), (-400 * DAY, DAY))
# Instants, and the day in London at each. The day after it lies in the future, and no other does.
NIGHTS = (
    ("2026-03-28T23:59:30Z", "2026-03-28"),
    ("2026-03-29T00:59:30Z", "2026-03-29"),  # the last half minute before summer time
    ("2026-03-29T01:00:00Z", "2026-03-29"),
    ("2026-03-29T22:59:30Z", "2026-03-29"),  # the first day of 23 hours ends an hour before UTC's
    ("2026-03-29T23:00:00Z", "2026-03-30"),
    ("2026-07-10T22:59:30Z", "2026-07-10"),
    ("2026-07-10T23:30:00Z", "2026-07-11"),
    ("2026-10-24T23:00:00Z", "2026-10-25"),  # the first second of the day of 25 hours
    ("2026-10-25T00:59:30Z", "2026-10-25"),
    ("2026-10-25T01:00:00Z", "2026-10-25"),
    ("2026-10-25T23:59:30Z", "2026-10-25"),
    ("2026-10-26T00:00:00Z", "2026-10-26"),
    ("2026-12-31T23:59:30Z", "2026-12-31"),
    ("2027-01-01T00:00:00Z", "2027-01-01"),
    ("2028-02-28T23:59:30Z", "2028-02-28"),
    ("2028-02-29T00:00:00Z", "2028-02-29"),
)


def clocks(stage):
    if not stage.debug:
        raise Broken("there is no debug build whose clock can be moved: FAULT_DEBUG_CSPRD is not set")
    stage.database()
    receivers = stage.receivers()
    token = fleet.make_partnership(PARTNERSHIP, receivers)
    nights(stage, token)
    skews(stage, receivers, token)


def open_service(stage, name, **settings):
    board = Board(name)
    return board, stage.service(program=stage.debug, CSPR_FAULT_BOARD=str(board.path), **settings)


# ---- Nights ----

def nights(stage, token):
    """What has happened may not lie in London's future; what is dated today is dated by London's day."""
    board, service = open_service(stage, "nights", CSPR_DISPATCH="off")
    caller = Caller([service.address])
    faults = []
    for instant, today in NIGHTS:
        at = datetime.datetime.fromisoformat(instant.replace("Z", "+00:00"))
        tomorrow = (datetime.date.fromisoformat(today) + datetime.timedelta(days=1)).isoformat()
        # By what it shows, the clock stands at the instant; it goes on, so that the last second is a short one.
        board["clock_ms"] = round((at.timestamp() - time.time()) * 1000)
        faults += judge_night(service, caller, token, instant, today, tomorrow)
    service.stop()
    stage.result("London's day counts at the change of day, hour and year", f"{len(NIGHTS)} instants",
                 "; ".join(faults), "today is taken, tomorrow is refused, what is sent is dated today")


def judge_night(service, caller, token, instant, today, tomorrow):
    """What was answered otherwise than by London's day."""
    def ask(path, content):
        status, _, answer = caller.call(service.address, "POST", path, token, json.dumps(content).encode(),
                                        {"Idempotency-Key": str(uuid.uuid4())})
        return status, answer
    known = {"incident_date": "2026-01-05"}
    status, refused = ask("/v1/incidents", incident("night") | known | {"aware_on": tomorrow})
    codes = [fault["code"] for fault in refused.get("errors", ())]
    if status != 422 or codes != ["date_in_future"]:
        yield f"{instant}: {tomorrow} was answered with {status} {codes}"
    status, made = ask("/v1/incidents", incident("night") | known | {"aware_on": today})
    if status != 201:
        yield f"{instant}: {today} was answered with {status} {made.get('errors')}"
        return
    status, sent = ask(f"/v1/incidents/{made['id']}/notifications", {"kind": "serious_incident", "note": "night"})
    if status != 201 or sent["notified_on"] != today:
        yield f"{instant}: the notification was answered with {status}, dated {sent.get('notified_on')}"


# ---- Skews ----

def skews(stage, receivers, token):
    """Two processes whose clocks are moved forward and back under load, before strict receivers."""
    rounds = stage.wanted("steps", 3, 60)
    receivers.tell("strict")
    receivers.tell("delay 0 20")
    pair = [open_service(stage, name) for name in ("ahead", "behind")]
    load = Load([service.address for _, service in pair], token, PARTNERSHIP, 4)
    faults = []
    for number in range(rounds):
        for (board, _), skew in zip(pair, SKEWS[number % len(SKEWS)]):
            board["clock_ms"] = skew
        enough = load.acknowledged() + 20
        wait_until(lambda enough=enough: load.acknowledged() >= enough, 60, "acknowledged writes between two steps")
        faults += judge_key(token, [service for _, service in pair])
    for board, _ in pair:
        board["clock_ms"] = 0
    ledger = load.stop()
    wait_delivered(stage.server, 300, stage.hurried)
    for _, service in pair:
        service.stop()
    finish(stage, ledger, receivers, rounds, faults)


def judge_key(token, services):
    """One key, asked of both: whatever their clocks say, it has one effect."""
    key = str(uuid.uuid4())
    body = json.dumps(incident("night")).encode()
    told = []
    for service in services:
        try:
            status, headers, answer = Caller([service.address]).call(
                service.address, "POST", "/v1/incidents", token, body, {"Idempotency-Key": key})
        except (OSError, http.client.HTTPException) as fault:
            yield f"a key had no answer: {fault}"
            return
        told.append((status, (answer or {}).get("id"), bool(headers.get("Idempotency-Replayed"))))
    if told[0][:2] != told[1][:2] or told[0][0] != 201 or not told[1][2]:
        yield f"a key was answered with {told}"


def finish(stage, ledger, receivers, rounds, faults):
    stored, made = ledgers.Finding(), ledgers.Finding()
    ledgers.compare_writes(ledger, stage.server, stored)
    # What was asked in the nights and of both was not written down.
    stored.faults.pop("stored and never asked for", None)
    by_id = ledgers.read_calls(receivers)
    ledgers.compare_calls(by_id, stage.server, made)
    extra, _ = ledgers.extra_calls(by_id, [], [], made)
    calls = [call for story in by_id.values() for call in story]
    refused = sum(call.status == 401 for call in calls)
    chains = fleet.chains_verify([PARTNERSHIP])
    if not refused:
        faults.append("no receiver has noticed a wrong clock")
    stage.result("clocks that step: one effect for each key, nothing is lost", f"{rounds} steps",
                 "; ".join([*faults, *chains, *filter(None, (stored.text(),))]),
                 f"{len(ledger)} acknowledged, {rounds} asked of both")
    stage.result("clocks that step: deliveries are made once, one at a time, in order", f"{rounds} steps", made.text(),
                 f"{len(calls)} calls, {refused} refused for their time and made again, {extra} twice")
