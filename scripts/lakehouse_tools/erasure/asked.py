"""The words of a request: an object, its ids, another object, its ids."""

from collections.abc import Sequence
from typing import Final

from lakehouse_tools.environment import Environment
from lakehouse_tools.erasure.model import Asked
from lakehouse_tools.errors import RequestError
from lakehouse_tools.stack import Stack
from lakehouse_tools.versions import raw_table, record_id

COMMAND: Final = "erase"
MOST: Final = 1_000  # ids of a request: they stand in statements of at most 262,144 bytes


def read(environment: Environment, stack: Stack, words: Sequence[str]) -> tuple[Asked, ...]:
    """The records that words name. Raises RequestError, with what to write instead.

    A word that is the name of an object of raw begins the ids of that object.
    """
    tables = raw_table.known(environment, stack)
    names = {table.object.lower() for table in tables}
    found: dict[str, list[str]] = {}
    current = ""
    for word in words:
        if not current or word.lower() in names:
            current = raw_table.among(tables, word, command=COMMAND).object
            found.setdefault(current, [])
        else:
            found[current].append(record_id.whole(word, command=COMMAND))
    for name, ids in found.items():
        if not ids:
            raise RequestError(
                f"erase: got no id of {name}: write the ids behind the object, or --ids-file"
            )
    number = sum(len(ids) for ids in found.values())
    if number > MOST:
        raise RequestError(f"erase: got {number:,} ids; allowed: {MOST:,}: erase them in parts")
    return tuple(
        Asked(table=raw_table.among(tables, name, command=COMMAND), ids=tuple(dict.fromkeys(ids)))
        for name, ids in found.items()
    )
