"""Measures the reports on a partnership with 100,000 incidents: `./dev bench reports` calls this.

Every operation of the document with x-report, and the recurrence of the commonest theme, is asked as of
today, as of a year ago and by a caller who is kept from one incident, and its median counts; so is what the
newest rapid review with that theme is told of recurrence, which is as of today. Beside it stands the time of a processor that PostgreSQL took, which other
work on the machine does not change. The server then explains each statement that it was seen to run
(reports_plans.py): a sequential scan over a large table of the partnership is listed beside the time. The
environment is bench.py's.
"""
import json
import os
import pathlib
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


def measured(paths):
    """(path, statement) of each report, of the recurrence of the theme that most reviews have, and of that
    offered to the newest rapid review of it."""
    for path in sorted(path for path in paths if "x-report" in paths[path].get("get", {})):
        yield path, "report_" + path.rsplit("/", 1)[1].replace("-", "_")
    theme = bench.psql("-c", """SELECT theme_id FROM review_theme GROUP BY theme_id
                                ORDER BY count(*) DESC, theme_id LIMIT 1""").strip()
    yield f"/v1/themes/{theme}/recurrence", "theme_recurrence_get"
    review = bench.psql("-c", f"""SELECT r.id
                                    FROM rapid_review AS r
                                    JOIN review_incident AS l ON l.incident_id = r.incident_id
                                    JOIN review_theme AS k ON k.review_id = l.review_id
                                   WHERE k.theme_id = '{theme}'
                                   ORDER BY r.notified_on DESC, r.id LIMIT 1""").strip()
    yield f"/v1/rapid-reviews/{review}/recurrence", "rapid_review_recurrence_get"


def queries(paths, path):
    """With which queries a report is asked."""
    year_ago, year_end, year = bench.psql("-F", " ", "-c", """
        SELECT current_date - 365, e.day, reporting_year(e.day)
          FROM (SELECT reporting_year_starts(reporting_year(current_date)) - 1 AS day) AS e""").split()
    if "/rapid-reviews/" in path:
        return [""]
    public = paths.get(path, {}).get("get", {}).get("x-report", {}).get("public")
    told = [] if public is None else ["?audience=public&" + (
        f"year={year}" if public.get("needs") == "year" else f"as_of={year_end}")]
    return ["", f"?as_of={year_ago}", *told]


def make_kept(service, token):
    """A caller whose agency is kept from one incident of a review, and who sees all else."""
    bench.run("csprd", "agencies", "create", "--partnership", "bench", "--slug", "kept", "--name", "Kept",
              "--kind", "police", "--statutory-partner")
    agency = bench.psql("-c", "SELECT id FROM agency WHERE slug = 'kept'").strip()
    incident = bench.psql("-c", "SELECT incident_id FROM review_incident LIMIT 1").strip()
    service.ask(f"/v1/incidents/{incident}/restrictions", token, key="kept",
                body=json.dumps({"agency_id": agency, "reason": "A conflict of interest."}).encode())
    return bench.run("csprd", "keys", "create", "--partnership", "bench", "--agency", "kept", "--label", "kept",
                     "--scope", "reports:read", "--scope", "themes:read").strip()


def processor_ms():
    """What the service's sessions in the database have taken so far."""
    pids = bench.psql("-c", "SELECT pid FROM pg_stat_activity WHERE application_name = 'cspr-api'")
    ticks = 0
    for pid in pids.split():
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks * 1000 / os.sysconf("SC_CLK_TCK")


def ask(service, token, path):
    """Milliseconds of one answer, read to its end."""
    request = urllib.request.Request(service.url + path, headers={"Authorization": f"Bearer {token}"})
    started = time.monotonic()
    with urllib.request.urlopen(request, timeout=60) as answer:
        answer.read()
    return (time.monotonic() - started) * 1000


def measure(service, token, path, kept=False):
    line = {"report": path, **({"kept_from_an_incident": True} if kept else {}), "limit_ms": LIMIT_MS}
    try:
        ask(service, token, path)
        before = processor_ms()
        times = [ask(service, token, path) for _ in range(RUNS)]
        return line | {"p50_ms": round(statistics.median(times), 1), "most_ms": round(max(times), 1),
                       "processor_ms": round((processor_ms() - before) / RUNS, 1)}
    except urllib.error.HTTPError as refusal:
        return line | {"refused": refusal.code, "why": json.load(refusal).get("detail")}


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
        kept = make_kept(service, token)
        paths = service.ask("/openapi.json")["paths"]
        for path, statement in measured(paths):
            for query in queries(paths, path):
                line = measure(service, token, path + query)
                line["scans"] = [] if query else reports_plans.scans(
                    bench.SUPER_URL, partnership_id(), statement)
                print(json.dumps(line), flush=True)
                if not query and "/rapid-reviews/" not in path:
                    print(json.dumps(measure(service, kept, path, kept=True)), flush=True)
    finally:
        service.stop()


if __name__ == "__main__":
    main()
