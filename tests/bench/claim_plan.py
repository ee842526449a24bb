"""What PostgreSQL does for the dispatcher's claim, beside many deliveries that are made.

    claim_plan.py DATABASE-URL

Prints a line for each way in which the claim is asked, planned for its values and for any: how many
deliveries it took and how many pages it touched for that. Ends with 1 when it reads a large table other than
by an index, takes another number, or touches more pages than it may. Pages are counted, not time: the numbers
are the same on a machine that is busy. Nothing is kept of what was claimed.
"""
import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import reports_plans  # noqa: E402
import embed_sql  # noqa: E402  (reports_plans knows where it is)

BACKLOG = pathlib.Path(__file__).with_name("claim_backlog.sql")
# Each grows with what was ever delivered.
LARGE = {"delivery", "delivery_attempt", "event"}
BY_INDEX = {"Index Scan", "Index Only Scan", "Bitmap Heap Scan", "Bitmap Index Scan"}
LIMIT = 192
# What is not asked differently each time.
VALUES = {"limit": LIMIT, "lease_ms": 30000, "endpoint_ids": "'{}'", "allowances": "'{}'", "ordinary": LIMIT}
# allowance of an endpoint: (deliveries that are claimed, the most pages that it may touch). It touched 2,580,
# 5,132 and 16,996: about 50 for each one claimed, most of them to write it, and 17 for each one looked at.
ASKED = {1: (50, 3_100), 2: (100, 6_200), 16: (LIMIT, 20_500)}
# The same for a single endpoint with a long backlog. It touched 139, and 60,696
# where all that is due was sorted for it.
BACKLOG_ASKED = {2: (2, 250)}
CLAIM = """
SET ROLE cspr_dispatch;
SET jit = off;
{session}
SET plan_cache_mode = {mode};
BEGIN;
PREPARE asked AS {sql};
EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON)
  EXECUTE asked ({values});
ROLLBACK;
"""
# What was claimed and given back leaves versions behind.
CLEAN = "VACUUM delivery;"


def session():
    """What the dispatcher's sessions are set to, as its connections say."""
    source = (reports_plans.ROOT / "service/store/connection.c").read_text()
    options = re.search(r"#define INDEXES_ONLY((?:[^\n]*\\\n)*[^\n]*)", source)[1]
    return "".join(f"SET {name} = {value};\n"
                   for name, value in re.findall(r"(enable_\w+)=(\w+)", options))


def claim():
    """The statement and the names of its parameters."""
    blocks = embed_sql.read_blocks(sorted((reports_plans.ROOT / "db/queries").glob("*.sql")))
    return next((sql.strip().rstrip(";"), parameters)
                for name, _, sql, parameters in embed_sql.statements_of(blocks)
                if name == "delivery_claim")


def judge(url, sql, parameters, mode, allowance, expected):
    """Sentences about what is wrong; prints what was seen."""
    wanted, most = expected
    values = ", ".join(str({**VALUES, "allowance": allowance}[name]) for name in parameters)
    told = reports_plans.ask(url, CLAIM.format(session=session(), mode=mode, sql=sql, values=values))
    plan = json.loads(told)[0]["Plan"]
    pages = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    print(f"{mode}, {allowance} each: {plan['Actual Rows']} claimed, {pages} pages")
    for node in reports_plans.nodes(plan):
        table = node.get("Relation Name")
        if table in LARGE and node["Node Type"] not in BY_INDEX | {"ModifyTable"}:
            yield f"{mode}, {allowance} each: a {node['Node Type']} of {table}"
    if plan["Actual Rows"] != wanted:
        yield f"{mode}, {allowance} each: {plan['Actual Rows']} claimed instead of {wanted}"
    if pages > most:
        yield f"{mode}, {allowance} each: {pages} pages, where {most} are the most"


def main():
    url = sys.argv[1]
    sql, parameters = claim()
    faults = []
    for asked, fill in ((ASKED, ""), (BACKLOG_ASKED, BACKLOG.read_text())):
        reports_plans.ask(url, fill)
        for mode in ("force_custom_plan", "force_generic_plan"):
            for allowance, expected in asked.items():
                reports_plans.ask(url, CLEAN)
                faults += judge(url, sql, parameters, mode, allowance, expected)
    print("\n".join(faults) or "the claim reads large tables by their indexes, and few pages of them")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
