"""Counts the test cases of a run: those that Criterion wrote down, and one for any other program.

A program that failed although each of its cases passed (it crashed, leaked at its end or was cut
off) adds one failure. Prints the failures and then the line that `./dev test` ends with.
"""
import hashlib
import json
import pathlib
import sys


def cases_of(results, command):
    name = hashlib.sha256("".join(word + "\n" for word in command).encode()).hexdigest()[:32]
    path = results / (name + ".tap")
    if not path.exists():
        return None
    passed, failed, skipped = 0, [], 0
    for line in path.read_text(errors="replace").splitlines():
        if line.startswith("ok "):
            if "# SKIP" in line:
                skipped += 1
            else:
                passed += 1
        elif line.startswith("not ok "):
            failed.append(line.split(" - ", 1)[-1].split("  (")[0])
    return passed, failed, skipped


def tally(log, results, wrapper):
    passed, failed, skipped = 0, [], 0
    for line in log.read_text().splitlines():
        test = json.loads(line)
        command = test["command"]
        command = command[command.index(wrapper) + 1:] if wrapper in command else command
        cases = cases_of(results, command)
        good = test["result"] in ("OK", "EXPECTEDFAIL")
        if test["result"] == "SKIP":
            skipped += 1
        elif cases is None or test["result"] == "EXPECTEDFAIL":
            passed += good
            failed += [] if good else [f"{test['name']}: {test['result']}"]
        else:
            passed += cases[0]
            skipped += cases[2]
            failed += [f"{test['name']}: {case}" for case in cases[1]]
            if not good and not cases[1]:
                failed.append(f"{test['name']}: {test['result']} {test.get('returncode', '')}")
            if good and cases[1]:
                failed.append(f"{test['name']}: failed cases, but exit status 0")
    return passed, failed, skipped


def main():
    log, results, wrapper, further = sys.argv[1:5]
    passed, failed, skipped = tally(pathlib.Path(log), pathlib.Path(results), wrapper)
    # Checks of ./dev test itself: one "ok NAME" or "not ok NAME" a line.
    for line in pathlib.Path(further).read_text().splitlines():
        if line.startswith("ok "):
            passed += 1
        else:
            failed.append(line.removeprefix("not ok "))
    for failure in failed:
        print("failed:", failure)
    print(f"{passed} passed, {len(failed)} failed, {skipped} skipped")
    sys.exit(0 if passed and not failed else 1)


if __name__ == "__main__":
    main()
