"""Everything that the service publishes, against the adversary.

    solve_reports.py PARTNERSHIP

Asks for each public report of each closed reporting year as of the end of each, once with nothing hidden
(the truth of what is public) and once by the partnership's policy, and lets the adversary try all of it
together. He takes what did not change from one day to the next to be the same. The environment:
CSPR_URL, CSPR_TOKEN, and csprd's own for its policies.
"""
import datetime
import json
import os
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

from adversary import Publication

THRESHOLD = 5
ROUNDING = 5
POLICIES = [(1, 1), (THRESHOLD, 1), (THRESHOLD, ROUNDING)]
FIRST_YEAR = 2018


def ask(path, **parameters):
    query = urllib.parse.urlencode({name: value for name, value in parameters.items() if value})
    request = urllib.request.Request(
        os.environ["CSPR_URL"] + path + ("?" + query if query else ""),
        headers={"Authorization": "Bearer " + os.environ["CSPR_TOKEN"]})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code == 409:  # it cannot be made safe, and so is not published
            return None
        sys.exit(f"{path}?{query}: {error.code} {error.read().decode()}")


def decide(partnership, threshold, rounding):
    subprocess.run(["csprd", "policies", "disclosure", "--partnership", partnership,
                    "--threshold", str(threshold), "--rounding", str(rounding)], check=True)


def closed_years():
    today = datetime.date.today()
    last = today.year - 1 if today.month > 3 else today.year - 2
    return [f"{year}-{(year + 1) % 100:02}" for year in range(FIRST_YEAR, last + 1)]


def ends_on(year):
    return f"{int(year[:4]) + 1}-03-31"


def resolved(document, schema):
    while "$ref" in schema:
        place = document
        for step in schema["$ref"].split("/")[1:]:
            place = place[step]
        schema = place
    return schema


def row_members(document, operation):
    schema = resolved(document, operation["responses"]["200"]["content"]["application/json"]["schema"])
    for part in [schema, *schema.get("allOf", [])]:
        rows = resolved(document, part).get("properties", {}).get("rows", {})
        found = resolved(document, rows.get("items", {})).get("properties")
        if found:
            return found
    return {}


class Report:
    def __init__(self, path, operation, members):
        self.path = path
        self.said = operation["x-report"]["public"]
        self.disclosed = {key: member["x-disclosure"] for key, member in members.items()
                          if "x-disclosure" in member}

    def questions(self):
        # A breakdown of a year is told once, as the year stood at its end.
        if "needs" in self.said:
            return [{self.said["needs"]: year, "as_of": ends_on(year)} for year in closed_years()]
        return [{"as_of": ends_on(year)} for year in closed_years()]

    def counts(self):
        return [key for key, said in self.disclosed.items() if said["kind"] in ("count", "base")]


def public_reports(document):
    for path, item in document["paths"].items():
        operation = item.get("get", {})
        if "public" in operation.get("x-report", {}):
            yield Report(path, operation, row_members(document, operation))


def path_of(report, question):
    return report.path + "?" + urllib.parse.urlencode(question)


def named_rows(report, question, answer):
    """Each row and the totals, with the name of their cells."""
    name = path_of(report, question)
    for index, row in enumerate(answer["rows"]):
        yield f"{name} {index}", row
    yield f"{name} totals", answer["totals"]


def add_cells(seen, report, question, truth, shown):
    for (name, row), (_, told) in zip(named_rows(report, question, truth),
                                      named_rows(report, question, shown)):
        for key in report.counts():
            if not isinstance(row.get(key), int):
                continue
            cell = f"{name} {key}"
            if key in told.get("suppressed", []):
                seen.hide(cell, row[key])
            else:
                if told[key] != row[key]:
                    sys.exit(f"{cell} is {row[key]} and shown as {told[key]}")
                seen.show(cell, row[key])
            base = report.disclosed[key].get("within")
            # A total of counts that overlap, as those of themes do, is no part of their base.
            if base and row[base] >= row[key]:
                rest = cell + " rest"
                seen.imply(rest, row[base] - row[key])
                seen.sum([cell, rest], f"{name} {base}")


