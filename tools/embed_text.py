#!/usr/bin/env python3
"""Embeds a text file in C: embed_text.py INPUT OUTPUT.c SYMBOL."""
import sys


def main() -> None:
    source, target, symbol = sys.argv[1:4]
    with open(source, encoding="utf-8") as file:
        lines = file.read().splitlines(keepends=True)
    with open(target, "w", encoding="utf-8") as file:
        file.write(f"/* Made from {source.rsplit('/', 1)[-1]}; not to be edited. */\n")
        file.write(f"extern const char {symbol}[];\nconst char {symbol}[] =\n")
        for line in lines:
            escaped = line.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
            file.write(f'\t"{escaped}"\n')
        file.write('\t"";\n')


main()
