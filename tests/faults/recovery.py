"""Back by itself: how long until the first success after each kind of fault, and rolling restarts."""
import hashlib
import http.client
import json
import socket
import statistics
import threading
import time

import fleet
import ledgers
from kills import wait_delivered
from processes import Broken, wait_until
from storm import parse, request
from writers import UNKNOWN, Caller, Entry, incident, write, write_incident

PARTNERSHIP = "recovery"


def open_stage(stage, count):
    stage.database()
    receivers = stage.receivers()
    token = fleet.make_partnership(PARTNERSHIP, receivers)
    return receivers, token, [stage.service() for _ in range(count)]


class Prober:
    """Reads and writes at one service, again and again."""

    def __init__(self, service, token):
        self.caller, self.service, self.token = Caller([service.address], 5), service, token

    def succeeds(self):
        try:
            status, _, _ = self.caller.call(self.service.address, "GET", "/v1/incidents?limit=1", self.token)
            if status != 200:
                return False
            return self.writes()
        except (OSError, http.client.HTTPException):
            return False

    def writes(self):
        key = f"probe-{time.monotonic_ns()}"
        entry = write(self.caller, self.token, PARTNERSHIP, "incident", "/v1/incidents", incident(key), key, tries=1)
        return entry.status == "201"

    def seconds_until_success(self, since):
        wait_until(self.succeeds, 60, "a success")
        return time.monotonic() - since


def back_by_itself(stage):
    rounds = stage.wanted("returns", 3, 20)
    receivers, token, services = open_stage(stage, 2)
    service = services[0]
    prober = Prober(service, token)
    wait_until(prober.succeeds, 30, "a success before any fault")
    server = stage.server

    def kill_backends():
        for backend in server.backends():
            server.terminate_backend(backend)
        return time.monotonic()

    def kill_backend_hard():
        server.kill_backend(server.backends()[0])
        return server.wait_accepts()

    def kill_postmaster():
        server.kill_postmaster()
        server.begin()
        return server.wait_accepts()

    def restart():
        service.kill()
        began = time.monotonic()
        service.begin()
        return began

    for name, fault, limit in (
            ("first success after every backend was ended", kill_backends, 1),
            ("first success after a backend was killed and PostgreSQL accepts again", kill_backend_hard, 5),
            ("first success after the postmaster was killed and PostgreSQL accepts again", kill_postmaster, 5),
            ("first success after a process was killed and started again", restart, 1)):
        measured = sorted(prober.seconds_until_success(fault()) for _ in range(rounds))
        slow = not stage.short and measured[-1] > limit
        text = f"median {statistics.median(measured):.2f} s, most {measured[-1]:.2f} s (at most {limit} s)"
        stage.result(name, rounds, text if slow else "", text)
    take_over(stage, receivers, token, services)
    for service in services:
        service.stop()


def take_over(stage, receivers, token, services):
    """A process that dies in the middle of its calls: who takes them over, and when."""
    receivers.tell("delay 3000 4000")
    server, caller = stage.server, Caller([services[1].address])
    ledger = []
    write_incident(caller, token, PARTNERSHIP, ledger, 1)
    wait_until(lambda: receivers.counts()[1] >= 3, 30, "calls in hand")
    for service in services:
        service.kill()
    died = time.monotonic()
    for service in services:
        service.start()
    receivers.tell("delay 0 10")
    open_now = "SELECT count(*) FROM delivery WHERE state = 'pending'"
    if server.number(open_now) == 0:
        raise Broken("no claim was orphaned")
    latest = server.number("SELECT ceil(max(extract(epoch FROM due_at - now()))) FROM delivery WHERE state = 'pending'")
    if stage.short:
        wait_delivered(server, 120, services)
        stage.result("an orphaned claim is taken over", 1, "" if latest <= 45 else f"its lease ends in {latest} s",
                     f"the lease had {latest} s left (at most 45 s)")
        return
    wait_until(lambda: server.number(open_now) == 0, 120, "the end of orphaned claims")
    seconds = time.monotonic() - died
    stage.result("an orphaned claim is taken over", 1, "" if seconds <= 45 else f"after {seconds:.1f} s",
                 f"after {seconds:.1f} s (at most 45 s)")


def restarts(stage):
    """SIGTERM to one process after the other while clients write; nothing that was accepted goes without an answer."""
    rounds = stage.wanted("restarts", 4, 40)
    receivers, token, services = open_stage(stage, 4)
    receivers.tell("delay 0 30")
    failed, stopping, ledger = [], threading.Event(), []
    lock = threading.Lock()

    def client():
        while not stopping.is_set():
            for service in services:
                ask(service.address)

    def ask(address):
        entry = ask_once(address, token)
        if entry:
            with lock:
                (ledger if entry.status == "201" else failed).append(entry)

    clients = [threading.Thread(target=client, daemon=True) for _ in range(6)]
    for thread in clients:
        thread.start()
    longest = 0
    for number in range(rounds):
        service = services[number % len(services)]
        began = time.monotonic()
        service.stop()
        longest = max(longest, time.monotonic() - began)
        service.start()
        enough = len(ledger) + 40
        wait_until(lambda: len(ledger) + len(failed) >= enough, 60, "requests between two restarts")
    stopping.set()
    for thread in clients:
        thread.join()
    wait_delivered(stage.server, 120)
    for service in services:
        service.stop()
    finding, calls = ledgers.Finding(), ledgers.Finding()
    ledgers.compare_writes(ledger, stage.server, finding)
    by_id = ledgers.read_calls(receivers)
    ledgers.compare_calls(by_id, stage.server, calls)
    extra, _ = ledgers.extra_calls(by_id, [], [], calls)
    text = "; ".join(str(entry) for entry in failed[:2])
    stage.result("a rolling restart fails no request", f"{rounds} restarts", f"{len(failed)} failed: {text}" if failed else finding.text(),
                 f"{len(ledger)} requests, 0 failed; the longest end took {longest:.1f} s")
    stage.result("a rolling restart makes no delivery twice", f"{rounds} restarts", calls.text(), f"{extra} extra deliveries")


def ask_once(address, token):
    """One request on a connection of its own, without a second try; None where no connection was had, and
    whoever balances the load would go to another. A process that ends closes connections on which nothing
    was asked, so a client that was slow to ask says nothing."""
    key = f"once-{time.monotonic_ns()}-{threading.get_ident()}"
    content = incident(key)
    began = time.time()
    try:
        client = socket.create_connection(address, 30)
    except OSError:
        return None
    with client:
        status, told = UNKNOWN, "cut off"
        try:
            client.sendall(request("POST", "/v1/incidents", token, content, Idempotency_Key=key))
            slow = time.time() - began > 0.3
            received = b""
            answer = None
            while not answer:
                some = client.recv(65536)
                if not some:
                    break
                received += some
                answer = parse(received)
            if answer:
                status, told = str(answer.status), (answer.content or {}).get("id", "")
        except OSError as fault:
            slow, told = time.time() - began > 0.3, repr(fault)
    if status == UNKNOWN and slow:
        return None
    hashed = hashlib.sha256(json.dumps(content).encode()).hexdigest()
    return Entry("incident", PARTNERSHIP, key, hashed, status, told, 1, began, time.time())
