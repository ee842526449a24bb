"""The database as it is, read by psql and past every policy."""
import os
import subprocess
import sys

END = "-- that was all --"


class Database:
    """One session, because the walk looks often."""

    def __init__(self):
        self.psql = subprocess.Popen(
            ["psql", "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1",
             os.environ["WALK_DATABASE_URL"]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def rows(self, sql):
        self.psql.stdin.write(f"{sql.strip().rstrip(';')};\n\\echo {END}\n")
        self.psql.stdin.flush()
        found = []
        for line in self.psql.stdout:
            if line.rstrip("\n") == END:
                return found
            found.append(line.rstrip("\n").split("\t"))
        sys.exit(f"psql ended at: {sql[:300]}")
