"""What must hold of the database after a walk, by rules that are not the service's own."""
import pathlib
import re

import legal

HERE = pathlib.Path(__file__).resolve().parent


def illegal_steps(rows):
    """Steps of the log that are in no list of ours, and such as do not follow one another."""
    known, followed = legal.steps(), legal.followed()
    for subject, operation, begin, end in rows(
            "SELECT DISTINCT subject, operation, from_state, to_state FROM transition"):
        if any((subject, operation) == one[:2] for one in followed):
            is_legal = (subject, operation, begin, end) in followed
        else:
            is_legal = (subject, begin, end) in known
        if not is_legal:
            yield f"{subject}: {operation} from {begin or 'nothing'} to {end}"
    for subject, subject_id in rows(
            "SELECT subject, subject_id FROM (SELECT subject, subject_id, from_state, lag(to_state)"
            " OVER (PARTITION BY subject, subject_id ORDER BY id) AS before FROM transition) AS t"
            " WHERE before IS NOT NULL AND from_state <> before AND subject <> 'incident'"):
        yield f"{subject} {subject_id}: a step that no step led to"


def named(file):
    """The statements of a file by their names, the comment lines above them."""
    text = (HERE / file).read_text(encoding="utf-8")
    return {title: sql.strip() for title, sql in re.findall(r"-- (.+)\n((?:(?!-- ).*\n)+)", text)}


def found_by(rows, sql):
    return [" ".join(row) for row in rows(sql)]


def taken(rows):
    """How often each step was taken."""
    return {(subject, begin, end): int(count) for subject, begin, end, count in rows(
        "SELECT subject, from_state, to_state, count(*) FROM transition GROUP BY 1, 2, 3")}


def blind(rows):
    """Judges that do not see the fault that faults.sql puts before them, or see one where none is.

    Each works on a copy that nobody else sees: a transaction that is rolled back.
    """
    faults = named("faults.sql")
    sound = faults.pop("a sound story")
    forbidden = named("forbidden.sql")
    yield from (f"has no fault: {name}" for name in forbidden.keys() - faults.keys())
    yield from (f"has no judge: {name}" for name in faults.keys() - forbidden.keys())
    for name, fault in faults.items():
        rows("BEGIN")
        rows(sound)
        if rows(forbidden[name]):
            yield f"finds a fault in a sound story: {name}"
        rows(fault)
        if not rows(forbidden[name]):
            yield f"does not find its fault: {name}"
        rows("ROLLBACK")
