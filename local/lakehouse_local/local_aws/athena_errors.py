"""Failures of a query, worded as Athena words them."""


class QueryError(Exception):
    """Why a query fails: Athena's error name, the place, and what is wrong."""

    def __init__(self, name: str, message: str, *, place: str = "") -> None:
        super().__init__(f"{name}: {place + ': ' if place else ''}{message}")


def place(query: str, offset: int) -> str:
    """A position in the query as Athena names it, ``line 1:8``."""
    before = query[:offset]
    return f"line {before.count(chr(10)) + 1}:{offset - before.rfind(chr(10))}"
