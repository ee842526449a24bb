"""What a running debug build lets us do to it: service/fault_board.c has the same layout."""
import mmap
import struct

from processes import FOLDER

FIELDS = ("allocations", "fail_from", "fail_until", "failed", "clock_ms")
SIZE = 8


class Board:
    """A file that csprd maps: what we write there holds at once, and what it counts can be read."""

    def __init__(self, name):
        self.path = FOLDER / f"{name}.board"
        self.path.write_bytes(bytes(SIZE * len(FIELDS)))
        with open(self.path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), SIZE * len(FIELDS))

    def __getitem__(self, field):
        return struct.unpack_from("q", self.map, SIZE * FIELDS.index(field))[0]

    def __setitem__(self, field, number):
        struct.pack_into("q", self.map, SIZE * FIELDS.index(field), number)

    def fail(self, number, count=1):
        """The so-manieth allocation from now on fails, and those after it, so many together."""
        self["fail_from"] = 0
        first = self["allocations"] + number
        self["fail_until"] = first + count
        self["fail_from"] = first

    def fail_no_more(self):
        self["fail_from"] = 0
