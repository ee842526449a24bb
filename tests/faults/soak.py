"""A soak: mixed traffic for long, after which a process is as small as it was when it was warm."""
import http.client
import itertools
import json
import random
import statistics
import threading
import time
import uuid

import fleet
import ledgers
from hostile import has_sanitizer, memory_of
from kills import wait_delivered
from processes import wait_until
from writers import Caller, Load, write_incident

PARTNERSHIP = "soak"
GROWTH_MOST = 1.0  # per cent
WARM = 0.3  # of the time
SAMPLES = 200


class Traffic:
    """Clients that write, change, read, list, search the feed and err, each in its turn."""

    def __init__(self, service, token, threads=4):
        self.service, self.token = service, token
        self.ledger, self.counts = [], [0] * threads
        self.faults = []
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.work, args=(number,), daemon=True) for number in range(threads)]
        for thread in self.threads:
            thread.start()

    def work(self, number):
        dice, caller = random.Random(number), Caller([self.service.address], 60)
        for turn in itertools.count():
            if self.stopping.is_set():
                break
            try:
                self.take_turn(dice, caller, turn)
            except (OSError, http.client.HTTPException) as fault:
                self.faults.append(f"no answer: {fault!r}")
            self.counts[number] += 1
            if turn % 50 == 0:
                # A connection of its own for each some requests.
                caller.close()
                caller = Caller([self.service.address], 60)
            # As many as a service has in a busy hour, and the same over the whole run.
            time.sleep(0.01)
        caller.close()

    def take_turn(self, dice, caller, turn):
        if turn % 10 == 0:
            write_incident(caller, self.token, PARTNERSHIP, self.ledger, 2)
            return
        target = dice.choice(self.ledger[-2000:]).id if self.ledger else str(uuid.uuid4())
        method, path, body, expected = dice.choice((
            ("GET", "/v1/incidents?limit=20", None, 200), ("GET", f"/v1/incidents/{target}", None, None),
            ("GET", "/v1/events?limit=20", None, 200), ("GET", "/v1/deliveries?limit=20", None, 200),
            ("GET", "/v1/deadlines?limit=20", None, 200), ("GET", "/v1/reports/rapid-reviews-by-year", None, 200),
            ("GET", "/v1/events?wait=1&limit=1", None, 200), ("POST", "/v1/incidents", {"nature": "bad"}, 422),
            ("GET", "/v1/incidents?limit=none", None, 400), ("GET", "/v1/nowhere", None, 404)))
        status, _, _ = caller.call(self.service.address, method, path, self.token,
                                   json.dumps(body).encode() if body else None,
                                   {"Idempotency-Key": str(uuid.uuid4())} if body else None)
        if status >= 500 or expected not in (None, status):
            self.faults.append(f"{method} {path} was answered with {status}")

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()


def soak(stage):
    minutes = stage.wanted("minutes", 1, 30)
    stage.database()
    receivers = stage.receivers()
    token = fleet.make_partnership(PARTNERSHIP, receivers, [*fleet.SCOPES, "events:read", "deadlines:read",
                                                            "reports:read"])
    service = stage.service(CSPR_SWEEP_SECONDS="10")
    warm_up(stage, service, receivers, token)
    traffic = Traffic(service, token)
    samples = []
    pause = minutes * 60 / SAMPLES
    for _ in range(SAMPLES):
        time.sleep(pause)
        samples.append((memory_of(service), fleet.descriptors(service.process)))
    traffic.stop()
    wait_delivered(stage.server, 120)
    judge(stage, service, traffic, samples, minutes, receivers)


def warm_up(stage, service, receivers, token):
    """Whatever grows to its limit and is kept, such as connections to receivers, has its limit first."""
    receivers.tell("delay 400 600")
    load = Load([service.address], token, PARTNERSHIP, 24)
    wait_until(lambda: load.acknowledged() >= 600, 120, "a first crowd")
    load.stop()
    receivers.tell("delay 0 10")
    wait_delivered(stage.server, 120)


def judge(stage, service, traffic, samples, minutes, receivers):
    warm = samples[round(WARM * SAMPLES):]
    # The middle of the first and of the last fifth: what comes and goes is no growth.
    fifth = len(warm) // 5
    memory = [statistics.median(sample[0] for sample in part) for part in (warm[:fifth], warm[-fifth:])]
    open_files = [statistics.median(sample[1] for sample in part) for part in (warm[:fifth], warm[-fifth:])]
    growth = 100 * (memory[1] / memory[0] - 1)
    requests = sum(traffic.counts)
    faults = traffic.faults[:3]
    if growth >= GROWTH_MOST and not has_sanitizer(service):
        faults.append(f"memory grew by {growth:.2f} %, from {memory[0] / 2**20:.1f} to {memory[1] / 2**20:.1f} MB")
    if open_files[1] > open_files[0] + 2:
        faults.append(f"descriptors grew from {open_files[0]:.0f} to {open_files[1]:.0f}")
    service.stop()
    stored, made = ledgers.Finding(), ledgers.Finding()
    ledgers.compare_writes(traffic.ledger, stage.server, stored)
    # The first crowd was not written down.
    stored.faults.pop("stored and never asked for", None)
    ledgers.compare_calls(ledgers.read_calls(receivers), stage.server, made)
    faults += [text for text in (stored.text(), made.text()) if text]
    stage.result("after long traffic a process is as small as when it was warm", f"{minutes} min, {requests} requests",
                 "; ".join(faults), f"memory {memory[1] / 2**20:.1f} MB, {growth:+.2f} %; "
                 f"descriptors {open_files[0]:.0f}, then {open_files[1]:.0f}; {len(traffic.ledger)} writes")
