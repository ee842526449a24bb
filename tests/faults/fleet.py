"""csprd processes on one database, the partnerships they serve, and the recipients."""
import itertools
import os
import pathlib
import signal
import subprocess
import time
import urllib.request

from processes import FOLDER, PATIENCE, Broken, Process, run, wait_until

SECRETS = {
    "dfe": "whsec_ZGZlIGRmZSBkZmUgZGZlIGRmZSBkZmUgZGZlIGRmZSE=",
    "ofsted": "whsec_b2ZzdGVkIG9mc3RlZCBvZnN0ZWQgb2ZzdGVkIG9mc3RlZA==",
    "panel": "whsec_cGFuZWwgcGFuZWwgcGFuZWwgcGFuZWwgcGFuZWwgcGFuZWw=",
}
SCOPES = ("incidents:read incidents:write notifications:read notifications:write deliveries:read "
          "referrals:read referrals:write referrals:assess partnership:read audit:read").split()
numbers = itertools.count()


class Receivers:
    """The recipients; see receivers.c."""

    def __init__(self):
        self.ledger = FOLDER / f"received-{next(numbers)}"
        self.ports = []
        self.process = None
        self.start()

    def start(self):
        """Starts them, on the ports that they had before."""
        words = [f"{name}:{secret}" for name, secret in SECRETS.items()]
        if self.ports:
            words = [f"{word}:{port}" for word, port in zip(words, self.ports)]
        self.process = Process("receivers", [os.environ["FAULT_RECEIVERS"], self.ledger, *words],
                               "receivers.log", stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        ready = self.process.running.stdout.readline().split()
        if ready[:1] != ["ready"]:
            raise Broken(f"the receivers did not start: {self.process.log.read_text()[-300:]}")
        self.ports = ready[1:]

    def tell(self, command):
        self.process.running.stdin.write(command + "\n")
        self.process.running.stdin.flush()
        return self.process.running.stdout.readline().split()

    def counts(self):
        """How many calls were written down, and how many are in hand."""
        said = self.tell("flush")
        return int(said[1]), int(said[2])

    def sightings(self):
        """How many calls had the text that is watched for."""
        return int(self.tell("flush")[3])

    def url(self, recipient):
        return f"http://127.0.0.1:{self.ports[list(SECRETS).index(recipient)]}/"

    def stop(self):
        if self.process.alive():
            self.process.running.stdin.close()
            self.process.wait(20)


class Service:
    """One csprd. Its port is the system's at the first start and stays its own. Of one that dies by itself it is
    not waited for that it is ready: it may be dead before."""

    def __init__(self, database_url, program=None, dies=False, **settings):
        self.name = f"csprd-{next(numbers)}"
        self.ready = FOLDER / f"{self.name}.ready"
        self.program = program or os.environ["CSPRD"]
        self.environment = {
            "CSPR_DATABASE_URL": database_url, "CSPR_LISTEN": "127.0.0.1:0", "CSPR_METRICS_LISTEN": "127.0.0.1:0",
            "CSPR_READY_FILE": str(self.ready), "CSPR_TARGET_ALLOW": "127.0.0.1/32",
            "CSPR_DATABASE_CONNECTIONS": "4", "CSPR_RETRY_SCALE_PERCENT": "1", "CSPR_SWEEP_SECONDS": "0", **settings,
        }
        self.url = None
        self.process = None
        self.lives = []  # when each of them began, in seconds since 1970
        self.begin()
        if not dies:
            self.wait_ready()

    def start(self):
        self.begin()
        self.wait_ready()

    def begin(self):
        self.ready.unlink(missing_ok=True)
        self.lives.append(time.time())
        self.process = Process(self.name, [self.program, "serve"], f"{self.name}.log",
                               env={**os.environ, **self.environment})

    def wait_ready(self):
        def is_ready():
            if not self.process.alive():
                raise Broken(f"{self.name} has ended: {self.process.log.read_text()[-400:]}")
            return self.ready.exists()
        wait_until(is_ready, PATIENCE, f"the start of {self.name}")
        self.url = self.ready.read_text().splitlines()[0]
        self.environment["CSPR_LISTEN"] = self.url.removeprefix("http://")

    @property
    def address(self):
        host, port = self.environment["CSPR_LISTEN"].split(":")
        return host, int(port)

    def metrics(self):
        """What /metrics says; its address is the second line of the ready file."""
        url = self.ready.read_text().splitlines()[1]
        with urllib.request.urlopen(f"{url}/metrics", timeout=20) as answer:
            return answer.read().decode()

    def has_nothing_in_hand(self):
        """Whether no delivery is claimed, made or settled by it; for sure when it is dead."""
        if not self.process.alive():
            return True
        try:
            return "\ncspr_deliveries_in_hand 0\n" in self.metrics()
        except OSError:
            return False

    def kill(self):
        self.process.kill()

    def end(self):
        """At the end of a scenario, however it went."""
        self.process.kill()

    def stop(self):
        """An orderly end, and nothing that a sanitizer would complain about."""
        if self.process.alive():
            status = self.process.end(signal.SIGTERM, 30)
            if status != 0:
                raise Broken(f"{self.name} ended with {status}: {self.process.log.read_text()[-400:]}")
        text = self.process.log.read_text(errors="replace")
        for complaint in ("Sanitizer", "runtime error:", "Assertion", "malloc():", "free():"):
            if complaint in text:
                raise Broken(f"{self.name} complains: {text[text.index(complaint):][:600]}")


def csprd(*words):
    return run(os.environ["CSPRD"], *words).strip()


def make_partnership(slug, receivers, scopes=None):
    """A partnership with its council and, if there are receivers, its recipients in law; its token."""
    csprd("partnerships", "create", "--slug", slug, "--name", slug)
    csprd("agencies", "create", "--partnership", slug, "--slug", "council", "--name", "council",
          "--kind", "local_authority", "--statutory-partner")
    for recipient, secret in SECRETS.items() if receivers else ():
        file = FOLDER / "secret"
        file.touch(0o600)
        file.write_text(secret)
        csprd("recipients", "set", "--partnership", slug, "--recipient", recipient,
              "--url", receivers.url(recipient), "--secret-file", file)
    words = [word for scope in scopes or SCOPES for word in ("--scope", scope)]
    return csprd("keys", "create", "--partnership", slug, "--agency", "council", "--label", "faults", *words)


def chains_verify(slugs):
    """The audit chains that do not verify, with what csprd said."""
    broken = []
    for slug in slugs:
        try:
            csprd("audit", "verify", "--partnership", slug)
        except Broken as fault:
            broken.append(f"{slug}: {fault}")
    return broken


def descriptors(process):
    return len(list(pathlib.Path(f"/proc/{process.id}/fd").iterdir()))
