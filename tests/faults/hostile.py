"""Clients that mean harm, before a service that answers others meanwhile: connections held open, slow ones,
floods, and requests that two parsers would read in two ways, bent by chance."""
import collections
import concurrent.futures
import pathlib
import random
import re
import resource
import selectors
import socket
import statistics
import threading
import time
import uuid

import fleet
from processes import Broken, wait_until
from recovery import Prober
from storm import request
from writers import Caller, incident, write_incident

PARTNERSHIP = "hostile"
MEMORY_MOST = 150 << 20
STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
AT_ONCE = 64
SMUGGLED = "Invented: smuggled"


def hostile(stage):
    stage.database()
    token = fleet.make_partnership(PARTNERSHIP, None)
    idle(stage, token)
    slow(stage, token)
    floods(stage, token)
    smuggling(stage, token)


def memory_of(service):
    text = pathlib.Path(f"/proc/{service.process.id}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", text)[1]) << 10


def has_sanitizer(service):
    """A build with sanitizers keeps what was freed, so that its memory says nothing."""
    return "libasan" in pathlib.Path(f"/proc/{service.process.id}/maps").read_text()


def judge_memory(service):
    """What is wrong with its memory, and how much it is."""
    used = memory_of(service)
    text = f"{used >> 20} MB"
    return ([f"it has {text}"] if used > MEMORY_MOST and not has_sanitizer(service) else []), text


class Others:
    """Good clients beside the hostile ones; each must be answered, and how long that took is written down."""

    def __init__(self, service, token, threads=2):
        self.service, self.token = service, token
        self.seconds, self.faults = [], []
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.work, daemon=True) for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def work(self):
        caller, ledger = Caller([self.service.address], 30), []
        while not self.stopping.is_set():
            began = time.monotonic()
            try:
                status, _, _ = caller.call(self.service.address, "GET", "/v1/incidents?limit=1", self.token)
                if status != 200:
                    self.faults.append(f"a good client was answered with {status}")
            except OSError as fault:
                self.faults.append(f"a good client had no answer: {fault!r}")
            self.seconds.append(time.monotonic() - began)
            if len(self.seconds) % 10 == 0:
                write_incident(caller, self.token, PARTNERSHIP, ledger, 0)
                self.faults += [f"a good write was answered with {entry.status}" for entry in ledger
                                if entry.status != "201"]
                ledger.clear()
        caller.close()

    def gather(self, count):
        """The 99th percentile of the next so many, in milliseconds."""
        first = len(self.seconds)
        wait_until(lambda: len(self.seconds) >= first + count, 120, "the answers of good clients")
        return 1000 * statistics.quantiles(self.seconds[first:], n=100)[98]

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()
        return self.faults[:3]


# ---- Connections that are held ----

def idle(stage, token):
    count = stage.wanted("idle", 1_000, 10_000)
    allow_descriptors(count + 200)
    service = stage.service(CSPR_IDLE_SECONDS="600", CSPR_DISPATCH="off")
    others = Others(service, token)
    samples = 40 if stage.short else 2_000
    before = others.gather(samples)
    held = [socket.create_connection(service.address, 30) for _ in range(count)]
    # Each has been served once, so that it has whatever a connection has.
    for client in held:
        client.sendall(b"GET /live HTTP/1.1\r\nHost: a\r\n\r\n")
    served = sum(client.recv(4096).startswith(b"HTTP/1.1 200") for client in held)
    within = others.gather(samples)
    faults, used = judge_memory(service)
    faults += others.stop()
    faults += [] if served == count else [f"only {served} of {count} were served"]
    if not stage.short and within > 2 * before and within > 10:
        faults.append(f"p99 is {within:.1f} ms, it was {before:.1f} ms")
    for client in held:
        client.close()
    service.stop()
    stage.result("idle connections cost little, and others are answered", f"{count} idle", "; ".join(faults),
                 f"{used}; p99 {within:.1f} ms, {before:.1f} ms without them")


def allow_descriptors(count):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        if hard != resource.RLIM_INFINITY and hard < count:
            raise Broken(f"only {hard} descriptors are allowed here, {count} are needed")
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


# ---- Slow clients ----

