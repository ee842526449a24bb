"""Loads the example partnership through the service's own interface.

    load_example.py FILE agencies | incidents

"agencies" makes the partnership and its agencies with csprd; "incidents" brings in each incident
with cspr, and records its notification as one that was made elsewhere.
"""
import json
import subprocess
import sys


def run(*command, given=None):
    done = subprocess.run(command, input=given, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}: {done.stderr}")
    return done.stdout


def make_agencies(example):
    partnership = example["partnership"]
    run("csprd", "partnerships", "create", "--slug", partnership["slug"],
        "--name", partnership["name"], "--area-code", partnership["area_code"])
    for agency in example["agencies"]:
        command = ["csprd", "agencies", "create", "--partnership", partnership["slug"],
                   "--slug", agency["slug"], "--name", agency["name"], "--kind", agency["kind"]]
        run(*command, *(["--statutory-partner"] if agency.get("statutory_partner") else []))


def load_incidents(example):
    for row in example["incidents"]:
        incident = json.loads(run("cspr", "incident", "create", "-o", "json", "-f", "-",
                                  given=json.dumps(row["incident"])))
        if not row.get("notified_on"):
            continue
        notification = {"kind": incident["duty"], "transmission": "record",
                        "notified_on": row["notified_on"]}
        run("cspr", "notification", "create", incident["id"], "-o", "json", "-f", "-",
            given=json.dumps(notification))


def main():
    path, part = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        example = json.load(file)
    {"agencies": make_agencies, "incidents": load_incidents}[part](example)


if __name__ == "__main__":
    main()
