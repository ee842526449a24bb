"""Random tables, decided by the service's own rule (protect), against the adversary.

    solve_tables.py PROTECT COUNT SEED
"""
import random
import subprocess
import sys

from adversary import Publication

THRESHOLD = 5


class Table:
    """Cells with what the rule is told of them, and sums of indices."""

    def __init__(self):
        self.cells = []
        self.sums = []

    def add(self, count, kind=""):
        self.cells.append((count, kind))
        return len(self.cells) - 1

    def whole(self, parts, kind=""):
        index = self.add(sum(self.cells[part][0] for part in parts), kind)
        self.sums.append((parts, index))
        return index

    def line(self):
        cells = " ".join(f"{count}{kind}" for count, kind in self.cells)
        sums = "".join("; " + " ".join(map(str, parts)) + f" = {whole}" for parts, whole in self.sums)
        return f"{THRESHOLD}; {cells}{sums}"


def count(chance):
    return chance.choice([0, 0, 1, 1, 2, 3, 4, 5, 5, 6, 7, 9, 12, 20])


def breakdown(chance):
    """Topics that each sum to a base which other tables show."""
    table = Table()
    parts = [table.add(count(chance)) for _ in range(chance.randint(2, 6))]
    table.whole(parts, "f")
    return table


def by_year(chance):
    """Years that sum to a total of their own, with a part of each and its rest."""
    table = Table()
    years, of_years = [], []
    for _ in range(chance.randint(1, 7)):
        part, rest = count(chance), count(chance)
        part_cell, rest_cell = table.add(part), table.add(rest, "i")
        years.append(table.whole([part_cell, rest_cell]))
        of_years.append(part_cell)
    table.whole(years)
    table.whole(of_years)
    return table


def two_ways(chance):
    """A table with totals of rows and columns, and a grand total that stands elsewhere."""
    table = Table()
    rows, columns = chance.randint(2, 5), chance.randint(2, 4)
    cells = [[table.add(count(chance)) for _ in range(columns)] for _ in range(rows)]
    of_rows = [table.whole(row) for row in cells]
    of_columns = [table.whole([row[i] for row in cells]) for i in range(columns)]
    grand = table.whole(of_rows, "f")
    table.sums.append((of_columns, grand))
    return table


def main():
    protect, wanted, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    chance = random.Random(seed)
    tables = [chance.choice([breakdown, by_year, two_ways])(chance) for _ in range(wanted)]
    done = subprocess.run([protect], input="\n".join(table.line() for table in tables) + "\n",
                          capture_output=True, text=True, check=True)
    refused = hidden = lost = 0
    for table, decided in zip(tables, done.stdout.split("\n")):
        if decided == "refused":
            refused += 1
            continue
        seen = Publication(THRESHOLD)
        for name, ((number, kind), letter) in enumerate(zip(table.cells, decided)):
            if kind == "i":
                seen.imply(name, number)
            elif letter == "s":
                seen.show(name, number)
            elif letter == "v":
                seen.veil(name, number)
            else:
                seen.hide(name, number)
        for parts, whole in table.sums:
            seen.sum(parts, whole)
        hidden += len(seen.hidden)
        for name, number in seen.worked_out():
            lost += 1
            print(f"# worked out: cell {name} is {number}: {table.line()} {decided}")
    print(f"# {wanted} tables, {refused} refused, {hidden} small counts hidden, {lost} worked out")
    return 1 if lost or refused or not hidden else 0


if __name__ == "__main__":
    sys.exit(main())
