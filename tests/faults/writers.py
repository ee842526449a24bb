"""The clients: many at once, each with a ledger of what it asked and what it was told.

A writer asks until it is answered. What came without an answer, or with one that says that nothing
is known (408, 429, 5xx, 409 while the first is at work), is asked again with the same key, perhaps of
another process.
"""
import collections
import hashlib
import http.client
import json
import multiprocessing
import random
import threading
import time
import uuid

from processes import FOLDER, Broken

UNKNOWN = "unknown"
DEADLINE = 180  # seconds until a writer gives a request up as unknown
Entry = collections.namedtuple("Entry", "what partnership key body_hash status id asked began ended")
CHANGES = 4  # updates that follow the first notification of an incident


class Caller:
    """Connections to all services, one at a time each; not shared between threads."""

    def __init__(self, addresses, timeout=20):
        self.addresses = list(addresses)
        self.connections = {}
        self.timeout = timeout

    def call(self, address, method, path, token, body=None, headers=None):
        """Status, headers and JSON of one request; OSError or HTTPException without an answer."""
        connection = self.connections.get(address)
        if connection is None:
            connection = self.connections[address] = http.client.HTTPConnection(*address, timeout=self.timeout)
        words = {"Authorization": f"Bearer {token}", **(headers or {})}
        if body is not None:
            words.setdefault("Content-Type", "application/json")
        try:
            connection.request(method, path, body, words)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            raise
        is_json = "json" in answer.getheader("Content-Type", "")
        return answer.status, answer.headers, json.loads(content) if is_json else None

    def any(self):
        return random.choice(self.addresses)

    def close(self):
        for connection in self.connections.values():
            connection.close()


def code_of(content):
    return (content or {}).get("code", "")


def hash_of(body):
    return hashlib.sha256(body).hexdigest()


def says_nothing(status, content):
    """Whether the outcome is open although there was an answer."""
    return status in (408, 429) or status >= 500 or code_of(content) == "idempotency-in-progress"


def write(caller, token, partnership, what, path, content, key=None, tries=None):
    """Asks until it is answered, or so many times; the entry of the ledger."""
    key = key or str(uuid.uuid4())
    body = json.dumps(content).encode()
    hashed = hash_of(body)
    began = time.time()
    asked = 0
    last = ""
    while time.time() < began + DEADLINE and asked != tries:
        asked += 1
        try:
            status, _, answer = caller.call(caller.any(), "POST", path, token, body, {"Idempotency-Key": key})
        except (OSError, http.client.HTTPException) as fault:
            last = repr(fault)
            time.sleep(0.01)
            continue
        if says_nothing(status, answer):
            last = f"{status} {code_of(answer)}"
            time.sleep(0.02)
            continue
        return Entry(what, partnership, key, hashed, str(status), (answer or {}).get("id", code_of(answer)),
                     asked, began, time.time())
    return Entry(what, partnership, key, hashed, UNKNOWN, last, asked, began, time.time())


def incident(key):
    return {"incident_date": "2024-01-06", "aware_on": "2024-01-08", "nature": "serious_harm",
            "abuse_neglect_status": "suspected", "narrative": f"Invented: {key}",
            "children": [{"index_child": True, "role": "victim", "nature": "serious_harm", "age_years": 0}]}


def write_incident(caller, token, partnership, ledger, count):
    """An incident with its notification and so many updates as make the count; how many there were."""
    key = str(uuid.uuid4())
    first = write(caller, token, partnership, "incident", "/v1/incidents", incident(key), key)
    ledger.append(first)
    if first.status != "201":
        return 0
    path = f"/v1/incidents/{first.id}/notifications"
    for number in range(count):
        key = str(uuid.uuid4())
        content = {"kind": "update", "changes": f"Invented: {number}", "note": key} if number else \
                  {"kind": "serious_incident", "note": key}
        ledger.append(write(caller, token, partnership, "notification", path, content, key))
    return count


def write_share(addresses, callers, share, progress, name):
    """One process: so many threads, together so many notifications; the ledger goes to a file."""
    ledger = []
    left = [share]
    lock = threading.Lock()

    def work(number):
        caller = Caller(addresses)
        token, partnership = callers[number % len(callers)]
        while True:
            with lock:
                count = min(left[0], 1 + CHANGES)
                left[0] -= count
            if count == 0:
                break
            write_incident(caller, token, partnership, ledger, count)
            with progress.get_lock():
                progress.value += count
        caller.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (FOLDER / name).write_text("".join("\t".join(str(cell) for cell in entry) + "\n" for entry in ledger))


class Writers:
    """Processes of writers that share a number of notifications."""

    def __init__(self, addresses, callers, notifications, processes=2):
        self.progress = multiprocessing.Value("q", 0)
        self.names = [f"written-{uuid.uuid4()}" for _ in range(processes)]
        self.running = []
        for number, name in enumerate(self.names):
            share = notifications // processes + (number < notifications % processes)
            turned = callers[number:] + callers[:number]
            self.running.append(multiprocessing.Process(
                target=write_share, args=(addresses, turned, share, self.progress, name), daemon=True))
            self.running[-1].start()

    def done(self):
        return not any(writer.is_alive() for writer in self.running)

    def ledger(self):
        """What all of them wrote down, after their end."""
        entries = []
        for writer, name in zip(self.running, self.names):
            writer.join()
            if writer.exitcode != 0:
                raise Broken(f"a writer ended with {writer.exitcode}")
            for line in (FOLDER / name).read_text().splitlines():
                entry = Entry(*line.split("\t"))
                entries.append(entry._replace(asked=int(entry.asked), began=float(entry.began),
                                              ended=float(entry.ended)))
        return entries


class Load:
    """Threads that write incidents with their notification until they are told to stop."""

    def __init__(self, addresses, token, partnership, threads=6):
        self.addresses, self.token, self.partnership = addresses, token, partnership
        self.ledger = []
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.work, daemon=True) for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def work(self):
        caller = Caller(self.addresses)
        while not self.stopping.is_set():
            write_incident(caller, self.token, self.partnership, self.ledger, 1)
        caller.close()

    def acknowledged(self):
        return sum(entry.status == "201" for entry in list(self.ledger))

    def stop(self):
        """The ledger."""
        self.stopping.set()
        for thread in self.threads:
            thread.join()
        return self.ledger
