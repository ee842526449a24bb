"""Counts every figure of every report a second time and holds the two against each other.

    recount.py SEED…

For each seed it fills a partnership of its own with random records (generate.py) and asks the service
for each report over HTTP, for today and two past days, for all years, one year and a period. The second
count is reports/<name>.sql: written from the rules and not from the service's statements, on plain
tables, by a role that sees everything. Such a file has

    -- key: year               the members that name a row
    -- ask: force=true         perhaps several: what else is asked, and variables of the statements
    -- period: none            where the report is of a day alone; year: where all years are asked for
    -- first                   perhaps: what both of the others start from
    -- rows                    then a statement whose columns are members of the answer's rows
    -- totals                  perhaps another, with those of its totals

Columns that it does not have are not compared. The environment: CSPR_URL, CSPR_RECOUNT_TOKENS (one for
each seed), RECOUNT_DATABASE_URL, RECOUNT_HOLIDAYS. Prints one TAP line for each report.
"""
import csv
import datetime
import decimal
import http.client
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import urllib.parse
import zoneinfo

import generate

HERE = pathlib.Path(__file__).resolve().parent
DATABASE = os.environ["RECOUNT_DATABASE_URL"]
FAULTS_SHOWN = 8


def psql(script, *variables):
    words = ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", *variables, DATABASE]
    done = subprocess.run(words, input=script, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"psql: {done.stderr}")
    return done.stdout


# Records.

def cell(value):
    if isinstance(value, (list, tuple)):
        return "{" + ",".join(str(item) for item in value) + "}"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def quoted(value):
    return "" if value is None else '"' + cell(value).replace('"', '""') + '"'


def load(tables):
    """As copies, with no trigger and no foreign key in the way: the history is not of interest."""
    parts = ["SET session_replication_role = replica;\n"]
    for table, rows in tables.items():
        columns = sorted({name for row in rows for name in row})
        names = ", ".join(f'"{name}"' for name in columns)
        parts.append(f"COPY {table} ({names}) FROM STDIN (FORMAT csv);\n")
        parts.extend(",".join(quoted(row.get(name)) for name in columns) + "\n" for row in rows)
        parts.append("\\.\n")
    parts.append("""RESET session_replication_role;
                    INSERT INTO action_standing
                    SELECT s.*
                      FROM action AS a
                     CROSS JOIN LATERAL action_standings(a.partnership_id, a.id) AS s
                        ON CONFLICT DO NOTHING;
                    ANALYZE;\n""")
    psql("".join(parts))


# Reports.

class Report:
    def __init__(self, path):
        text = path.read_text(encoding="utf-8")
        self.name = path.stem
        self.key = re.search(r"^-- key: (.*)$", text, re.M).group(1).split()
        self.asks = [dict(word.split("=") for word in line.split())
                     for line in re.findall(r"^-- ask: (.*)$", text, re.M)] or [{}]
        self.first = self.block(text, "first")
        self.rows = self.block(text, "rows")
        self.totals = self.block(text, "totals")
        # What is of a day alone takes no period.
        self.has_period = "-- period: none\n" not in text
        # What is of one year unless a period is asked for is asked of all years by their first day.
        self.all_years = {"from": "1900-01-01"} if "-- period: year\n" in text else {}
        self.faults = []

    @staticmethod
    def block(text, name):
        found = re.search(rf"^-- {name}\n(.*?;)\n(?=-- (?:first|rows|totals)\n|\Z)", text, re.M | re.S)
        return found and found.group(1).rstrip(";")

    def script(self, ask):
        sets = "".join(f"\\set {name} {value}\n" for name, value in ask.items())
        ends = [f"SELECT coalesce(jsonb_agg(to_jsonb(x)), '[]') FROM ({sql}) AS x;\n"
                for sql in (self.rows, self.totals) if sql]
        return sets + (self.first + ";\n" if self.first else "") + "".join(ends)

    def compare(self, where, wanted, answer):
        """`wanted` has the lists of the statements, in their order."""
        found = {}
        for row in answer["rows"]:
            key = tuple(str(row[name]) for name in self.key)
            if key in found:
                self.fault(where, f"two rows {key}")
            found[key] = row
        for row in wanted[0]:
            key = tuple(str(row[name]) for name in self.key)
            self.differences(where, key, row, found.pop(key, None))
        for key in found:
            self.fault(where, f"a row {key} that should not be there")
        if self.totals:
            self.differences(where, "totals", wanted[1][0], answer["totals"])

    def differences(self, where, key, wanted, found):
        if found is None:
            self.fault(where, f"no row {key}: {wanted}")
            return
        for name, value in wanted.items():
            if found.get(name) != value:
                self.fault(where, f"{key}: {name} is {found.get(name)} and not {value}")

    def fault(self, where, what):
        self.faults.append(f"{where}: {what}")


