"""Makes one shell session of what the documentation tells the reader to type.

    blocks.py DOCUMENT…

Prints a script for `bash -e`: every fenced block with the info string `sh`, in order. Blocks that
must not run carry `sh no-run`. Before a block its place goes to standard output, and after it, as a
TAP line, to descriptor 3.
"""
import pathlib
import sys

FENCE = "```"


def blocks_of(path):
    """Yields (line, text) of each block that is to run."""
    lines = pathlib.Path(path).read_text(encoding="utf-8").split("\n")
    opened = None
    for number, line in enumerate(lines, 1):
        info = line.removeprefix(FENCE).strip() if line.startswith(FENCE) else None
        if info is None:
            if line.lstrip().startswith(FENCE + "sh"):
                sys.exit(f"{path}:{number}: an indented block would never run")
        elif opened is None:
            if info.split()[:1] == ["sh"] and info not in ("sh", "sh no-run"):
                sys.exit(f"{path}:{number}: it is either `sh` or `sh no-run`")
            opened = (number, info)
        else:
            if opened[1] == "sh":
                yield opened[0], "\n".join(lines[opened[0]:number - 1])
            opened = None
    if opened:
        sys.exit(f"{path}:{opened[0]}: the block has no end")


def main():
    count = 0
    for path in sys.argv[1:]:
        for line, text in blocks_of(path):
            count += 1
            place = f"{pathlib.Path(path).name}:{line}"
            print(f"printf '\\n== %s\\n' '{place}'\n{text}\nprintf 'ok - %s\\n' '{place}' >&3")
    if not count:
        sys.exit("there is no block to run")


if __name__ == "__main__":
    main()