def expect_rounded(report, question, shown, rounded):
    """Rounding follows from what is shown, so that the adversary gets nothing from it that he has not."""
    for (name, row), (_, told) in zip(named_rows(report, question, shown),
                                      named_rows(report, question, rounded)):
        if row.get("suppressed") != told.get("suppressed"):
            sys.exit(f"{name} hides {row.get('suppressed')}, and rounded {told.get('suppressed')}")
        for key in told.keys() & row.keys():
            said = report.disclosed.get(key, {})
            if said.get("kind") == "share" and told[key] is not None:
                of = [told[member] for member in said["of"]]
                expected = of[1] and int(1000 * of[0] / of[1] + 0.5) / 10
            elif isinstance(told[key], (int, float)) and not isinstance(told[key], bool):
                expected = (row[key] + ROUNDING // 2) // ROUNDING * ROUNDING
            else:
                continue
            if told[key] != expected:
                sys.exit(f"{name} {key} is {row[key]} and rounded {told[key]}, not {expected}")


def add_sums(seen, report, question, truth):
    rows = list(named_rows(report, question, truth))
    for said in report.said.get("sums", []):
        groups = {}
        for name, row in rows[:-1]:
            if isinstance(row.get(said["member"]), int):
                groups.setdefault(json.dumps([row[key] for key in said["by"]]), []).append(name)
        for names in groups.values():
            parts = [f"{name} {said['member']}" for name in names]
            whole = (f"{rows[-1][0]} {said['member']}" if said["whole"] == "totals"
                     else f"{names[0]} {said['whole']}")
            if whole in seen.bounds:
                veil_if_all_are_hidden(seen, parts)
                seen.sum(parts, whole)


def veil_if_all_are_hidden(seen, parts):
    """Where even nought is hidden, nobody can tell what is small."""
    if all(seen.bounds[part][0] != seen.bounds[part][1] for part in parts):
        if any(seen.bounds[part] == (0, None) for part in parts):
            for part in parts:
                seen.bounds[part] = (0, None)


def said_of(row):
    """What a row is of."""
    return tuple(value for value in row.values() if isinstance(value, str))


def add_links(seen, told):
    """What two reports tell of the same thing."""
    by_year = "/v1/reports/rapid-reviews-by-year?"
    annual = "/v1/reports/annual-report?"
    for path, rows in told.items():
        asked = dict(urllib.parse.parse_qsl(path.split("?")[1]))
        named = {row.get("year"): (name, row)
                 for name, row in told[by_year + urllib.parse.urlencode({"as_of": asked["as_of"]})]}
        year = named.get(asked.get("year"))
        for name, row in rows:
            if path.startswith(annual) and year and row.get("section") == "Incidents":
                seen.same(f"{year[0]} rapid_reviews", f"{name} denominator")
            elif path.startswith("/v1/reports/themes?") and "theme" in row:
                total, counts = named[None]
                if counts.get("lcsprs") == row["denominator"]:
                    seen.same(f"{total} lcsprs", f"{name} denominator")


def add_days(seen, reports, told):
    """What a report told of the same thing on two days.

    Of the same base, so that he can tell that nothing came to it: that a theme was found no more often
    among more reviews is only a guess, for its count before may be any up to that.
    """
    for report in reports:
        before = {}
        for question in report.questions():
            for name, row in told.get(path_of(report, question), []):
                for key in report.counts():
                    cell = f"{name} {key}"
                    if cell not in seen.bounds:
                        continue
                    base = row.get(report.disclosed[key].get("within"))
                    thing = (question.get("year"), said_of(row), key, row[key], base)
                    seen.same(before.setdefault(thing, cell), cell)


def main():
    partnership = sys.argv[1]
    document = ask("/openapi.json")
    reports = list(public_reports(document))
    answers = {}
    for policy in POLICIES:
        decide(partnership, *policy)
        for report in reports:
            for question in report.questions():
                answers[policy, report.path, str(question)] = ask(
                    report.path, audience="public", **question)
    seen = Publication(THRESHOLD)
    refused = 0
    told = {}
    for report in reports:
        for question in report.questions():
            truth, shown, rounded = (answers[policy, report.path, str(question)]
                                     for policy in POLICIES)
            if shown is None:
                refused += 1
                continue
            expect_rounded(report, question, shown, rounded)
            add_cells(seen, report, question, truth, shown)
            add_sums(seen, report, question, truth)
            rows = list(named_rows(report, question, truth))
            told[path_of(report, question)] = rows
    add_links(seen, told)
    add_days(seen, reports, told)
    lost = seen.worked_out()
    for name, count in lost:
        print(f"# worked out: {name} is {count}")
    print(f"# {len(reports)} reports, {refused} answers refused, {len(seen.bounds)} cells, "
          f"{len(seen.hidden)} small counts hidden, {len(lost)} worked out")
    return 1 if lost or not seen.hidden or not reports else 0


if __name__ == "__main__":
    sys.exit(main())