class Service:
    def __init__(self, token):
        address = urllib.parse.urlsplit(os.environ["CSPR_URL"]).netloc
        self.connection = http.client.HTTPConnection(address, timeout=120)
        self.token = token

    def get(self, path, **query):
        query = {name: value for name, value in query.items() if value}
        target = path + ("?" + urllib.parse.urlencode(query) if query else "")
        self.connection.request("GET", target, headers={"Authorization": "Bearer " + self.token})
        answer = self.connection.getresponse()
        text = answer.read().decode()
        if answer.status != 200:
            sys.exit(f"{target}: {answer.status} {text[:2000]}")
        return json.loads(text, parse_float=decimal.Decimal)

    def report(self, name, query):
        """With all of its rows, where it comes in pages."""
        whole = answer = self.get(f"/v1/reports/{name}", **query)
        while answer["links"]["next"]:
            answer = self.get(answer["links"]["next"])
            whole["rows"] += answer["rows"]
        return whole


# The walk over days and periods.

def periods(dice, today):
    """(what is asked, first day, last day)"""
    year = dice.randint(2019, today.year - 1)
    first = datetime.date(2019, 4, 1) + datetime.timedelta(dice.randint(0, 1500))
    last = first + datetime.timedelta(dice.randint(20, 900))
    yield {}, "", ""
    yield {"year": f"{year}-{(year + 1) % 100:02}"}, f"{year}-04-01", f"{year + 1}-03-31"
    yield {"from": str(first), "to": str(last)}, str(first), str(last)


def days(dice, today):
    yield today
    for _ in range(2):
        yield datetime.date(2019, 9, 1) + datetime.timedelta(
            dice.randint(0, (today - datetime.date(2019, 9, 1)).days))


def count_again(reports, seed, partnership, service, today):
    dice = random.Random(seed)
    for day in days(dice, today):
        for asked, first, last in periods(dice, today):
            script = (HERE / "prelude.sql").read_text(encoding="utf-8")
            fit = [report for report in reports if report.has_period or not asked]
            script += "".join(report.script(ask) for report in fit for ask in report.asks)
            lines = iter(psql(script, "-v", f"partnership={partnership}", "-v", f"as_of={day}",
                              "-v", f"first={first}", "-v", f"last={last}").splitlines())
            for report in fit:
                for ask in report.asks:
                    wanted = [json.loads(next(lines), parse_float=decimal.Decimal)
                              for sql in (report.rows, report.totals) if sql]
                    query = {**ask, **(asked or report.all_years),
                             **({} if day == today else {"as_of": str(day)})}
                    answer = service.report(report.name, query)
                    report.compare(f"seed {seed} {query}", wanted, answer)


def main():
    seeds = [int(word) for word in sys.argv[1:]]
    today = datetime.datetime.now(zoneinfo.ZoneInfo("Europe/London")).date()
    with open(os.environ["RECOUNT_HOLIDAYS"], encoding="utf-8") as file:
        holidays = {datetime.date.fromisoformat(row["date"]) for row in csv.DictReader(file)}
    reports = [Report(path) for path in sorted((HERE / "reports").glob("*.sql"))]
    print(f"# seeds {' '.join(map(str, seeds))}, {today}")
    for seed, token in zip(seeds, os.environ["CSPR_RECOUNT_TOKENS"].split(), strict=True):
        service = Service(token)
        partnership = service.get("/v1/partnership")["id"]
        agencies = [agency["id"] for agency in service.get("/v1/agencies")["data"]]
        world = generate.World(seed, partnership, agencies, holidays, today)
        load(world.tables())
        count_again(reports, seed, partnership, service, today)
    for number, report in enumerate(reports, 1):
        print(f"{'not ok' if report.faults else 'ok'} {number} - {report.name} is counted alike twice")
        for fault in report.faults[:FAULTS_SHOWN]:
            print(f"#   {fault}")
    sys.exit(any(report.faults for report in reports))


if __name__ == "__main__":
    main()
