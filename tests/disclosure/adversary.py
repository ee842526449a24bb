"""An adversary who tries to work out what a publication hides, with an integer programme of GLPK.

He sees what is shown, knows every sum that holds, and knows of each hidden cell whether it was hidden
because it is small or to shield another. What he can narrow to one value he has worked out.
"""
import subprocess
import tempfile


class Publication:
    def __init__(self, threshold):
        self.threshold = threshold
        self.bounds = {}   # name: (least, most or None)
        self.hidden = {}   # name of a small count that is hidden: what it is
        self.equations = []  # [(coefficient, name)], which sum to nought
        self.known_as = {}  # of what has another name: that one

    def show(self, name, count):
        self.bounds[name] = (count, count)

    def hide(self, name, count):
        """What nobody is shown: the adversary knows whether it is small."""
        self.bounds[name] = (1, self.threshold - 1) if 0 < count < self.threshold else (
            self.threshold if count else 0, None)
        self.note(name, count)

    def veil(self, name, count):
        """Hidden with everything beside it: he cannot even tell what is small."""
        self.bounds[name] = (0, None)
        self.note(name, count)

    def note(self, name, count):
        if 0 < count < self.threshold:
            self.hidden[name] = count

    def imply(self, name, count):
        """What stands nowhere, but follows from other cells."""
        self.bounds[name] = (0, None)
        self.note(name, count)

    def sum(self, parts, whole):
        self.equations.append([(1, part) for part in parts] + [(-1, whole)])

    def same(self, one, other):
        """Two publications of one thing: what one of them shows is no secret in the other."""
        one, other = self.name_of(one), self.name_of(other)
        if one != other:
            self.known_as[other] = one

    def name_of(self, name):
        while name in self.known_as:
            name = self.known_as[name]
        return name

    def worked_out(self):
        """The small counts that the adversary gets: [(name, count)]."""
        found = []
        cells = self.cells()
        for name, count in {self.name_of(name): count for name, count in self.hidden.items()}.items():
            if self.solve("Minimize", name, cells) == count == self.solve("Maximize", name, cells):
                found.append((name, count))
        return found

    def cells(self):
        """{name: (least, most)} of what is told under any of its names."""
        cells = {}
        for name, (least, most) in self.bounds.items():
            known = cells.get(self.name_of(name), (0, None))
            cells[self.name_of(name)] = (
                max(least, known[0]), known[1] if most is None else
                most if known[1] is None else min(most, known[1]))
        return cells

    def solve(self, direction, name, cells):
        """The least or most that the cell may be; None when there is no bound."""
        ids = {cell: f"x{i}" for i, cell in enumerate(cells)}
        lines = [direction, f" what: {ids[name]}", "Subject To"]
        for i, equation in enumerate(self.equations):
            terms = " ".join(f"{'+' if factor > 0 else '-'} {ids[self.name_of(cell)]}"
                             for factor, cell in equation)
            lines.append(f" e{i}: {terms} = 0")
        if not self.equations:
            lines.append(f" e0: {ids[name]} >= 0")
        lines.append("Bounds")
        for cell, (least, most) in cells.items():
            lines.append(f" {least} <= {ids[cell]}" + (f" <= {most}" if most is not None else ""))
        lines += ["Generals", " " + "\n ".join(ids.values()), "End", ""]
        with tempfile.TemporaryDirectory(prefix="cspr-glpsol-") as directory:
            with open(directory + "/problem.lp", "w", encoding="ascii") as file:
                file.write("\n".join(lines))
            done = subprocess.run(["glpsol", "--lp", "problem.lp", "-w", "answer"], cwd=directory,
                                  capture_output=True, text=True, check=False)
            if "UNBOUNDED" in done.stdout or "HAS NO DUAL FEASIBLE" in done.stdout:
                return None
            if done.returncode != 0:
                raise RuntimeError(done.stdout + done.stderr)
            with open(directory + "/answer", encoding="ascii") as file:
                for line in file:
                    if line.startswith("s mip"):
                        words = line.split()
                        if words[4] != "o":
                            raise RuntimeError(f"no solution: {line} {done.stdout[-2000:]}")
                        return round(float(words[5]))
        raise RuntimeError("glpsol gave no answer: " + done.stdout[-2000:])
