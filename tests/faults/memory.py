"""Memory that is not there, at each allocation of a story: the request is refused with 503 or the process ends
and is started again; what was acknowledged is there, whole, and is delivered."""
import collections
import http.client
import json
import os
import pathlib
import signal
import time
import uuid

import fleet
import ledgers
from board import Board
from kills import end_leases, microseconds
from processes import Broken, wait_until
from writers import Caller, Entry, hash_of, incident

PARTNERSHIP = "memory"
# What may be said while memory is short: done, or come back.
SAID = {201, 503, "cut off"}
# How often a story asks before it is broken.
TRIES = 20


class Story:
    """One process that is short of memory now and then, its client, and what both went through."""

    def __init__(self, stage, receivers, token):
        self.stage, self.receivers, self.token = stage, receivers, token
        self.board = Board(PARTNERSHIP)
        self.service = stage.service(program=stage.debug, CSPR_FAULT_BOARD=str(self.board.path))
        self.caller = Caller([self.service.address], 30)
        self.ledger, self.told = [], collections.Counter()
        self.moments, self.deaths = [], 0

    def heal(self):
        """Starts the process again if it has died, and says whether it had. Nobody else holds a claim, so
        that its leases may be ended."""
        if self.service.process.alive():
            return False
        status = self.service.process.wait(30)
        if status != -signal.SIGABRT:
            raise Broken(f"short of memory the process ended with {status}: "
                         f"{self.service.process.log.read_text(errors='replace')[-600:]}")
        self.deaths += 1
        self.board.fail_no_more()
        self.end_leases()
        self.service.start()
        return True

    def end_leases(self):
        end_leases(self.stage.server, self.receivers)
        self.moments.append(microseconds())

    def ask(self, what, path, make):
        """A write that is asked again until it is answered; its id."""
        key = str(uuid.uuid4())
        content = make(key)
        body = json.dumps(content).encode()
        began = time.time()
        for asked in range(1, TRIES + 1):
            try:
                status, _, answer = self.caller.call(self.service.address, "POST", path, self.token, body,
                                                     {"Idempotency-Key": key})
            except (OSError, http.client.HTTPException):
                status, answer = "cut off", None
            in_progress = status == 409 and (answer or {}).get("code") == "idempotency-in-progress"
            if not in_progress:
                self.told[status] += 1
            if status == 201:
                self.ledger.append(Entry(what, PARTNERSHIP, key, hash_of(body), "201", answer["id"], asked, began,
                                         time.time()))
                return answer["id"]
            if status not in SAID and not in_progress:
                raise Broken(f"short of memory a write was answered with {status}: {answer}")
            if status == "cut off":
                wait_until(self.has_settled, 30, "a death or the next answer")
                self.heal()
            else:
                time.sleep(0.02)
        raise Broken(f"{what} had no answer after {TRIES} tries: {dict(self.told)}")

    def has_settled(self):
        """Whether a connection that was cut off was so by a death, or the process goes on."""
        if not self.service.process.alive():
            return True
        try:
            status, _, _ = Caller([self.service.address], 5).call(self.service.address, "GET", "/live", self.token)
            return status == 200
        except (OSError, http.client.HTTPException):
            return False

    def play(self):
        """An incident, its notification, the three deliveries of each; and that it can be read."""
        number = self.ask("incident", "/v1/incidents", incident)
        self.ask("notification", f"/v1/incidents/{number}/notifications",
                 lambda key: {"kind": "serious_incident", "note": key})
        self.wait_delivered()
        try:
            status, _, _ = self.caller.call(self.service.address, "GET", f"/v1/incidents/{number}", self.token)
        except (OSError, http.client.HTTPException):
            status = "cut off"
        if status not in (200, 503, "cut off"):
            raise Broken(f"short of memory a read was answered with {status}")
        if status == "cut off":
            wait_until(self.has_settled, 30, "a death or the next answer")
        self.heal()

    def wait_delivered(self):
        """A settlement that was lost for want of memory leaves its claim to its lease, which is not waited for."""
        def open_deliveries():
            return self.stage.server.number("SELECT count(*) FROM delivery WHERE state = 'pending'")
        until = time.monotonic() + 60
        patience = time.monotonic() + 2
        while open_deliveries():
            if time.monotonic() > until:
                raise Broken(f"{open_deliveries()} deliveries are open a minute after memory was short")
            if self.heal():
                continue
            if time.monotonic() > patience:
                self.end_leases()
                patience = time.monotonic() + 2
            time.sleep(0.01)


def memory(stage):
    if not stage.debug:
        raise Broken("there is no debug build that can be short of memory: FAULT_DEBUG_CSPRD is not set")
    stage.database()
    receivers = stage.receivers()
    story = Story(stage, receivers, fleet.make_partnership(PARTNERSHIP, receivers))
    board = story.board
    # The first fills what is kept from then on; the second shows how many there are.
    story.play()
    before = board["allocations"]
    story.play()
    length = board["allocations"] - before
    rounds = stage.wanted("shortages", 6, min(length, 1200))
    faults = []
    for number in range(rounds):
        # Spread over the story, elsewhere with each seed; every fourth time many fail together.
        at = 1 + (number * length + stage.seed % length) // rounds % length
        story.board.fail(at, 40 if number % 4 == 3 else 1)
        story.moments.append(microseconds())
        try:
            story.play()
        except Broken as fault:
            raise Broken(f"allocation {at} of {length}: {fault}") from fault
        finally:
            board.fail_no_more()
            story.moments.append(microseconds())
    failed = board["failed"]
    if failed < rounds // 2:
        faults.append(f"only {failed} allocations failed")
    finish(stage, story, receivers, rounds, length, faults)
    judge_release(stage)


def judge_release(stage):
    """What a debug build does to itself, a release has not; ./dev test has no release to look at."""
    release = pathlib.Path(os.environ["CSPRD"])
    if release == pathlib.Path(stage.debug):
        return
    content = release.read_bytes()
    found = [word for word in (b"CSPR_FAULT_BOARD", b"CSPR_CRASH_AT") if word in content]
    stage.result("a release has neither crash points nor a fault board", 1,
                 f"it has {found}" if found else "", "neither")


def finish(stage, story, receivers, rounds, length, faults):
    story.service.stop()
    stored, made, again = ledgers.Finding(), ledgers.Finding(), ledgers.Finding()
    ledgers.compare_writes(story.ledger, stage.server, stored)
    by_id = ledgers.read_calls(receivers)
    ledgers.compare_calls(by_id, stage.server, made)
    extra, _ = ledgers.extra_calls(by_id, story.moments, [], again)
    chains = fleet.chains_verify([PARTNERSHIP])
    stage.result("short of memory: 503 or a new process, and nothing acknowledged is lost or half there",
                 f"{rounds} of {length}", "; ".join([*faults, *chains, *filter(None, (stored.text(),))]),
                 f"{len(story.ledger)} acknowledged, {story.told[503]} x 503, {story.deaths} deaths")
    stage.result("short of memory: deliveries stay one at a time, in order, signed", f"{rounds} of {length}",
                 "; ".join(filter(None, (made.text(), again.text()))),
                 f"{sum(map(len, by_id.values()))} calls, {extra} of them again")
