"""Measures the reports on a partnership with 100,000 incidents: `./dev bench reports` calls this.

Every operation of the document with x-report is asked as of today, some of them as of a year ago too,
and its median counts. The server then explains each statement that it was seen to run (reports_plans.py):
a sequential scan over a large table of the partnership is listed beside the time. The environment is
bench.py's.
"""
import json
import statistics
import sys
import time
import urllib.error
import urllib.request

import bench
import reports_plans

INCIDENTS = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdigit() else 100_000
RUNS = 7
LIMIT_MS = 500


def reports(service):
    for path, methods in service.ask("/openapi.json")["paths"].items():
        if "x-report" in methods.get("get", {}):
            yield path


def ask(service, token, path):
    """Milliseconds of one answer, read to its end."""
    request = urllib.request.Request(service.url + path, headers={"Authorization": f"Bearer {token}"})
    started = time.monotonic()
    with urllib.request.urlopen(request, timeout=60) as answer:
        answer.read()
    return (time.monotonic() - started) * 1000


def measure(service, token, path):
    try:
        times = [ask(service, token, path) for _ in range(RUNS)]
    except urllib.error.HTTPError as refusal:
        sys.exit(f"{path}: {refusal.code} {refusal.read().decode()[:500]}")
    return {"report": path, "p50_ms": round(statistics.median(times), 1),
            "most_ms": round(max(times), 1), "limit_ms": LIMIT_MS}


def partnership_id():
    return bench.psql("-c", "SELECT id FROM partnership WHERE slug = 'bench'").strip()


def fill():
    bench.say(f"Filling a partnership with {INCIDENTS} incidents")
    bench.psql("-v", f"partnership={partnership_id()}", "-v", f"incidents={INCIDENTS}",
               "-f", bench.HERE / "reports.sql")


def main():
    service = bench.Service(CSPR_DISPATCH="off")
    try:
        token = bench.make_caller(service)
        fill()
        year_ago = bench.psql("-c", "SELECT current_date - 365").strip()
        for path in sorted(reports(service)):
            for query in ("", f"?as_of={year_ago}"):
                line = measure(service, token, path + query)
                line["scans"] = [] if query else reports_plans.scans(
                    bench.SUPER_URL, partnership_id(), path.rsplit("/", 1)[1])
                print(json.dumps(line), flush=True)
    finally:
        service.stop()


if __name__ == "__main__":
    main()