def slow(stage, token):
    """Headers and bodies that come a byte at a time, silence, and answers that nobody reads."""
    each = stage.wanted("slow", 20, 400)
    allow_descriptors(8 * each)
    service = stage.service(CSPR_REQUEST_SECONDS="2", CSPR_IDLE_SECONDS="2", CSPR_DISPATCH="off")
    caller, ledger = Caller([service.address]), []
    for _ in range(20):
        write_incident(caller, token, PARTNERSHIP, ledger, 0)
    head = f"POST /v1/incidents HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n".encode()
    kinds = {
        "says nothing": (b"", b""),
        "dribbles its headers": (head, b"X-Slow: " + b"a" * 4000),
        "dribbles its body": (head + b"Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n", b"{" * 4000),
        "dribbles a chunk": (head + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
                             b"1;" + b"x" * 4000),
        "does not read": (request("GET", "/v1/incidents?limit=100", token) * 60, b""),
    }
    others = Others(service, token)
    clients = {}
    for kind, (first, rest) in kinds.items():
        for _ in range(each):
            client = socket.socket()
            if kind == "does not read":
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            client.connect(service.address)
            client.sendall(first)
            client.setblocking(False)
            clients[client] = (kind, iter(rest))
    left, statuses = dribble(clients, 15)
    faults, used = judge_memory(service)
    faults += others.stop()
    faults += [f"{number} that {kind} are still there after 15 s" for kind, number in left.items()]
    faults += [f"answered with {status}" for status in statuses if status >= 500]
    p99 = 1000 * statistics.quantiles(others.seconds, n=100)[98]
    service.stop()
    stage.result("slow clients are cut off, and others are answered", f"{len(kinds)} x {each}", "; ".join(faults),
                 f"{used}; all gone, told {dict(statuses)}; p99 of others {p99:.1f} ms")


def dribble(clients, seconds):
    """Sends a byte each now and then until all were cut off; how many were not, by kind, and what was told."""
    until = time.monotonic() + seconds
    statuses = collections.Counter()
    while clients and time.monotonic() < until:
        for client in list(clients):
            kind, rest = clients[client]
            if not step(client, kind, rest, statuses):
                client.close()
                del clients[client]
        time.sleep(0.05)
    left = collections.Counter(kind for kind, _ in clients.values())
    for client in clients:
        client.close()
    return left, statuses


def step(client, kind, rest, statuses):
    """One more byte; whether the connection is still there."""
    try:
        byte = next(rest, None)
        if byte is not None:
            client.send(bytes([byte]))
        elif kind == "does not read":
            # Only looks whether it was cut off, without making room.
            return client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0 and not was_cut_off(client)
        if kind == "does not read":
            return True
        told = client.recv(4096)
        if not told:
            return False
        statuses.update(int(status) for status in STATUS.findall(told))
        return True
    except (BlockingIOError, InterruptedError):
        return True
    except OSError:
        return False


def was_cut_off(client):
    poll = selectors.select.poll()
    poll.register(client, selectors.select.POLLHUP | selectors.select.POLLRDHUP | selectors.select.POLLERR)
    return bool(poll.poll(0))


# ---- Floods ----

