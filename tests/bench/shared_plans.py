"""Whether a statement of the service is planned otherwise for one partnership than for another.

    shared_plans.py DATABASE-URL PARTNERSHIP-ID PARTNERSHIP-ID

A session keeps a plan and uses it for whoever asks next. One that was made for a partnership with hardly any
rows would be read to the end for one that has most of them. Prints the statements whose plans differ, and
ends with 1 when there are any.
"""
import sys

from reports_plans import ask, embed_sql, ROOT

MARK = "-- plan of"
SETUP = """
SET jit = off;
SET plan_cache_mode = force_generic_plan;
SELECT set_config('app.partnership_id', a.partnership_id::text, false),
       set_config('app.agency_id', a.id::text, false),
       set_config('app.own_agency_id', a.id::text, false),
       set_config('app.hidden_incidents', '', false),
       set_config('app.sees_all', 'false', false)
  FROM agency AS a
 WHERE a.partnership_id = '{partnership}'
 ORDER BY a.id
 LIMIT 1 \\g /dev/null
SET ROLE cspr_api;
"""
ONE = """
\\echo {mark} {name}
PREPARE asked AS {sql};
EXPLAIN (COSTS OFF) EXECUTE asked{values};
DEALLOCATE asked;
"""


def statements():
    blocks = embed_sql.read_blocks(sorted((ROOT / "db/queries").glob("*.sql")))
    for name, role, sql, parameters in embed_sql.statements_of(blocks):
        if role == "api":
            yield name, sql.strip().rstrip(";"), len(parameters)


def plans(url, partnership):
    """The plan of each statement by its name, as a session makes it while that partnership asks."""
    script = SETUP.format(partnership=partnership) + "".join(
        ONE.format(mark=MARK, name=name, sql=sql,
                   values=f"({', '.join(['NULL'] * count)})" if count else "")
        for name, sql, count in statements())
    told = ask(url, script).split(MARK)[1:]
    return dict(part.lstrip().split("\n", 1) for part in told)


def main():
    url, one, other = sys.argv[1:]
    ours, theirs = plans(url, one), plans(url, other)
    differing = [name for name in ours if ours[name] != theirs[name]]
    for name in differing:
        print(f"{name}:\n{ours[name]}\nand for the other:\n{theirs[name]}")
    print(f"{len(ours)} statements, planned otherwise for another partnership: {len(differing)}")
    sys.exit(bool(differing) or not ours)


if __name__ == "__main__":
    main()
