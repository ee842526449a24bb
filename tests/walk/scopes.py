"""Every scope of the document on standard input that reaches a whole partnership, as --scope words."""
import json
import sys

document = json.load(sys.stdin)
found = {scope for path in document["paths"].values() for operation in path.values()
         if isinstance(operation, dict) for wanted in operation.get("security", [])
         for scope in wanted.get("bearer", [])}
for scope in sorted(found):
    if not scope.endswith("_own"):
        print("--scope", scope, sep="\n")