def floods(stage, token):
    """Large bodies of many clients, without a key and with one; a flood of members, and of depth."""
    clients = stage.wanted("floods", 1, 64)
    size = (2 if stage.short else 15) << 20
    service = stage.service(CSPR_BODY_BYTES=str(max(size, 3 << 20) + 1024), CSPR_DISPATCH="off")
    members = b"{" + b",".join(b'"k%d":1' % number for number in range(250_000)) + b"}"
    long = b"{" + b",".join(b'"%s%d":1' % (b"k" * 200, number) for number in range(size // 210)) + b"}"
    bodies = {"250,000 keys": members, "long keys": long, "brackets": b"[" * 1_000_000,
              "a long text": b'{"narrative":"' + b"a" * size + b'"}', "numbers": b"[" + b"1," * (size // 2) + b"1]"}
    others = Others(service, token)
    faults, longest, statuses = [], 0.0, collections.Counter()
    for number, (name, body) in enumerate(bodies.items()):
        # With a good key and without one; the short run takes turns.
        for key in (token, "x" * 40) if not stage.short else ((token, "x" * 40)[number % 2],):
            began = time.monotonic()
            told = flood(service, key, body, clients)
            longest = max(longest, time.monotonic() - began)
            statuses.update(told)
            if any(status and not 400 <= status < 500 for status in told):
                faults.append(f"{name}: answered with {dict(told)}")
    seconds = Prober(service, token).seconds_until_success(time.monotonic())
    bad, used = judge_memory(service)
    faults += others.stop()
    service.stop()
    stage.result("floods of bodies, keys and depth are refused, and others are answered",
                 f"{len(bodies)} x {1 if stage.short else 2} x {clients}", "; ".join(faults),
                 f"{dict(statuses)}; {used} afterwards{' (too much)' if bad else ''}; the longest took "
                 f"{longest:.1f} s; next success after {seconds:.2f} s")


def flood(service, key, body, clients):
    """What so many clients were told at the same time; 0 is a closed connection."""
    told = collections.Counter()

    def ask():
        content = (f"POST /v1/incidents HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\n"
                   f"Content-Type: application/json\r\nIdempotency-Key: {uuid.uuid4()}\r\n"
                   f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body
        told.update(tell(service.address, content, 60) or [0])
    threads = [threading.Thread(target=ask, daemon=True) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


def tell(address, content, seconds=20):
    """Sends this and no more; the statuses of all answers until the connection is closed."""
    received = b""
    with socket.create_connection(address, seconds) as client:
        try:
            client.sendall(content)
            client.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        try:
            while some := client.recv(65536):
                received += some
        except ConnectionError:
            pass
        except TimeoutError as late:
            raise Broken(f"neither an answer nor an end within {seconds} s: {content[:300]!r}") from late
    return [int(status) for status in STATUS.findall(received)]


# ---- Requests that two parsers read in two ways ----

def smuggling(stage, token):
    """Each form hides a second request, which is whole and has a good key, and which must never be served."""
    rounds = stage.wanted("forms", 60, 20_000)
    service = stage.service(CSPR_DISPATCH="off", CSPR_REQUEST_SECONDS="1", CSPR_IDLE_SECONDS="1")
    caller, ledger = Caller([service.address]), []
    inner = request("POST", "/v1/incidents", token, incident("smuggled"), Idempotency_Key=str(uuid.uuid4()))
    served = request("POST", "/v1/incidents", token, incident("served"), Idempotency_Key=str(uuid.uuid4()))
    if tell(service.address, served + served) != [201, 201]:
        raise Broken("two requests on one connection are not answered: the forms would show nothing")
    faults, statuses = [], collections.Counter()
    known = list(forms(token, inner))
    dice = random.Random(stage.seed)
    bent = [bend(dice, token, inner) for _ in range(rounds)]
    # Many at a time: what is kept open is waited for until it is cut off.
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        of_known = list(pool.map(lambda form: tell(service.address, form[1]), known))
        of_bent = list(pool.map(lambda content: tell(service.address, content), bent))
    for (name, _), told in zip(known, of_known):
        # libmicrohttpd sends the head of a 400 of its own twice before it closes.
        if any(status not in CLEAN for status in told):
            faults.append(f"{name}: answered with {told}")
    for content, told in zip(bent, of_bent):
        if any(status >= 500 and status not in CLEAN for status in told):
            faults.append(f"seed {stage.seed}: answered with {told} for {content[:400]!r}")
    for told in of_known + of_bent:
        statuses.update(told or [0])
    smuggled = stage.server.number(f"SELECT count(*) FROM incident WHERE narrative = '{SMUGGLED}'")
    if smuggled:
        faults.append(f"{smuggled} requests were smuggled")
    write_incident(caller, token, PARTNERSHIP, ledger, 0)
    faults += [] if ledger[0].status == "201" else [f"afterwards a write was answered with {ledger[0].status}"]
    service.stop()
    faults += fleet.chains_verify([PARTNERSHIP])
    stage.result("what two parsers read in two ways is refused; nothing is smuggled",
                 f"{len(known)} forms, {rounds} bent", "; ".join(faults[:5]),
                 f"{dict(sorted(statuses.items()))}, 0 smuggled")


# What may be said: 4xx, and by libmicrohttpd that it does not speak this version of HTTP, or this coding.
CLEAN = {*range(400, 500), 501, 505}


def forms(token, inner):
    """Names of forms, with the bytes. Whoever reads them by RFC 9112 refuses them, or takes the second request for
    the body of the first."""
    head = f"POST /v1/incidents HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nIdempotency-Key: k\r\n".encode()
    size = len(inner)
    chunk = b"%x\r\n" % size + inner + b"\r\n0\r\n\r\n"
    for name, fields, body in (
            ("CL and TE", b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n" % (size + 5), b"0\r\n\r\n" + inner),
            ("TE and CL", b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", chunk),
            ("two CL", b"Content-Length: 0\r\nContent-Length: %d\r\n" % size, inner),
            ("two CL in one", b"Content-Length: 0, %d\r\n" % size, inner),
            ("CL with a plus", b"Content-Length: +%d\r\n" % size, inner),
            ("CL in hex", b"Content-Length: 0x0\r\n", inner),
            ("CL of two words", b"Content-Length: 0 %d\r\n" % size, inner),
            ("CL below nought", b"Content-Length: -1\r\n", inner),
            ("CL that wraps", b"Content-Length: 18446744073709551616\r\n", inner),
            ("space before the colon of CL", b"Content-Length : %d\r\n" % size, inner),
            ("space before the colon of TE", b"Transfer-Encoding : chunked\r\n", b"0\r\n\r\n" + inner),
            ("TE folded", b"Transfer-Encoding:\r\n chunked\r\n", b"0\r\n\r\n" + inner),
            ("CL folded", b"Content-Length:\r\n %d\r\n" % size, inner),
            ("a field folded into TE", b"X: a\r\n\tTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n"[:-2], inner),
            ("TE after a bare LF", b"X: a\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n", chunk),
            ("TE after a bare CR", b"X: a\rTransfer-Encoding: chunked\r\n", b"0\r\n\r\n" + inner),
            ("TE twice", b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", b"0\r\n\r\n" + inner),
            ("TE with a vertical tab", b"Transfer-Encoding: \x0bchunked\r\n", b"0\r\n\r\n" + inner),
            ("TE of an x", b"Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n" + inner),
            ("TE in quotes", b"Transfer-Encoding: \"chunked\"\r\n", b"0\r\n\r\n" + inner),
            ("NUL in a name", b"Content-Length\x00: 0\r\n", inner),
            ("NUL after CL", b"Content-Length: %d\x000\r\n" % size, inner),
            ("a field without a colon", b"Content-Length\r\n", inner),
            ("a field without a name", b": 0\r\nContent-Length: %d\r\n" % size, inner),
            ("a chunk below nought", b"Transfer-Encoding: chunked\r\n", b"-1\r\n" + inner),
            ("a chunk in 0x", b"Transfer-Encoding: chunked\r\n", b"0x0\r\n\r\n" + inner),
            ("a chunk that wraps", b"Transfer-Encoding: chunked\r\n", b"10000000000000000\r\n\r\n" + inner),
            ("a chunk without its end", b"Transfer-Encoding: chunked\r\n", b"1\r\naXX0\r\n\r\n" + inner),
            ("a chunk's size after a space", b"Transfer-Encoding: chunked\r\n", b" 0\r\n\r\n" + inner),
    ):
        yield name, head + fields + b"\r\n" + body
    yield "HTTP/1.0 with TE", head.replace(b"HTTP/1.1", b"HTTP/1.0") + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + inner
    yield "two hosts", head.replace(b"Host: a", b"Host: a\r\nHost: b") + b"Content-Length: 0\r\n\r\n" + inner
    yield "no host", head.replace(b"Host: a\r\n", b"") + b"Content-Length: 0\r\n\r\n" + inner
    yield "two spaces", head.replace(b" HTTP", b"  HTTP") + b"Content-Length: %d\r\n\r\n" % size + inner
    yield "bare LF throughout", (head + b"Content-Length: %d\r\n\r\n" % size).replace(b"\r\n", b"\n") + inner
    yield "GET with a hidden body", (b"GET /v1/incidents HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size) + inner


def bend(dice, token, inner):
    """A request whose body is the hidden one, with a length that is right, changed here and there in its head."""
    head = (f"POST /v1/incidents HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Type: application/json\r\nIdempotency-Key: {uuid.uuid4()}\r\n"
            f"Content-Length: {len(inner)}\r\n\r\n").encode()
    content = bytearray(head)
    splinters = (b"\r", b"\n", b"\0", b" ", b"\t", b":", b",", b"\x0b", b"\xff", b"\xc3", b"%", b"\r\n ", b"\r\n\r\n",
                 b"Content-Length: 1\r\n", b"Transfer-Encoding: chunked\r\n", b"Expect: 100-continue\r\n",
                 b"Connection: close, Content-Length\r\n", b"Upgrade: h2c\r\n", b"A" * 9000)
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(content) - 4)
        how = dice.randrange(3)
        if how == 0:
            content[at:at] = dice.choice(splinters)
        elif how == 1:
            del content[at:at + dice.randint(1, 12)]
        else:
            content[at] = dice.randrange(256)
    # Where the head ends too early or the length is gone, what follows is a request of its own, as it would be
    # for everybody: it is cut short, so that it is none.
    return bytes(content) + inner[:-1]
