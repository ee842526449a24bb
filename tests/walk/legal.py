"""The lists of legal steps beside this file.

legal_steps.csv has the steps that a resource takes by its own operations, each with the scope that it
takes beyond the operation's own; followed_steps.csv those that it takes by an operation of what it
belongs to.
"""
import csv
import pathlib

HERE = pathlib.Path(__file__).resolve().parent


def rows(name):
    with open(HERE / name, encoding="utf-8") as file:
        return list(csv.DictReader(file))


def steps():
    """(resource, from, to) → role."""
    return {(row["resource"], row["from"], row["to"]): row["role"] for row in rows("legal_steps.csv")}


def followed():
    """(resource, operation, from, to) of each."""
    return {(row["resource"], row["operation"], row["from"], row["to"])
            for row in rows("followed_steps.csv")}
