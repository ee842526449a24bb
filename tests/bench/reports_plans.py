"""What PostgreSQL plans for each report: which large tables of the partnerships it reads whole.

    reports_plans.py DATABASE-URL PARTNERSHIP-ID [STATEMENT]

Prints "statement: table" for each sequential scan, and what a statement's settings leave behind when they
have been ended, and ends with 1 when there is any of either. The statements are
those of db/queries, asked as the service asks them, planned for their values and for any. Run for a small
partnership beside a large one, where an index serves whatever is asked: each begins with the partnership.
"""
import datetime
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import embed_sql  # noqa: E402

# Smaller ones are read whole whatever there is.
LARGE_PAGES = 30
TODAY = f"'{datetime.date.today()}'"
THEME = "00000017-0000-7000-8000-000000000003"
RAPID_REVIEW = "00000005-0000-7000-8000-000000000002"
VALUES = {"as_of": TODAY, "today": TODAY, "limit": "'201'", "theme_id": f"'{THEME}'",
          "rapid_review_id": f"'{RAPID_REVIEW}'"}
SETUP = """
SET ROLE cspr_api;
SET jit = off;
SET plan_cache_mode = {mode};
SELECT set_config('app.partnership_id', '{partnership}', false),
       set_config('app.sees_all', 'true', false) \\g /dev/null
BEGIN;
{settings} \\g /dev/null
PREPARE asked AS {sql};
EXPLAIN (FORMAT JSON) EXECUTE asked{values};
"""
ENDED = """
BEGIN;
SET LOCAL ROLE cspr_api;
SELECT name, setting FROM pg_settings;
\\echo {mark}
{settings} \\g /dev/null
{end} \\g /dev/null
SELECT name, setting FROM pg_settings;
"""
MARK = "-- ended"
# The log of steps is the largest table there is. Only those of its indexes that leave most of it out may be
# gone through for a partnership as a whole; which those are, is told by their predicate.
LOG_INDEXES = """
SELECT c.relname
  FROM pg_index AS x
  JOIN pg_class AS c ON c.oid = x.indexrelid
 WHERE x.indrelid = 'transition'::regclass
   AND x.indpred IS NULL;
"""
LARGE = f"""
SELECT c.relname
  FROM pg_class AS c
  JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'partnership_id'
 WHERE c.relkind = 'r'
   AND c.relpages > {LARGE_PAGES};
"""


def shown():
    """For each statement that a report, or what is planned like one, shows or counts records by, the one
    that sets the planner."""
    table = (ROOT / "service/api/operations.c").read_text()
    names = dict(re.findall(r"#define (\w+) \.settings = &SQL_(\w+)", table))
    for row in re.findall(r"\{.*(?:report_show|\.settings).*\}", table):
        settings = re.search(r"\.settings = &SQL_(\w+)", row)
        setting = settings[1] if settings else next((names[name] for name in names if name in row), "")
        for kind in ("statement", "records"):
            for statement in re.findall(rf"\.{kind} = &SQL_(\w+)", row):
                yield statement.lower(), setting.lower() if kind == "statement" else ""


def queries():
    """The (SQL, names of its parameters) of each statement of the service by its name."""
    blocks = embed_sql.read_blocks(sorted((ROOT / "db/queries").glob("*.sql")))
    return {name: (sql.strip().rstrip(";"), parameters)
            for name, _, sql, parameters in embed_sql.statements_of(blocks)}


def statements(wanted=None):
    """(name, SQL, names of its parameters, the planner's settings) of each report and its records."""
    ready = queries()
    for name, setting in shown():
        if not wanted or name in (wanted, wanted + "_records"):
            yield name, *ready[name], ready[setting][0] if setting else "SELECT 1"


def nodes(plan):
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def ask(url, script):
    done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", url], input=script,
                          capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"psql: {done.stderr[-2000:]}")
    return done.stdout


def scans(url, partnership, statement=None):
    """["statement: table"] of every scan that reads a large table, or a partnership's part of the log, whole."""
    large = set(ask(url, LARGE).split())
    whole = set(ask(url, LOG_INDEXES).split())
    found = set()
    for name, sql, parameters, settings in statements(statement):
        values = ", ".join(VALUES.get(parameter, "NULL") for parameter in parameters)
        for mode in ("force_custom_plan", "force_generic_plan"):
            told = ask(url, SETUP.format(mode=mode, partnership=partnership, sql=sql,
                                         settings=settings,
                                         values=f"({values})" if values else ""))
            for node in nodes(json.loads(told)[0]["Plan"]):
                if node["Node Type"] == "Seq Scan" and node["Relation Name"] in large:
                    found.add(f"{name}: {node['Relation Name']}")
                if node.get("Index Name") in whole and "subject" not in node.get("Index Cond", ""):
                    found.add(f"{name}: all of the log")
    return sorted(found)


def left_behind(url):
    """["settings: name"] of what is not as it was when a statement's settings have been ended."""
    ready = queries()
    found = set()
    for setting in {setting for _, setting in shown() if setting}:
        told = ask(url, ENDED.format(mark=MARK, settings=ready[setting][0],
                                     end=ready["report_settings_end"][0]))
        before, after = (set(part.split("\n")) - {""} for part in told.split(MARK))
        found |= {f"{setting}: {line.split('|')[0]}" for line in before ^ after}
    return sorted(found)


def main():
    found = scans(*sys.argv[1:]) + left_behind(sys.argv[1])
    print("\n".join(found)
          or f"{len(list(statements()))} statements read no large table whole and leave no setting behind")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
