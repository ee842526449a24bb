"""Whether a list follows the index in whose order its page stands.

    list_plans.py DATABASE-URL PARTNERSHIP-ID

Asks the first page of each list that belongs to no other resource, as the service does, of a partnership that has
thousands of everything, and makes it a delivery of each event of each incident to three endpoints first. Prints the
lists that touch more pages of PostgreSQL's than a page of theirs needs, and ends with 1 when there are any.
"""
import json
import re
import sys

from reports_plans import ROOT, ask, queries

LIMIT = 21
# A row of a page has many things looked up for it, each in a few pages of PostgreSQL's.
FOR_EACH = 150
FILL = """
SET session_replication_role = replica;
INSERT INTO webhook_endpoint (partnership_id, id, name, recipient, url, event_types, secret_sealed)
SELECT '{partnership}', gen_random_uuid(), name, name, 'http://127.0.0.1:1/', '{{}}', ''
  FROM unnest(ARRAY['dfe', 'ofsted', 'panel']) AS name;
WITH told AS (
  INSERT INTO event (partnership_id, id, incident_id, sequence, type, epoch, body)
  SELECT i.partnership_id, gen_random_uuid(), i.id, 1000 + n, 'incident.updated', 0, '{{}}'
    FROM incident AS i
   CROSS JOIN generate_series(1, 2) AS n
   WHERE i.partnership_id = '{partnership}'
  RETURNING partnership_id, id, incident_id, sequence)
INSERT INTO delivery (partnership_id, id, event_id, endpoint_id, incident_id, sequence, due_at, state, delivered_at,
  created_at)
SELECT t.partnership_id, gen_random_uuid(), t.id, e.id, t.incident_id, t.sequence, NULL, 'delivered', now(),
       now() - row_number() OVER () * interval '1 second'
  FROM told AS t
 CROSS JOIN webhook_endpoint AS e
 WHERE e.partnership_id = t.partnership_id;
RESET session_replication_role;
VACUUM ANALYZE webhook_endpoint, event, delivery;
"""
ONE = """
SET ROLE cspr_api;
SET jit = off;
SELECT set_config('app.partnership_id', '{partnership}', false),
       set_config('app.sees_all', 'true', false) \\g /dev/null
BEGIN;
{settings} \\g /dev/null
PREPARE asked AS {sql};
EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE asked({values});
"""


def lists():
    """The statements of the lists that stand by themselves, in each of their orders."""
    table = (ROOT / "service/api/operations.c").read_text()
    for row in re.findall(r"\{.*crud_list.*\}", table):
        if ".parent" not in row:
            yield re.search(r"\.statement = &SQL_(\w+)", row)[1].lower()
    for name in re.findall(r"&SQL_(\w+)", re.search(r"list_sort \w+\[\] = \{(.*?)\};", table, re.S)[1]):
        yield name.lower()


def main():
    url, partnership = sys.argv[1:]
    ask(url, FILL.format(partnership=partnership))
    ready, found, most = queries(), [], 0
    names = sorted(set(lists()))
    for name in names:
        sql, parameters = ready[name]
        values = ", ".join([f"'{LIMIT}'"] + ["NULL"] * (len(parameters) - 1))
        told = json.loads(ask(url, ONE.format(partnership=partnership, settings=ready["list_follows_index"][0],
                                              sql=sql, values=values)))
        touched = told[0]["Plan"]["Shared Hit Blocks"] + told[0]["Plan"]["Shared Read Blocks"]
        if touched > LIMIT * FOR_EACH:
            found.append(f"{name} touches {touched} pages for one of {LIMIT - 1} rows")
        most = max(most, touched)
    print("\n".join(found) or f"{len(names)} lists touch no more than their pages need, at most {most}")
    sys.exit(bool(found) or not names)


if __name__ == "__main__":
    main()
