"""The ceiling's scripts: what the service was seen to send for one request, for pgbench.

A server that logs statements writes each one that is executed, with its parameters. From the
transaction of one request this makes a pgbench script that sends the same texts, prepared, with the
same parameters, in one pipeline. Ids that the request made are made anew in each transaction.
"""
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import embed_sql  # noqa: E402

RECORD = re.compile(r"^\d{4}-\d\d-\d\d [\d:.]+ \w+ \[(?P<pid>\d+)\] .*?(?P<level>LOG|DETAIL):  ")
EXECUTE = re.compile(r"execute (?P<name>[^:]*): (?P<sql>.*)", re.S)
PARAMETER = re.compile(r"\$(\d+) = (NULL|'((?:[^']|'')*)')", re.S)
UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
ENDS = ("COMMIT", "ROLLBACK")
FIRST = "authenticate"


def records(text):
    """Yields (pid, level, message); a line that begins with a tab continues the one before."""
    current = None
    for line in text.splitlines():
        match = RECORD.match(line)
        if match:
            if current:
                yield current
            current = (match["pid"], match["level"], line[match.end():])
        elif current and line.startswith("\t"):
            current = (current[0], current[1], current[2] + "\n" + line[1:])
        elif current:
            yield current
            current = None
    if current:
        yield current


def transactions(text):
    """Yields each whole transaction as [(name, sql, parameters)], None for a null.

    One that reads is a pipeline without BEGIN and COMMIT: it begins with authenticate, and is whole
    when the next one begins.
    """
    open_ones = {}
    for pid, level, message in records(text):
        steps = open_ones.setdefault(pid, [])
        if level == "DETAIL" and steps and message.startswith("parameters: "):
            for number, whole, quoted in PARAMETER.findall(message):
                value = None if whole == "NULL" else quoted.replace("''", "'")
                steps[-1][2][int(number)] = value
            continue
        match = EXECUTE.match(message) if level == "LOG" else None
        if not match:
            continue
        sql = match["sql"].strip().rstrip(";")
        if sql.startswith("BEGIN") or (match["name"] == FIRST and not writes(steps)):
            if reads(steps):
                yield list(steps)
            steps.clear()
        steps.append((match["name"], sql, {}))
        if sql in ENDS:
            yield list(steps)
            steps.clear()
    for steps in open_ones.values():
        if reads(steps):
            yield steps


def reads(steps):
    return bool(steps) and steps[0][0] == FIRST


def writes(steps):
    return bool(steps) and steps[0][1].startswith("BEGIN")


def find(text, statement):
    """The last whole transaction that executed the statement, or None."""
    found = None
    for steps in transactions(text):
        whole = reads(steps) or writes(steps)
        if whole and any(name == statement for name, _, _ in steps):
            found = steps
    return found


class Script:
    """A pgbench script and the variables that it needs on the command line."""

    def __init__(self, steps, fresh=(), expressions=None):
        """`fresh` are texts to be made anew each time; `expressions` map a value to an SQL text."""
        self.variables = {}
        self.fresh = list(fresh)
        self.expressions = expressions or {}
        body = [self.statement(number, *step[1:]) for number, step in enumerate(steps)]
        self.text = "\n".join([
            "\\set k :k + 1",
            # Twelve digits, different for each id, client and transaction.
            *(f"\\set u{i} {i + 1}00000000000 + :client_id * 1000000000 + :k"
              for i in range(len(self.fresh))),
            "\\startpipeline", *body, "\\endpipeline", ""])

    def statement(self, number, sql, parameters):
        names = [f"s{number}p{position}" for position in range(1, len(parameters) + 1)]
        text = embed_sql.pgbench_text(sql, names)
        for position, name in enumerate(names, 1):
            text = re.sub(rf":{name}\b", lambda _: self.value(name, parameters[position]), text)
        return text

    def value(self, name, value):
        if value is None:
            return "NULL"
        if value in self.expressions:
            return self.expressions[value]
        self.variables[name] = value
        expression = f":{name}"
        for number, old in enumerate(self.fresh):
            if old in value:
                expression = f"replace({expression}, '{old}', :u{number}::text)"
        return expression if expression.startswith(":") else f"({expression})"


def fresh_ids(steps, known):
    """The last twelve digits of each id that the request made."""
    made = []
    for _, _, parameters in steps:
        for value in parameters.values():
            for found in UUID.findall(value or ""):
                if found not in known and found[-12:] not in made:
                    made.append(found[-12:])
    return made
