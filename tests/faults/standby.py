"""A streaming standby takes over: nothing acknowledged is lost when commits wait for it, and what is lost
when they do not is counted."""
import collections
import os
import signal
import time

import fleet
import ledgers
from kills import wait_delivered
from processes import wait_until
from recovery import Prober
from writers import Load

PARTNERSHIP = "standby"
PORTS = (5432, 5433)


class Pair:
    """A primary and its standby, which change places."""

    def __init__(self, stage, synchronous):
        self.synchronous = synchronous
        self.stage = stage
        self.turn = 0
        self.primary = stage.database()
        self.standby = None
        self.url = (f"postgresql://csprd@/cspr?host={self.primary.socket},{self.primary.socket}"
                    f"&port={PORTS[0]},{PORTS[1]}&target_session_attrs=read-write")

    def make_standby(self):
        self.turn += 1
        self.standby = self.primary.clone(f"standby-{self.turn % 2}", PORTS[self.turn % 2])
        self.stage.ends.append(self.standby.stop)
        if self.synchronous:
            self.primary.demand_standby()

    def stall(self):
        """The standby receives nothing more, as over a network that has failed."""
        receivers = self.standby.named("walreceiver")
        for number in receivers:
            os.kill(number, signal.SIGSTOP)
        return receivers

    def fail_over(self, stalled_seconds):
        """The primary dies, and the standby becomes it; when it accepted statements."""
        stalled = self.stall() if stalled_seconds else []
        time.sleep(stalled_seconds)
        self.primary.die()
        for number in stalled:
            os.kill(number, signal.SIGCONT)
        accepted = self.standby.promote()
        self.primary = self.stage.server = self.standby
        return accepted


def standby(stage):
    rounds = stage.wanted("failovers", 1, 50)
    synchronous(stage, rounds)
    stage.end()
    stage.ends = []
    asynchronous(stage, 1 if stage.short else 5)


def open_pair(stage, synchronous_):
    pair = Pair(stage, synchronous_)
    receivers = stage.receivers()
    token = fleet.make_partnership(PARTNERSHIP, receivers)
    services = [stage.service(pair.url) for _ in range(2)]
    load = Load([service.address for service in services], token, PARTNERSHIP)
    return pair, receivers, services, load, [Prober(service, token) for service in services]


def play_rounds(pair, load, probers, rounds, stalls):
    """The seconds until each service had a success, of all rounds."""
    seconds = []
    for number in range(rounds):
        pair.make_standby()
        enough = load.acknowledged() + 40
        wait_until(lambda: load.acknowledged() >= enough, 60, "acknowledged writes")
        accepted = pair.fail_over(stalls[number % len(stalls)])
        seconds += [prober.seconds_until_success(accepted) for prober in probers]
    return seconds


def finish(stage, pair, receivers, services, load):
    ledger = load.stop()
    os.environ["CSPR_MIGRATION_URL"] = pair.primary.url("cspr_owner")
    wait_delivered(stage.server, 180, stage.hurried)
    for service in services:
        service.stop()
    stored, calls = ledgers.Finding(), ledgers.Finding()
    ledgers.compare_writes(ledger, stage.server, stored)
    ledgers.compare_calls(ledgers.read_calls(receivers), stage.server, calls)
    return ledger, stored, calls


def synchronous(stage, rounds):
    pair, receivers, services, load, probers = open_pair(stage, True)
    # A standby that stalls holds up what is to be acknowledged, and a failover then must not lose it.
    seconds = play_rounds(pair, load, probers, rounds, (0.7, 0))
    ledger, stored, calls = finish(stage, pair, receivers, services, load)
    # The probes were not written down.
    stored.faults.pop("stored and never asked for", None)
    chains = "; ".join(fleet.chains_verify([PARTNERSHIP]))
    stage.result("synchronous standby: no acknowledged write is missing", f"{rounds} failovers",
                 stored.text() + chains, f"{len(ledger)} acknowledged, 0 missing")
    stage.result("synchronous standby: deliveries stay one at a time, in order, signed", f"{rounds} failovers",
                 calls.text(), "as they should")
    slow = max(seconds) > 5 and not stage.short
    text = f"most {max(seconds):.2f} s (at most 5 s)"
    stage.result("first success after a promotion", f"{rounds} failovers", text if slow else "", text)


def asynchronous(stage, rounds):
    pair, receivers, services, load, probers = open_pair(stage, False)
    play_rounds(pair, load, probers, rounds, (0.7,))
    ledger, stored, calls = finish(stage, pair, receivers, services, load)
    lost = stored.faults.pop("acknowledged and lost", 0)
    for allowed in ("stored and never asked for", "kept under a key with another body", "answered with 404"):
        stored.faults.pop(allowed, None)
    calls.faults = collections.Counter({what: count for what, count in calls.faults.items()
                                        if what in ("without a valid signature", "in two hands at once")})
    stage.result("asynchronous standby: a loss is possible, and counted", f"{rounds} failovers",
                 "; ".join(text for text in (stored.text(), calls.text()) if text),
                 f"{lost} of {len(ledger)} acknowledged writes are missing")
