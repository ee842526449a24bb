"""What runs out: disk, locks, connections, descriptors. The answer is 503 and never a half effect."""
import collections
import errno
import os
import socket
import subprocess
import threading
import time
import uuid

import fleet
import ledgers
from cluster import PLACE, PROGRAMS, Server
from kills import wait_delivered
from processes import FOLDER, PATIENCE, Broken, run, wait_until
from recovery import Prober
from storm import Storm, request
from writers import UNKNOWN, Caller, Load, incident, write, write_incident

PARTNERSHIP = "limits"
DISK_MEGABYTES = 600


class Session:
    """A psql that keeps a transaction open."""

    def __init__(self, server):
        self.running = subprocess.Popen([PROGRAMS / "psql", "-X", "-q", "-A", "-t", server.url("postgres")],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        text=True)

    def say(self, sql):
        self.running.stdin.write(sql + "\n")
        self.running.stdin.flush()

    def do(self, sql):
        """The same, and waits until it is done."""
        self.say(sql + "\n\\echo done")
        for line in self.running.stdout:
            if line.strip() == "done":
                return
        raise Broken(f"psql ended at: {sql}")

    def end(self):
        self.running.stdin.close()
        self.running.wait(30)


def open_stage(stage, count=1, **settings):
    stage.database()
    receivers = stage.receivers()
    token = fleet.make_partnership(PARTNERSHIP, receivers)
    return receivers, token, [stage.service(**settings) for _ in range(count)]


def judge(stage, ledger, receivers, promise, rounds, measured, faults=(), probes=False):
    stored, calls = ledgers.Finding(), ledgers.Finding()
    ledgers.compare_writes(ledger, stage.server, stored)
    ledgers.compare_calls(ledgers.read_calls(receivers), stage.server, calls)
    if probes:
        stored.faults.pop("stored and never asked for", None)
    chains = fleet.chains_verify([PARTNERSHIP])
    stage.result(promise, rounds, "; ".join([*faults, *chains, *filter(None, (stored.text(), calls.text()))]),
                 measured)


# ---- Locks ----

def locks(stage):
    """Somebody holds a row; then somebody holds it and wants what the service holds."""
    receivers, token, services = open_stage(stage)
    address, ledger, caller = services[0].address, [], Caller([services[0].address])
    write_incident(caller, token, PARTNERSHIP, ledger, 1)
    wait_delivered(stage.server, 60)
    target = ledger[0].id
    path = f"/v1/incidents/{target}"
    _, headers, _ = caller.call(address, "GET", path, token)
    session = Session(stage.server)
    session.do(f"BEGIN; SELECT id FROM incident WHERE id = '{target}' FOR UPDATE;")
    storm = Storm([address], 8)
    began = time.monotonic()
    answers = storm.fire([request("PATCH", path, token, {"media_interest": True}, If_Match=headers["ETag"])] * 8, 60)
    waited = time.monotonic() - began
    session.do("ROLLBACK;")
    told = collections.Counter(answer.status for answer in answers)
    after = storm.fire([request("PATCH", path, token, {"media_interest": True}, If_Match=headers["ETag"])])[0]
    storm.close()
    faults = [] if set(told) == {503} else [f"answered with {dict(told)}"]
    faults += [] if all(answer.headers.get("Retry-After") for answer in answers) else ["no Retry-After"]
    faults += [] if after.status == 200 else [f"afterwards it was {after.status}"]
    stage.result("a row that is held is waited for, then 503 and nothing is changed", "8 writers",
                 "; ".join(faults), f"8 x 503 within {waited:.1f} s, then 200")
    deadlock(stage, token, caller, session, target, ledger)
    session.end()
    wait_delivered(stage.server, 60)
    services[0].stop()
    judge(stage, ledger, receivers, "locks and deadlocks leave no half effect", 2, f"{len(ledger)} acknowledged")


def deadlock(stage, token, caller, session, target, ledger):
    """The service holds its key and waits for the incident; we hold the incident and want its key."""
    key = str(uuid.uuid4())
    path = f"/v1/incidents/{target}/notifications"
    content = {"kind": "update", "changes": "Invented.", "note": key}
    # Whoever looks for the deadlock first gives way: that is to be the service.
    session.do("BEGIN; SET LOCAL deadlock_timeout = '60s'; "
               f"SELECT id FROM incident WHERE id = '{target}' FOR UPDATE;")
    told = []
    asking = threading.Thread(target=lambda: told.append(
        write(caller, token, PARTNERSHIP, "notification", path, content, key, tries=1)))
    asking.start()
    waits = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'cspr-api' AND wait_event_type = 'Lock'"
    wait_until(lambda: stage.server.number(waits) == 1, 30, "a request that waits for the incident")
    session.say("INSERT INTO idempotency (partnership_id, key_id, operation, key, body_sha256) "
                f"SELECT i.partnership_id, k.id, i.operation, '{key}', '' FROM idempotency AS i "
                "JOIN api_key AS k ON k.id = i.key_id WHERE i.operation LIKE '%notifications' LIMIT 1;")
    asking.join()
    session.do("ROLLBACK;")
    ledger.append(write(caller, token, PARTNERSHIP, "notification", path, content, key))
    stage.result("a deadlock is answered with 503 and the same key then succeeds", 1,
                 "" if (told[0].status, told[0].id[:3]) == (UNKNOWN, "503") else f"it was answered {told[0]}",
                 f"{told[0].id}, then {ledger[-1].status}")


# ---- Connections and descriptors ----

