"""Plays faults and compares the ledgers: `./dev faults [--short] [--json] [SCENARIO …]` calls this.

Prints a table of promise, rounds and result; ends with 1 when a promise is broken.
"""
import argparse
import json
import os
import random
import signal
import sys
import time

import canaries
import crashes
import fleet
import hostile
import kills
import limits
import memory
import outages
import races
import recovery
import skews
import soak
import standby
from cluster import Server
from processes import FOLDER, Broken

SCENARIOS = {
    "kills": kills.kills,
    "idempotency": races.idempotency,
    "races": races.races,
    "crashes": crashes.crash_points,
    "memory": memory.memory,
    "clocks": skews.clocks,
    "hostile": hostile.hostile,
    "canaries": canaries.canaries,
    "recovery": recovery.back_by_itself,
    "restarts": recovery.restarts,
    "standby": standby.standby,
    "outage": outages.three_days,
    "poison": outages.poison,
    "locks": limits.locks,
    "connections": limits.connections,
    "descriptors": limits.descriptors,
    "disk": limits.disk,
    "soak": soak.soak,
}
# Long by nature: not part of the short pass unless it is asked for.
LONG_ONLY = {"soak"}

# What can be played so often, instead of as often as the length of the run says.
ROUNDS = ("notifications", "kills", "keys", "rounds", "returns", "crashes", "shortages", "steps", "idle", "slow", "floods", "forms", "canaries", "minutes", "restarts", "failovers", "backlog",
          "poisoned")


class Stage:
    """What a scenario plays on: a server with a fresh database, services and receivers, ended after it."""

    def __init__(self, arguments, name, results):
        self.short, self.seed = arguments.short, arguments.seed
        self.arguments = arguments
        self.debug = os.environ.get("FAULT_DEBUG_CSPRD")
        self.name, self.results = name, results
        self.server = None
        self.services = []
        self.ends = []

    def database(self, *options):
        """The server, with a copy of the migrated database."""
        self.server = Server()
        # What an earlier scenario has set, such as a standby that is no more, would hold up the first statement.
        # The time of each commit is kept because the ledgers are compared with it.
        (self.server.data / "postgresql.auto.conf").write_text("track_commit_timestamp = on\n")
        self.server.start(*options)
        self.ends.append(self.server.stop)
        os.environ["CSPR_MIGRATION_URL"] = self.server.url("cspr_owner")
        self.server.psql("DROP DATABASE IF EXISTS cspr WITH (FORCE)", database="postgres")
        self.server.psql("CREATE DATABASE cspr OWNER cspr_owner TEMPLATE cspr_template", database="postgres")
        return self.server

    def receivers(self):
        receivers = fleet.Receivers()
        self.ends.append(receivers.stop)
        return receivers

    def service(self, url=None, program=None, dies=False, **settings):
        service = fleet.Service(url or self.server.url("csprd"), program, dies, **settings)
        self.ends.append(service.end)
        self.services.append(service)
        return service

    @property
    def hurried(self):
        """Whose orphaned claims need not be waited for: the short run ends their leases."""
        return self.services if self.short else None

    def wanted(self, name, short, long):
        """How many rounds: as said on the command line, or by the length of the run."""
        said = getattr(self.arguments, name, None)
        if said is not None:
            return said
        return short if self.short else long

    def note(self, text):
        print(f"  {self.name}: {text}", file=sys.stderr, flush=True)

    def result(self, promise, rounds, fault, measured):
        """A line of the table; a fault's text breaks the promise."""
        self.results.append({"scenario": self.name, "promise": promise, "rounds": str(rounds),
                             "held": not fault, "result": " ".join((fault or measured).split())})

    def skip(self, promise, why):
        """Nothing is said of the promise, and loudly so."""
        self.note(f"!!! skipped: {why}")
        self.results.append({"scenario": self.name, "promise": promise, "rounds": "0", "held": None, "result": why})

    def end(self):
        for end in reversed(self.ends):
            try:
                end()
            except Broken as fault:
                self.result("ends as it should", 1, str(fault), "")


def play(name, arguments, results):
    stage = Stage(arguments, name, results)
    began = time.monotonic()
    print(f"{name} …", file=sys.stderr, flush=True)
    try:
        SCENARIOS[name](stage)
    except Broken as fault:
        stage.result("plays to its end", 1, str(fault), "")
    finally:
        stage.end()
    print(f"{name}: {time.monotonic() - began:.1f} s", file=sys.stderr, flush=True)


def show(results, as_json):
    if as_json:
        for result in results:
            print(json.dumps(result))
        return
    width = max((len(result["promise"]) for result in results), default=0)
    rounds = max((len(result["rounds"]) for result in results), default=0)
    for result in results:
        held = {True: "held", False: "BROKEN", None: "SKIPPED"}[result["held"]]
        print(f"{result['promise']:<{width}}  {result['rounds']:>{rounds}}  {held:<7}  {result['result']}")


def main():
    parser = argparse.ArgumentParser(prog="./dev faults")
    parser.add_argument("--short", action="store_true", help="the pass within ./dev test")
    parser.add_argument("--json", action="store_true", help="one object a line")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    for name in ROUNDS:
        parser.add_argument(f"--{name}", type=int, metavar="N")
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=" ".join(SCENARIOS))
    arguments = parser.parse_args()
    unknown = set(arguments.scenarios) - set(SCENARIOS)
    if unknown:
        parser.error(f"no such scenario: {' '.join(unknown)}; there are {' '.join(SCENARIOS)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    results = []
    usual = [name for name in SCENARIOS if name not in LONG_ONLY or not arguments.short]
    for name in arguments.scenarios or usual:
        play(name, arguments, results)
    show(results, arguments.json)
    with open(FOLDER / "output", "w", encoding="utf-8") as file:
        for number, result in enumerate(results, 1):
            verdict = "not ok" if result["held"] is False else "ok"
            skipped = " # SKIP" if result["held"] is None else ""
            file.write(f"{verdict} {number} - {result['scenario']}: {result['promise']}{skipped}\n")
    sys.exit(0 if results and all(result["held"] is not False for result in results) else 1)


if __name__ == "__main__":
    main()
