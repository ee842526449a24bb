"""A random walk through the whole process, over HTTP, and what must hold after it.

    walk.py STEPS [SEED]

Takes operations of the OpenAPI document at random, with bodies made from their schemas and examples,
mostly such as `next_steps` allows, on whatever the walk has made so far; and tries what must be
refused. Each answer must be one that the document has, and never a fault of the service. At the end
the database is compared with rules of its own: the lists of legal steps, a second count of every clock, and
what may never be (forbidden.sql). A walk of 20,000 steps or more must have taken every legal step.
The environment: CSPR_URL, WALK_KEYS (a JSON file: for each walker its partnership's keys),
WALK_DATABASE_URL (may read everything), WALK_HOLIDAYS (the CSV of bank holidays), WALK_SECONDS (after
which it ends early), WALK_REASONS (set: tells why what was refused was refused).
Prints one TAP line for each thing that must hold.
"""
import collections
import json
import multiprocessing
import os
import random
import sys
import time

import clocks
import judges
import legal
from database import Database
from temptations import Temptations
from walker import Walker

FAIR = 1500  # so many nearly always bring something of every kind that faults.sql changes
ROUNDS = 8  # a walk that has not brought it goes on, at most so often
LONG = 20000
COUNTS = ("answers", "reasons", "tempted")


def walk(steps, seed, keys):
    end = time.monotonic() + float(os.environ.get("WALK_SECONDS") or "inf")
    walker = Walker(seed, keys)
    temptations = Temptations(walker, Database())
    walked = 0
    while walked < steps and time.monotonic() < end:
        way = walker.random.random()
        if way < 0.08:
            walked += temptations.try_one()
        elif way < 0.09:
            walked += walker.begin()
        else:
            walked += walker.push() if way < 0.65 else walker.step()
        if walker.random.random() < 0.2:
            walker.look()
    return [getattr(walker, name) for name in COUNTS], walker.faults, walked


def walk_all(steps, seed, all_keys):
    """Each walker by itself, in a process and a partnership of its own."""
    share = -(-steps // len(all_keys))
    with multiprocessing.Pool(len(all_keys)) as pool:
        parts = pool.starmap(walk, [(share, f"{seed}.{number}", keys)
                                    for number, keys in enumerate(all_keys)])
    sums = [sum((counts[at] for counts, _, _ in parts), collections.Counter())
            for at in range(len(COUNTS))]
    return sums, [fault for _, faults, _ in parts for fault in faults], sum(part[2] for part in parts)


def walk_on(steps, seed, all_keys):
    """Walks until each judge finds its fault, which takes something that the fault can be made of: a rapid
    review that was decided on is missing from one walk of 1,500 steps in about fifty."""
    walks = []
    blind = []
    for number in range(ROUNDS):
        walks.append(walk_all(steps, f"{seed}+{number}" if number else seed, all_keys))
        blind = list(judges.blind(Database().rows)) if walks[-1][2] >= FAIR else []
        if not blind:
            break
        print(f"# Round {number + 1}: {'; '.join(blind)}", flush=True)
    sums = [sum((counts[at] for counts, _, _ in walks), collections.Counter()) for at in range(len(COUNTS))]
    return sums, [fault for _, faults, _ in walks for fault in faults], sum(one[2] for one in walks), blind


def tell(answers, reasons, tempted):
    by_operation = collections.defaultdict(dict)
    for (operation, status), count in answers.items():
        by_operation[operation][status] = count
    for operation, counts in sorted(by_operation.items()):
        print(f"# {operation}: " + ", ".join(f"{status} × {count}"
                                             for status, count in sorted(counts.items())))
    print("# Tried although it must not be:")
    for (kind, status), count in sorted(tempted.items()):
        print(f"#   {kind}: {status} × {count}")
    if os.environ.get("WALK_REASONS"):
        for reason, count in reasons.most_common(80):
            print(f"#   refused {count} ×: {reason}")


def tell_coverage(taken):
    known = legal.steps().keys() | {(one[0], *one[2:]) for one in legal.followed()}
    print("# How often each legal step was taken:")
    for step in sorted(known):
        print(f"#   {taken.get(step, 0):6} {step[0]}: {step[1] or '(nothing)'} → {step[2]}")
    never = sorted(step for step in known if step not in taken)
    print(f"# {len(known) - len(never)} of {len(known)} legal steps were taken")
    return ["/".join(step) for step in never]


def report(number, name, faults):
    faults = list(faults)
    print(f"{'not ok' if faults else 'ok'} {number} - {name}", flush=True)
    for fault in faults[:10]:
        print(f"#   {fault}")
    return not faults


def main():
    steps = int(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(10 ** 9)
    with open(os.environ["WALK_KEYS"], encoding="utf-8") as file:
        all_keys = json.load(file)
    begun = time.monotonic()
    print(f"# {steps} steps, seed {seed}, {len(all_keys)} walkers", flush=True)
    counts, faults, walked, blind = walk_on(steps, seed, all_keys)
    print(f"# {walked} steps were taken in {time.monotonic() - begun:.0f} seconds")
    tell(*counts)
    rows = Database().rows
    never = tell_coverage(judges.taken(rows))
    good = [report(1, "every answer is one that the caller can act on", faults),
            report(2, "every step was legal", judges.illegal_steps(rows)),
            report(3, "every clock agrees with a second count", clocks.wrong(rows)),
            report(4, "a long walk takes every legal step", never if walked >= LONG else [])]
    good.append(report(5, "what looks for the forbidden finds it", blind))
    for number, (name, sql) in enumerate(judges.named("forbidden.sql").items(), 6):
        good.append(report(number, name, judges.found_by(rows, sql)))
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
