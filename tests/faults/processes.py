"""Processes of the suite's own: started, waited for, killed and ended by their id.

Each has a record in the suite's folder as tools/dev/process.sh writes it, so that the script that
called us ends what we could not.
"""
import os
import pathlib
import signal
import subprocess
import time

FOLDER = pathlib.Path(os.environ["FAULT_FOLDER"])
PATIENCE = 60  # seconds for what must come; generous, because machines are shared


class Broken(Exception):
    """What was promised does not hold, or a scenario could not be played to its end."""


def wait_until(holds, seconds, what):
    """Waits for the condition and gives back what it said; what it waited for is named if it never came."""
    until = time.monotonic() + seconds
    while True:
        said = holds()
        if said:
            return said
        if time.monotonic() > until:
            raise Broken(f"{what}: not within {seconds} s")
        time.sleep(0.005)


def identity(number):
    """What process.sh calls a process: its id, the moment it began, and the boot."""
    stat = pathlib.Path(f"/proc/{number}/stat").read_text().rsplit(") ", 1)[1].split()
    return f"{number} {stat[19]} {pathlib.Path('/proc/sys/kernel/random/boot_id').read_text()}"


class Process:
    """A program that runs beside us."""

    def __init__(self, name, command, log, **options):
        self.name = name
        self.log = FOLDER / log
        self.record = FOLDER / f"{name}.pid"
        with open(self.log, "ab") as output:
            self.running = subprocess.Popen([str(word) for word in command], stderr=output,
                                            stdin=options.pop("stdin", subprocess.DEVNULL),
                                            stdout=options.pop("stdout", output), **options)
        self.record.write_text(identity(self.running.pid))

    @property
    def id(self):
        return self.running.pid

    def alive(self):
        return self.running.poll() is None

    def send(self, number):
        if self.alive():
            self.running.send_signal(number)

    def kill(self):
        self.send(signal.SIGKILL)
        self.wait(10)

    def wait(self, seconds):
        """Its exit status."""
        try:
            status = self.running.wait(seconds)
        except subprocess.TimeoutExpired as late:
            raise Broken(f"{self.name} has not ended within {seconds} s") from late
        self.record.unlink(missing_ok=True)
        return status

    def end(self, number=signal.SIGTERM, seconds=30):
        """Asks it to end; by force when it does not, which is told."""
        self.send(number)
        try:
            return self.wait(seconds)
        except Broken:
            self.kill()
            raise


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False,
                          **options)
    if done.returncode != 0:
        raise Broken(f"{' '.join(str(word) for word in command[:3])} ended with {done.returncode}: "
                     f"{done.stderr[-1500:]}")
    return done.stdout
