"""A second count of every clock, by another way than the service's: days are walked one by one."""
import csv
import datetime
import os

EPOCH = datetime.date(1970, 1, 1)
# Due on the day that was agreed; nothing is counted.
AGREED = {"action", "assurance", "embargo_review"}


def iso(days):
    return (EPOCH + datetime.timedelta(days)).isoformat()


def holidays():
    with open(os.environ["WALK_HOLIDAYS"], encoding="utf-8") as file:
        return {row["date"] for row in csv.DictReader(file)}


def working(day, free):
    return day.weekday() < 5 and day.isoformat() not in free


def add_working_days(day, count, free):
    step = datetime.timedelta(1 if count > 0 else -1)
    left = abs(count)
    while left:
        day += step
        left -= working(day, free)
    return day


def add_months(day, count):
    month = day.month - 1 + count
    year, month = day.year + month // 12, month % 12 + 1
    for last in (31, 30, 29, 28):
        try:
            return datetime.date(year, month, min(day.day, last))
        except ValueError:
            continue
    raise AssertionError


def due(unit, length, start, free):
    if unit == "working_day":
        return add_working_days(start, length, free)
    if unit == "month":
        return add_months(start, length)
    return start + datetime.timedelta(length)


def wrong(rows):
    free = holidays()
    for clock, kind, unit, length, start, end in rows(
            "SELECT id, kind, unit, length, starts_on, due_on FROM clock WHERE NOT agreed"):
        if kind in AGREED:
            continue
        counted = due(unit, int(length), datetime.date.fromisoformat(start), free)
        if counted.isoformat() != end:
            yield f"{kind} {clock}: due {end}, counted {counted} from {start}"
    for clock, kind in rows(
            "SELECT min(id::text), kind FROM clock WHERE superseded_at IS NULL AND cancelled_at IS NULL"
            " AND completed_on IS NULL GROUP BY partnership_id, subject_id, resource_id, kind"
            " HAVING count(*) > 1"):
        yield f"{kind} {clock}: two of them run"