def connections(stage):
    """The database takes fewer connections than the service wants; the pool makes do, or says 503."""
    receivers, token, services = open_stage(stage, 2)
    load = Load([service.address for service in services], token, PARTNERSHIP)
    wait_until(lambda: load.acknowledged() > 40, 60, "acknowledged writes")
    stage.server.psql("ALTER ROLE csprd CONNECTION LIMIT 3")
    for backend in stage.server.backends():
        stage.server.terminate_backend(backend)
    time.sleep(2)
    within = load.acknowledged()
    stage.server.psql("ALTER ROLE csprd CONNECTION LIMIT -1")
    began = time.monotonic()
    probers = [Prober(service, token) for service in services]
    seconds = max(prober.seconds_until_success(began) for prober in probers)
    ledger = load.stop()
    wait_delivered(stage.server, 120, stage.hurried)
    for service in services:
        service.stop()
    judge(stage, ledger, receivers, "too few connections: nothing is lost, and it recovers", "3 of 10",
          f"{len(ledger)} acknowledged, {within} by the time of the shortage; back {seconds:.1f} s after it", probes=True)


def descriptors(stage):
    """A process has no descriptor left, because clients hold all of them."""
    stage.database()
    receivers = stage.receivers()
    token = fleet.make_partnership(PARTNERSHIP, receivers)
    # Few threads, each of which has two descriptors: else all that the limit leaves would be theirs.
    service = stage.service(CSPR_CONNECTIONS="4000", CSPR_WORKERS="4")
    run("prlimit", f"--pid={service.process.id}", "--nofile=64:64")
    caller, ledger, held = Caller([service.address], 5), [], []
    write_incident(caller, token, PARTNERSHIP, ledger, 2)
    for _ in range(200):
        try:
            held.append(socket.create_connection(service.address, 0.3))
        except OSError:
            break
    # One that is connected already is still served; its deliveries find no descriptor and are tried again.
    write_incident(caller, token, PARTNERSHIP, ledger, 1)
    full = fleet.descriptors(service.process)
    for connection in held:
        connection.close()
    began = time.monotonic()
    seconds = Prober(service, token).seconds_until_success(began)
    wait_delivered(stage.server, 120)
    service.stop()
    judge(stage, ledger, receivers, "no descriptor left: nothing is lost, and it recovers", f"{len(held)} connections",
          f"{full} of 64 in use; back {seconds:.1f} s after it",
          [] if full >= 60 else [f"only {full} descriptors were in use"], probes=True)


# ---- Disk ----

def may_mount(place):
    place.mkdir()
    if os.geteuid() != 0:
        return False
    return subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MEGABYTES}m,mode=0755", "none", place],
                          capture_output=True, check=False).returncode == 0


def disk(stage):
    """PostgreSQL's disk is full, its write-ahead log with it."""
    place = FOLDER / f"disk-{uuid.uuid4().hex[:8]}"
    if not may_mount(place):
        stage.skip("a full disk: 503, nothing acknowledged is lost", "no tmpfs may be mounted here")
        return
    stage.ends.append(lambda: run("umount", "-l", place))
    stage.database()
    stage.server.stop()
    run("cp", "-a", PLACE / "data", place / "data")
    stage.server = Server("disk", place / "data", PLACE / "socket")
    stage.ends.append(stage.server.stop)
    stage.server.start("-c", "max_wal_size=64MB", "-c", "min_wal_size=32MB", "-c", "wal_recycle=off")
    receivers = stage.receivers()
    token = fleet.make_partnership(PARTNERSHIP, receivers)
    services = [stage.service() for _ in range(2)]
    load = Load([service.address for service in services], token, PARTNERSHIP)
    wait_until(lambda: load.acknowledged() > 100, 60, "acknowledged writes")
    ballast = place / "ballast"
    fill(ballast)
    told = refused(services, token)
    time.sleep(1 if stage.short else 10)
    ballast.unlink()
    began = time.monotonic()
    ended = not stage.server.process.alive()
    if ended:
        stage.server.start()
    probers = [Prober(service, token) for service in services]
    seconds = max(prober.seconds_until_success(began) for prober in probers)
    ledger = load.stop()
    wait_delivered(stage.server, 180, stage.hurried)
    for service in services:
        service.stop()
    judge(stage, ledger, receivers, "a full disk: 503, nothing acknowledged is lost", 1,
          f"{len(ledger)} acknowledged; PostgreSQL {'ended' if ended else 'went on'}; back {seconds:.1f} s after it",
          [f"answered with {dict(told)}"] if set(told) - {201, 503, 0} else [], probes=True)


def fill(ballast):
    block = bytes(1 << 16)
    with open(ballast, "wb", buffering=0) as file:
        while True:
            try:
                file.write(block)
            except OSError as full:
                if full.errno != errno.ENOSPC:
                    raise
                if len(block) == 1:
                    return
                block = block[:len(block) // 2]


def refused(services, token):
    """What writes are answered until enough of them were refused; 0 is no answer."""
    told = collections.Counter()
    caller = Caller([service.address for service in services], 20)
    until = time.monotonic() + PATIENCE
    while told[503] < 5:
        if time.monotonic() > until:
            raise Broken(f"a full disk was not noticed: {dict(told)}")
        key = str(uuid.uuid4())
        content = incident(key) | {"narrative": "Invented: " + "full " * 600}
        entry = write(caller, token, PARTNERSHIP, "incident", "/v1/incidents", content, key, tries=1)
        said = entry.id if entry.status == UNKNOWN else entry.status
        told[int(said[:3]) if said[:3].isdigit() else 0] += 1
    return told
