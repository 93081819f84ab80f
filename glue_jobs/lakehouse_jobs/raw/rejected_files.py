"""Files of rejected values that a table's commits named and that are not delivered yet.

A JSON list of addresses; before it was a list, the property held one address as it is.
"""

import json
from collections.abc import Iterable, Mapping

from lakehouse_jobs.contract.raw_log import TableProperty


def read_rejected_files(properties: Mapping[str, str]) -> tuple[str, ...]:
    """The addresses among a table's properties, oldest first."""
    text = properties.get(TableProperty.REJECTED_FILE) or ""
    if not text.startswith("["):
        return (text,) if text else ()
    return tuple(str(address) for address in json.loads(text))


def rejected_files_text(addresses: Iterable[str]) -> str:
    """The property's value; empty where nothing waits."""
    listed = list(dict.fromkeys(addresses))
    return json.dumps(listed) if listed else ""
