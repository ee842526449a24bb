"""Measures csprd against PostgreSQL's own ceiling: `./dev bench` makes the cluster and calls this.

Each is measured in turns with pgbench on the same statements (seen_statements.py), and the median of the
turns counts. The environment: CSPR_DATABASE_URL, CSPR_MIGRATION_URL, BENCH_SUPER_URL,
BENCH_SERVER_LOG, BENCH_PROGRAMS (PostgreSQL's bin directory), BENCH_DIRECTORY for files.
"""
import json
import os
import pathlib
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.request

import seen_statements

HERE = pathlib.Path(__file__).resolve().parent
DIRECTORY = pathlib.Path(os.environ["BENCH_DIRECTORY"])
PROGRAMS = pathlib.Path(os.environ["BENCH_PROGRAMS"])
SUPER_URL = os.environ["BENCH_SUPER_URL"]
INCIDENTS = 100_000
SECONDS = 2
TURNS = 9
CLIENTS = 8
IDLE_CONNECTIONS = 1000


def run(*command, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **more)
    if done.returncode != 0:
        sys.exit(f"{command[0]} ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout


def psql(*arguments):
    return run(PROGRAMS / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", *arguments,
               SUPER_URL)


def say(message):
    print(message, file=sys.stderr, flush=True)


class Service:
    """A csprd of its own, and how long it took to be ready."""

    def __init__(self, **settings):
        ready = DIRECTORY / "ready"
        ready.unlink(missing_ok=True)
        environment = dict(os.environ, CSPR_LISTEN="127.0.0.1:0", CSPR_METRICS_LISTEN="127.0.0.1:0",
                           CSPR_READY_FILE=str(ready), **settings)
        started = time.monotonic()
        self.log = open(DIRECTORY / "csprd.log", "ab")
        self.process = subprocess.Popen(["csprd", "serve"], env=environment, stderr=self.log,
                                        stdin=subprocess.DEVNULL)
        while not (ready.exists() and ready.read_text().endswith("\n")):
            if self.process.poll() is not None or time.monotonic() > started + 20:
                self.stop()
                sys.exit(f"csprd did not become ready: {self.log.name}")
            time.sleep(0.001)
        self.url = ready.read_text().splitlines()[0]
        self.ask("/ready")
        self.ready_ms = (time.monotonic() - started) * 1000

    def ask(self, path, token=None, body=None, key=None):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if body:
            headers |= {"Content-Type": "application/json", "Idempotency-Key": key}
        request = urllib.request.Request(self.url + path, body, headers)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def resident_mb(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        return 0.0

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()


def scopes(service):
    document = service.ask("/openapi.json")
    found = {scope for path in document["paths"].values() for operation in path.values()
             if isinstance(operation, dict) for wanted in operation.get("security", [])
             for scope in wanted.get("bearer", [])}
    return sorted(scope for scope in found if not scope.endswith("_own"))


def make_caller(service):
    run("csprd", "partnerships", "create", "--slug", "bench", "--name", "Benchmark")
    run("csprd", "agencies", "create", "--partnership", "bench", "--slug", "council",
        "--name", "Council", "--kind", "local_authority", "--statutory-partner")
    wanted = [word for scope in scopes(service) for word in ("--scope", scope)]
    return run("csprd", "keys", "create", "--partnership", "bench", "--agency", "council",
               "--label", "benchmark", *wanted).strip()


def body():
    text = (HERE.parents[1] / "tools/demo/incident.json").read_text()
    incident = json.loads(text.replace("@INCIDENT@", "2024-01-06").replace("@AWARE@", "2024-01-08"))
    # The service makes a reference for each.
    del incident["local_ref"]
    return json.dumps(incident, separators=(",", ":")).encode()


def log_statements(wanted):
    """Turns the server's log of statements on or off, for what follows."""
    for name, value in {"log_statement": "all", "log_parameter_max_length": "-1",
                        "log_error_verbosity": "default"}.items():
        psql("-c", f"ALTER SYSTEM SET {name} = '{value}'" if wanted else
             f"ALTER SYSTEM RESET {name}")
    psql("-c", "SELECT pg_reload_conf()")


def see(statement, request):
    """The transaction that a request makes; asked again until the log shows it."""
    log = pathlib.Path(os.environ["BENCH_SERVER_LOG"])
    start = log.stat().st_size
    log_statements(True)
    try:
        for turn in range(200):
            request(turn)
            with log.open(errors="replace") as file:
                file.seek(start)
                steps = seen_statements.find(file.read(), statement)
            if steps:
                return steps
            time.sleep(0.01)
    finally:
        log_statements(False)
    sys.exit(f"the server's log does not show {statement}")


def known_ids():
    return set(psql("-c", "SELECT id FROM partnership UNION ALL SELECT id FROM agency "
                          "UNION ALL SELECT id FROM api_key").split())


def wrk(service, token, mode, connections=CLIENTS, delay=0):
    environment = dict(os.environ, BENCH_MODE=mode, BENCH_TOKEN=token, BENCH_DELAY=str(delay),
                       BENCH_INCIDENTS=str(INCIDENTS), BENCH_BODY=str(DIRECTORY / "body.json"),
                       BENCH_KEY=os.urandom(8).hex())
    output = run("wrk", "-t", 2, "-c", connections, "-d", f"{SECONDS}s", "-s", HERE / "load.lua",
                 service.url, env=environment)
    result = json.loads(output.strip().splitlines()[-1])
    if result["errors"]:
        sys.exit(f"{mode}: {result['errors']} requests failed")
    return result


class Ceiling:
    def __init__(self, name, script):
        self.script = script
        self.path = DIRECTORY / f"{name}.pgbench"
        self.path.write_text(script.text)
        self.turn = 0

    def slowest(self, clients):
        """What the slowest percent of PostgreSQL's own transactions takes, in milliseconds."""
        log = DIRECTORY / "pgbench_log"
        self.rate(clients, "--log", f"--log-prefix={log}")
        taken = []
        for path in DIRECTORY.glob("pgbench_log.*"):
            taken += [int(line.split()[2]) for line in path.read_text().splitlines()]
            path.unlink()
        return statistics.quantiles(taken, n=100)[98] / 1000

    def rate(self, clients=CLIENTS, *more):
        self.turn += 1
        variables = dict(self.script.variables, k=self.turn * 10_000_000,
                         incidents=INCIDENTS)
        defined = [word for name, value in variables.items() for word in ("-D", f"{name}={value}")]
        output = run(PROGRAMS / "pgbench", "-n", "-M", "prepared", "-c", clients, "-j", 2,
                     "-T", SECONDS, *more, "-f", self.path, *defined, os.environ["CSPR_DATABASE_URL"],
                     env=dict(os.environ, PGOPTIONS="-c role=cspr_api"))
        for line in output.splitlines():
            if line.startswith("tps = "):
                return float(line.split()[2])
        return 0.0


def compare(service, token, name, mode, script):
    ceiling = Ceiling(mode, script)
    ours, theirs = [], []
    for _ in range(TURNS):
        ours.append(wrk(service, token, mode))
        theirs.append(ceiling.rate())
    rate = statistics.median(result["rate"] for result in ours)
    limit = statistics.median(theirs)
    return row(name, rate, limit, statistics.median(result["p50_ms"] for result in ours),
               statistics.median(result["p99_ms"] for result in ours))


def row(name, ours, ceiling, p50=None, p99=None):
    return {"name": name, "ours": round(ours, 2), "ceiling": round(ceiling, 2),
            "ratio": round(ours / ceiling, 3), "p50_ms": p50, "p99_ms": p99}


def get_script(service, token):
    first = f"00000000-0000-7000-8000-{1:012d}"
    steps = see("incident_show", lambda _: service.ask(f"/v1/incidents/{first}", token))
    script = seen_statements.Script(steps, expressions={
        first: "('00000000-0000-7000-8000-' || lpad(:n::text, 12, '0'))"})
    script.text = "\\set n random(1, :incidents)\n" + script.text
    return script


def measure_get(service, token):
    yield compare(service, token, "get_incident", "get", get_script(service, token))


def measure_list(service, token):
    steps = see("incident_list", lambda _: service.ask("/v1/incidents?limit=50", token))
    yield compare(service, token, "list_50", "list", seen_statements.Script(steps))


def measure_deadlines(service, token):
    """A page of open clocks against a plain page of incidents: half its rate is the least."""
    ours, plain = [], []
    for _ in range(TURNS):
        ours.append(wrk(service, token, "deadlines"))
        plain.append(wrk(service, token, "list"))
    rates = [statistics.median(result["rate"] for result in turns) for turns in (ours, plain)]
    yield row("deadlines_50", *rates, statistics.median(result["p50_ms"] for result in ours),
              statistics.median(result["p99_ms"] for result in ours))


def measure_create(service, token):
    known = known_ids()
    key = os.urandom(6).hex()
    steps = see("incident_insert", lambda turn: service.ask(
        "/v1/incidents", token, body(), f"{key}{turn:04d}"))
    fresh = seen_statements.fresh_ids(steps, known)
    fresh += sorted({value for _, _, values in steps for value in values.values()
                     if value and value.startswith(key)})
    yield compare(service, token, "create", "create", seen_statements.Script(steps, fresh))


def measure_latency(service, token):
    """
    At full load, and at about half of it, where a queue says nothing about the service. At full load
    32 callers wait for one another, even with PostgreSQL alone: that is the third row. In turns, too:
    of a second in which the machine was busy elsewhere one percent tells more than the median.
    """
    ceiling = Ceiling("get32", get_script(service, token))
    full, half, alone = [], [], []
    for _ in range(TURNS):
        full.append(wrk(service, token, "get", connections=32))
        pause = max(1, round(2 * 32 * 1000 / full[-1]["rate"]))
        half.append(wrk(service, token, "get", connections=32, delay=pause))
        alone.append(ceiling.slowest(32))
    for name, turns in (("get_p99_32_connections", full), ("get_p99_32_connections_half_load", half)):
        p50, p99 = (statistics.median(turn[key] for turn in turns) for key in ("p50_ms", "p99_ms"))
        yield row(name, p99, 5, p50, p99)
    slowest = statistics.median(alone)
    yield row("pgbench_p99_32_clients", slowest, 5, None, slowest)


def measure_memory(token):
    service = Service()
    host, port = service.url.removeprefix("http://").rsplit(":", 1)
    idle = []
    try:
        for _ in range(IDLE_CONNECTIONS):
            connection = socket.create_connection((host, int(port)), 10)
            connection.sendall(b"GET /v1/incidents?limit=1 HTTP/1.1\r\nHost: bench\r\n"
                               b"Authorization: Bearer " + token.encode() + b"\r\n\r\n")
            if not connection.recv(65536).startswith(b"HTTP/1.1 200"):
                sys.exit("an idle connection was refused")
            idle.append(connection)
        yield row("resident_1000_idle", service.resident_mb(), 40)
    finally:
        for connection in idle:
            connection.close()
        service.stop()


def measure_start():
    times = []
    for _ in range(5):
        service = Service()
        times.append(service.ready_ms)
        service.stop()
    yield row("ready_ms", statistics.median(times), 200)


def measure():
    (DIRECTORY / "body.json").write_bytes(body())
    service = Service(CSPR_DISPATCH="off")
    try:
        token = make_caller(service)
        say(f"Loading {INCIDENTS} incidents")
        template = service.ask("/v1/incidents", token, body(), "template")["id"]
        psql("-v", f"incidents={INCIDENTS}", "-v", f"incident={template}", "-f", HERE / "load.sql")
        for part in (measure_get, measure_list, measure_deadlines, measure_latency,
                     measure_create):
            yield from part(service, token)
    finally:
        service.stop()
    yield from measure_memory(token)
    yield from measure_start()


def put_rows(rows, as_json):
    if not as_json:
        print(f"{'':34}{'ours':>10}{'ceiling':>10}{'ratio':>8}{'p50 ms':>9}{'p99 ms':>9}")
    for line in rows:
        if as_json:
            print(json.dumps(line), flush=True)
        else:
            p50, p99 = (f"{line[name]:.2f}" if line[name] is not None else ""
                        for name in ("p50_ms", "p99_ms"))
            print(f"{line['name']:34}{line['ours']:>10.1f}{line['ceiling']:>10.1f}"
                  f"{line['ratio']:>8.2f}{p50:>9}{p99:>9}", flush=True)


def main():
    put_rows(measure(), sys.argv[1:] == ["--json"])


if __name__ == "__main__":
    main()
