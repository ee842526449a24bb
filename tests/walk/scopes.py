"""The keys of a walk.

    scopes.py ROLE <openapi.json        the scopes of a role, one a line
    scopes.py --collect FILE...         the lines that run_walk.sh wrote of each partnership, as JSON
"""
import json
import sys

# Whoever acts in law has a scope for it beside those that read and write.
ROLES = {
    "everything": lambda scope: not scope.endswith("_own"),
    "reader": lambda scope: scope.endswith(":read"),
    "unit": lambda scope: scope.endswith((":read", ":write")),
    "publisher": lambda scope: scope.endswith(":read") or scope == "reviews:publish",
    "approver": lambda scope: scope.endswith((":read", ":write")) or scope == "reviews:approve",
    "signer": lambda scope: scope.endswith(":read") or scope == "reviews:sign_off",
    "decider": lambda scope: scope.endswith((":read", ":decide")) or scope == "referrals:assess",
    "partner": lambda scope: scope.endswith("_own"),
}


def scopes(role):
    document = json.load(sys.stdin)
    found = {scope for path in document["paths"].values() for operation in path.values()
             if isinstance(operation, dict) for wanted in operation.get("security", [])
             for scope in wanted.get("bearer", [])}
    return sorted(filter(ROLES[role], found))


def collected(path):
    keys = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            name, granted, token = line.rstrip("\n").split("\t")
            keys[name] = {"name": name, "scopes": granted.split(), "token": token,
                          "stranger": name == "stranger"}
    return {"everything": keys.pop("everything"), "others": keys}


if sys.argv[1] == "--collect":
    json.dump([collected(path) for path in sys.argv[2:]], sys.stdout)
else:
    print(*scopes(sys.argv[1]), sep="\n")
