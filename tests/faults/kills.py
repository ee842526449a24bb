"""Kills: four processes on one database, and everything that can be killed is, while clients write."""
import random
import threading
import time

import fleet
import ledgers
from processes import Broken, wait_until
from writers import Writers

PARTNERSHIPS = 4
SERVICES = 4


def microseconds():
    return time.time_ns() // 1000


class Killer(threading.Thread):
    """Kills as the work goes on, so that the kills are spread over the whole of it."""

    def __init__(self, server, services, writers, notifications, count, dice):
        super().__init__(daemon=True)
        self.server, self.services, self.writers = server, services, writers
        self.steps = [notifications * (number + 0.5) / count for number in range(count)]
        # The kinds in turn, the order within a round by chance.
        kinds = [self.kill_service, self.terminate_backend, self.kill_service, self.kill_backend,
                 self.kill_service, self.kill_postmaster, self.terminate_backend]
        self.plan = []
        while len(self.plan) < count:
            self.plan += dice.sample(kinds, len(kinds))
        self.dice = dice
        self.deaths = []  # of services, in microseconds
        self.outages = []  # of the database: begin and end
        self.done = {}
        self.fault = None

    def kill_service(self):
        service = self.dice.choice(self.services)
        service.kill()
        # Now, because on a busy machine the signal comes some calls later than the wish for it.
        self.deaths.append(microseconds())
        service.start()

    def backend(self):
        """A backend of the service, busy ones as likely as idle ones."""
        return wait_until(lambda: self.server.accepts() and self.server.backends(), 30, "a backend to kill")

    def terminate_backend(self):
        self.server.terminate_backend(self.dice.choice(self.backend()))

    def kill_backend(self):
        self.server.kill_backend(self.dice.choice(self.backend()))
        self.server.wait_accepts()

    def kill_postmaster(self):
        self.server.kill_postmaster()
        self.server.start()
        self.server.wait_accepts()

    def run(self):
        try:
            for step, kill in zip(self.steps, self.plan):
                while self.writers.progress.value < step and not self.writers.done():
                    time.sleep(0.002)
                began = microseconds()
                kill()
                if kill != self.kill_service:  # pylint: disable=comparison-with-callable
                    self.outages.append((began, microseconds()))
                self.done[kill.__name__] = self.done.get(kill.__name__, 0) + 1
        except Exception as fault:  # pylint: disable=broad-except
            self.fault = fault


def end_orphaned_claims(server, services):
    """Ends the leases of processes that died: a run that is short does not wait for them. What was claimed before
    everybody alive had nothing in hand is held by nobody. By a snapshot, as a list of names grows beyond what a
    command line takes."""
    snapshot = server.rows("SELECT pg_current_snapshot()")[0][0]
    for service in services:
        wait_until(service.has_nothing_in_hand, 120, f"{service.name} has no delivery in hand")
    server.psql("UPDATE delivery SET due_at = now() WHERE state = 'pending' AND due_at > now() AND "
                f"pg_visible_in_snapshot(xmin::text::xid8, '{snapshot}'); NOTIFY cspr_delivery")


def end_leases(server, receivers):
    """The same where no process is alive that delivers: nobody can be at work."""
    wait_until(lambda: receivers.counts()[1] == 0, 30, "the end of the calls in hand")
    server.psql("UPDATE delivery SET due_at = now() WHERE state = 'pending' AND due_at > now(); NOTIFY cspr_delivery")


def wait_delivered(server, seconds, services=None):
    """With the services of the scenario orphaned claims are not waited for."""
    def open_deliveries():
        return server.number("SELECT count(*) FROM delivery WHERE state = 'pending'")
    until = time.monotonic() + seconds
    while open_deliveries():
        if time.monotonic() > until:
            raise Broken(f"{open_deliveries()} deliveries are still open after {seconds} s")
        if services is not None:
            end_orphaned_claims(server, services)
        time.sleep(0.3)


def kills(stage):
    notifications = stage.wanted("notifications", 2_000, 100_000)
    count = stage.wanted("kills", 20, 200)
    dice = random.Random(stage.seed)
    stage.database()
    receivers = stage.receivers()
    receivers.tell("delay 0 12")
    slugs = [f"kills-{number}" for number in range(PARTNERSHIPS)]
    callers = [(fleet.make_partnership(slug, receivers), slug) for slug in slugs]
    services = [stage.service() for _ in range(SERVICES)]
    began = time.monotonic()
    writers = Writers([service.address for service in services], callers, notifications)
    killer = Killer(stage.server, services, writers, notifications, count, dice)
    killer.start()
    ledger = writers.ledger()
    killer.join()
    if killer.fault:
        raise killer.fault
    written = time.monotonic()
    wait_delivered(stage.server, 120 if stage.short else 600, stage.hurried)
    delivered = time.monotonic()
    for service in services:
        service.stop()
    stored, made, again, beside = (ledgers.Finding() for _ in range(4))
    ledgers.compare_writes(ledger, stage.server, stored)
    by_id = ledgers.read_calls(receivers)
    ledgers.compare_calls(by_id, stage.server, made)
    extra, in_flight = ledgers.extra_calls(by_id, killer.deaths, killer.outages, again,
                                           ledgers.read_settlings(by_id, stage.server))
    called_again, logged = ledgers.compare_lives(services, beside)
    broken_chains = fleet.chains_verify(slugs)
    clean = stage.server.is_clean()
    asked_again = sum(entry.asked > 1 for entry in ledger)
    stage.note(f"kills: {killer.done}; {len(ledger)} writes in {written - began:.0f} s, {asked_again} of them asked "
               f"again; all delivered {delivered - written:.0f} s later; seed {stage.seed}")
    rounds = f"{notifications} x 3, {sum(killer.done.values())} kills"
    stage.result("nothing acknowledged is lost, nothing is stored twice", rounds, stored.text(),
                 f"{len(ledger)} acknowledged, 0 lost, 0 twice")
    stage.result("no delivery in two hands at once; in order; signed", rounds, made.text(),
                 f"{sum(len(calls) for calls in by_id.values())} calls")
    stage.result("extra deliveries only of what was in flight", rounds, again.text(),
                 f"{extra} extra, {in_flight} in flight")
    stage.result("nobody calls again what a process that lives has delivered", rounds, beside.text(),
                 f"{called_again} of {logged} calls in the logs, all of processes that had died")
    stage.result("audit chains verify", rounds, "; ".join(broken_chains), f"{len(slugs)} chains")
    stage.result("PostgreSQL has no fault of its own", rounds, "" if clean else stage.server.log_end(), "no panic")
