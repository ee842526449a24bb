"""PostgreSQL servers of the suite's own: started, killed in every way, cloned and promoted."""
import os
import pathlib
import signal
import subprocess
import time

from processes import FOLDER, PATIENCE, Broken, Process, run, wait_until

PROGRAMS = pathlib.Path(os.environ["FAULT_POSTGRESQL"])
PLACE = pathlib.Path(os.environ["FAULT_CLUSTER"])
# PostgreSQL does not run as root.
AS_USER = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] if os.geteuid() == 0 else []


def as_user(*command):
    return run(*AS_USER, *command, cwd="/")


class Server:
    """A server over one data directory, with the directory of its socket."""

    def __init__(self, name="primary", data=PLACE / "data", socket=PLACE / "socket", port=5432):
        self.name, self.data, self.socket, self.port = name, data, socket, port
        self.process = None

    def url(self, user, database="cspr"):
        return f"postgresql://{user}@/{database}?host={self.socket}&port={self.port}"

    def start(self, *options):
        self.begin(*options)
        wait_until(self.answers, PATIENCE, f"the start of {self.name}")

    def begin(self, *options):
        """Starts it without waiting until it answers."""
        if self.process and not self.process.alive():
            # A postmaster that was killed leaves children that must be gone before the next starts.
            wait_until(self.no_children, PATIENCE, "the end of the old server's processes")
        self.process = Process(f"postgres-{self.name}", [*AS_USER, PROGRAMS / "postgres", "-D", self.data,
                                "-p", str(self.port), *options],
                               f"postgres-{self.name}.log", cwd="/", start_new_session=True)

    def no_children(self):
        """Whether nobody of the server's session is left; the postmaster made the session."""
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rsplit(") ", 1)[1].split()
            except OSError:
                continue
            # Each backend makes a session of its own; its parent is the postmaster, or what adopted it.
            if fields[0] != "Z" and self.owns(stat.parent):
                return False
        return True

    def named(self, word):
        """The ids of its processes whose title has the word."""
        found = []
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if self.owns(process) and word in (process / "cmdline").read_text():
                    found.append(int(process.name))
            except OSError:
                continue
        return found

    def owns(self, process):
        try:
            return pathlib.Path(os.readlink(process / "cwd")) == self.data
        except OSError:
            return False

    def answers(self):
        if not self.process.alive():
            raise Broken(f"{self.name} has ended: {self.log_end()}")
        return subprocess.run([PROGRAMS / "pg_isready", "-q", "-h", self.socket, "-p", str(self.port)],
                              check=False).returncode == 0

    def log_end(self):
        return (FOLDER / f"postgres-{self.name}.log").read_text(errors="replace")[-600:]

    def stop(self):
        if self.process and self.process.alive():
            self.process.end(signal.SIGINT, 60)

    def psql(self, sql, user="postgres", database="cspr", **options):
        return run(PROGRAMS / "psql", "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-c", sql,
                   self.url(user, database), **options).rstrip("\n")

    def rows(self, sql):
        return [line.split("\t") for line in self.psql(sql).splitlines()]

    def number(self, sql):
        return int(self.psql(sql) or 0)

    # ---- Standbys ----

    def clone(self, name, port):
        """A standby of this server that streams from it."""
        data = PLACE / name
        as_user("rm", "-rf", data)
        as_user(PROGRAMS / "pg_basebackup", "-D", data, "-h", self.socket, "-p", str(self.port), "-U", "postgres",
                "-X", "stream", "-R", "--checkpoint=fast", "--no-sync")
        standby = Server(name, data, self.socket, port)
        standby.start()
        wait_until(lambda: self.number("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'") == 1,
                   PATIENCE, f"{name} streams")
        return standby

    def demand_standby(self):
        """Commits wait for the standby from now on. Not before it was cloned: a standby that has the setting
        would, once promoted, wait for one of its own."""
        self.psql("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.psql("SELECT pg_reload_conf()")
        wait_until(lambda: self.number("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") == 1,
                   PATIENCE, "a synchronous standby")

    def promote(self):
        self.psql("SELECT pg_promote(true, 60)", database="postgres")
        return self.wait_accepts()

    def die(self):
        """As a machine does: nobody of it is left."""
        self.kill_postmaster()
        wait_until(self.no_children, PATIENCE, f"the end of {self.name}")

    # ---- Faults ----

    def backends(self, applications="'cspr-api', 'cspr-dispatch'"):
        """The ids of the service's backends; none while the server cannot answer."""
        try:
            return [int(row[0]) for row in self.rows(
                f"SELECT pid FROM pg_stat_activity WHERE application_name IN ({applications})")]
        except Broken:
            return []

    def terminate_backend(self, number):
        self.psql(f"SELECT pg_terminate_backend({number})")

    def kill_backend(self, number):
        """As the kernel's out-of-memory killer does; the postmaster then restarts all."""
        if not self.owns(pathlib.Path(f"/proc/{number}")):
            return
        try:
            os.kill(number, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def kill_postmaster(self):
        self.process.kill()

    def accepts(self):
        """Whether a statement is answered."""
        try:
            return self.psql("SELECT 1", timeout=5) == "1"
        except (Broken, subprocess.TimeoutExpired):
            return False

    def wait_accepts(self, seconds=PATIENCE):
        """When it accepted statements again, on the monotonic clock."""
        wait_until(self.accepts, seconds, f"{self.name} accepts statements")
        return time.monotonic()

    def is_clean(self):
        """No assertion, panic or crash of its own; our SIGKILLs are not meant."""
        text = (FOLDER / f"postgres-{self.name}.log").read_text(errors="replace")
        return not any(word in text for word in ("PANIC:", "TRAP:", "signal 6", "signal 7", "signal 11"))
