"""Measures the delivery of webhooks: `./dev bench delivery` makes the cluster and calls this.

The second column is what must be reached: at least for rates, at most for times. Latency is from the
beginning of the change's transaction to the beginning of the first attempt, both as the database has
them; nothing is left out that a recipient would wait for. The environment is that of bench.py, and
BENCH_RECEIVER, the program that receives.
"""
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import time

import bench

INCIDENTS = 10_000
BACKLOG = 50_000
SETTLED = 1_000_000
IDLE_RATE = 20
IDLE_SECONDS = 10
FAIR_RATE = 50
FAIR_SECONDS = 6
FAIR_TURNS = 5
TYPE = "incident.updated"
FIRST = "00000000-0000-7000-8000-"
SENT_WITHIN = "extract(epoch FROM a.started_at - d.created_at) * 1000"


class Receiver:
    def __init__(self, mode):
        self.process = subprocess.Popen([os.environ["BENCH_RECEIVER"], mode], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.url = f"http://127.0.0.1:{self.process.stdout.readline().strip()}/"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(20)


@contextlib.contextmanager
def dispatcher(**settings):
    service = bench.Service(CSPR_TARGET_ALLOW="127.0.0.1", CSPR_SWEEP_SECONDS="0", **settings)
    try:
        yield service
    finally:
        service.stop()


def value(sql):
    return bench.psql("-c", sql).strip()


def set_endpoints(partnership, **urls):
    """Ordinary endpoints by their names, and no others; nothing of before is due."""
    bench.psql("-c", "TRUNCATE delivery_attempt, delivery, event CASCADE; "
                     "DELETE FROM webhook_endpoint WHERE recipient IS NULL;")
    for name, url in urls.items():
        bench.psql("-c", f"""
            INSERT INTO webhook_endpoint (partnership_id, id, name, url, event_types, secret_sealed)
            SELECT e.partnership_id, gen_random_uuid(), '{name}', '{url}', '{{{TYPE}}}', e.secret_sealed
              FROM webhook_endpoint AS e
             WHERE e.partnership_id = '{partnership}' AND e.recipient = 'dfe'""")


def append_part(partnership, first, last):
    bench.psql("-c", f"""
        SET synchronous_commit = off;
        SELECT set_config('app.partnership_id', '{partnership}', false);
        SELECT count(event_append(gen_random_uuid(), '{TYPE}',
                 ('{FIRST}' || lpad((1 + (n - 1) / 5)::text, 12, '0'))::uuid, NULL, '{{}}', now()))
          FROM generate_series({first}, {last}) AS n""")
    bench.psql("-c", "VACUUM ANALYZE delivery, event")


def append_backlog(partnership, count):
    """Five events of each incident, one behind the other, as an outage leaves them."""
    # The first few, so that the planner knows of the tables when the others are made.
    append_part(partnership, 1, 1000)
    append_part(partnership, 1001, count)


def append_steadily(partnership, rate, seconds):
    script = bench.DIRECTORY / "append.pgbench"
    script.write_text(f"""\\set n random(1, {INCIDENTS})
BEGIN;
SELECT set_config('app.partnership_id', '{partnership}', true);
SELECT FROM incident WHERE id = ('{FIRST}' || lpad(:n::text, 12, '0'))::uuid FOR UPDATE;
SELECT event_append(gen_random_uuid(), '{TYPE}', ('{FIRST}' || lpad(:n::text, 12, '0'))::uuid, NULL,
  '{{}}', now());
COMMIT;
""")
    bench.run(bench.PROGRAMS / "pgbench", "-n", "-c", 2, "-R", rate, "-T", seconds, "-f", script,
              bench.SUPER_URL)


def wait_delivered(condition, seconds):
    deadline = time.monotonic() + seconds
    while value(f"SELECT EXISTS (SELECT FROM delivery AS d JOIN webhook_endpoint AS e ON e.id = "
                f"d.endpoint_id WHERE d.state = 'pending' AND {condition})") == "t":
        if time.monotonic() > deadline:
            sys.exit(f"not all was delivered within {seconds} s")
        time.sleep(0.2)


def percentiles(expression, condition="true"):
    found = value(f"""
        SELECT round(percentile_cont(0.5) WITHIN GROUP (ORDER BY {expression})::numeric, 2) || ' '
            || round(percentile_cont(0.99) WITHIN GROUP (ORDER BY {expression})::numeric, 2)
          FROM delivery AS d
          JOIN delivery_attempt AS a ON a.delivery_id = d.id AND a.number = 1
          JOIN webhook_endpoint AS e ON e.id = d.endpoint_id
         WHERE {condition}""")
    return [float(word) for word in found.split()]


def measure_idle(partnership):
    with Receiver("fast") as receiver:
        set_endpoints(partnership, sound=receiver.url)
        with dispatcher():
            append_steadily(partnership, IDLE_RATE, IDLE_SECONDS)
            wait_delivered("true", 30)
    p50, p99 = percentiles(SENT_WITHIN)
    yield bench.row("commit_to_attempt_p50", p50, 20, p50, p99)
    yield bench.row("commit_to_attempt_p99", p99, 200, p50, p99)


def processor_seconds(process_id):
    """What a process has used, with its threads."""
    fields = open(f"/proc/{process_id}/stat").read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure_backlog(partnership, name):
    with Receiver("fast") as receiver:
        set_endpoints(partnership, sound=receiver.url)
        append_backlog(partnership, BACKLOG)
        with dispatcher() as service:
            wait_delivered("true", 600)
            used = processor_seconds(service.process.pid)
            backend = processor_seconds(value(
                "SELECT pid FROM pg_stat_activity WHERE application_name = 'cspr-dispatch'"))
    seconds = float(value("SELECT extract(epoch FROM (SELECT max(delivered_at) FROM delivery)"
                          " - (SELECT min(started_at) FROM delivery_attempt))"))
    attempts = int(value("SELECT count(*) FROM delivery_attempt"))
    if attempts != BACKLOG:
        sys.exit(f"{attempts} attempts are recorded, not {BACKLOG}")
    yield bench.row(name, BACKLOG / seconds, 3000)
    # Of processor time for each, which another load on the machine changes less than the rate.
    yield bench.row(f"{name}_csprd_us", used / BACKLOG * 1e6, 333)
    yield bench.row(f"{name}_postgresql_us", backend / BACKLOG * 1e6, 333)


def measure_calls(partnership, token):
    """Requests a second while the backlog drains, against those of the same service without one."""
    with Receiver("fast") as receiver:
        set_endpoints(partnership, sound=receiver.url)
        with dispatcher() as service:
            # The first turn opens connections and fills caches, here and below.
            bench.wrk(service, token, "get")
            alone = bench.wrk(service, token, "get")
        append_backlog(partnership, BACKLOG)
        with dispatcher() as service:
            bench.wrk(service, token, "get")
            draining = bench.wrk(service, token, "get")
            left = int(value("SELECT count(*) FROM delivery WHERE state = 'pending'"))
            wait_delivered("true", 600)
    if not left:
        sys.exit("the backlog was gone before the calls were measured")
    yield bench.row("calls_alone", alone["rate"], alone["rate"], alone["p50_ms"], alone["p99_ms"])
    yield bench.row("calls_while_draining", draining["rate"], alone["rate"] / 2,
                    draining["p50_ms"], draining["p99_ms"])


def sent_beside(partnership, modes):
    """(p50, p99) of a sound receiver, beside others that get the same and are as the modes say."""
    with contextlib.ExitStack() as running:
        urls = {name: running.enter_context(Receiver(mode)).url
                for name, mode in {"sound": "fast", **modes}.items()}
        set_endpoints(partnership, **urls)
        with dispatcher() as service:
            append_steadily(partnership, FAIR_RATE, FAIR_SECONDS)
            wait_delivered("e.name = 'sound'", 30)
            # What hangs is not waited for.
            service.process.send_signal(signal.SIGKILL)
    return percentiles(SENT_WITHIN, "e.name = 'sound'")


def measure_fairness(partnership):
    """In turns, so that noise falls on both; three bad ones may cost what three sound ones do."""
    sound, bad = [], []
    for _ in range(FAIR_TURNS):
        sound.append(sent_beside(partnership, {"one": "fast", "two": "fast", "three": "fast"}))
        bad.append(sent_beside(partnership, {"dead": "dead", "drip": "drip", "flood": "flood"}))
    slowest = max(p99 for _, p99 in sound)
    for name, turns in {"beside_three_sound_p99": sound, "beside_three_bad_p99": bad}.items():
        p50, p99 = (statistics.median(column) for column in zip(*turns))
        yield bench.row(name, p99, slowest, p50, p99)


def fill_settled():
    """As after years: a million delivered rows beside what is due."""
    bench.psql("-c", f"""
        SET synchronous_commit = off;
        SET session_replication_role = replica;
        INSERT INTO delivery (partnership_id, id, event_id, endpoint_id, due_at, state, attempts,
          delivered_at, last_status, created_at)
        SELECT e.partnership_id, gen_random_uuid(), gen_random_uuid(), e.id, NULL, 'delivered', 1, now(),
               204, now() - n * interval '1 minute'
          FROM webhook_endpoint AS e, generate_series(1, {SETTLED}) AS n
         WHERE e.name = 'sound'""")
    bench.psql("-c", "VACUUM ANALYZE delivery")


def measure_with_history(partnership):
    with Receiver("fast") as receiver:
        set_endpoints(partnership, sound=receiver.url)
        fill_settled()
        append_backlog(partnership, BACKLOG)
        before = int(value("SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'delivery'"))
        with dispatcher():
            time.sleep(2)
            service_reads = int(value(
                "SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'delivery'")) - before
            wait_delivered("true", 600)
    seconds = float(value("SELECT extract(epoch FROM (SELECT max(d.delivered_at) FROM delivery AS d "
                          "JOIN delivery_attempt AS a ON a.delivery_id = d.id)"
                          " - (SELECT min(started_at) FROM delivery_attempt))"))
    if service_reads:
        sys.exit(f"the dispatcher has read the whole table {service_reads} times")
    yield bench.row("deliveries_beside_1000000", BACKLOG / seconds, 3000)


def prepare():
    bench.INCIDENTS = INCIDENTS
    (bench.DIRECTORY / "body.json").write_bytes(bench.body())
    service = bench.Service(CSPR_DISPATCH="off")
    try:
        token = bench.make_caller(service)
        template = service.ask("/v1/incidents", token, bench.body(), "template")["id"]
    finally:
        service.stop()
    bench.psql("-v", f"incidents={INCIDENTS}", "-v", f"incident={template}", "-f",
               bench.HERE / "delivery.sql")
    secret = bench.DIRECTORY / "secret"
    secret.write_text("whsec_ZGZlIGRmZSBkZmUgZGZlIGRmZSBkZmUgZGZlIGRmZSE=")
    bench.run("csprd", "recipients", "set", "--partnership", "bench", "--recipient", "dfe",
              "--url", "http://127.0.0.1:9/", "--secret-file", secret,
              env=dict(os.environ, CSPR_TARGET_ALLOW="127.0.0.1"))
    return value("SELECT id FROM partnership WHERE slug = 'bench'"), token


def measure(wanted):
    partnership, token = prepare()
    parts = {
        "idle": lambda: measure_idle(partnership),
        "backlog": lambda: measure_backlog(partnership, "deliveries"),
        "calls": lambda: measure_calls(partnership, token),
        "fairness": lambda: measure_fairness(partnership),
        "history": lambda: measure_with_history(partnership),
    }
    for name, part in parts.items():
        if not wanted or name in wanted:
            yield from part()


def main():
    words = sys.argv[1:]
    as_json = "--json" in words
    bench.put_rows(measure([word for word in words if word != "--json"]), as_json)


if __name__ == "__main__":
    main()
