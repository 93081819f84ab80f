"""Take a table's next commit over from a run that may be dead, or only slow."""

from dataclasses import replace
from typing import Final

from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import Table

from lakehouse_jobs.contract.raw_log import TableProperty
from lakehouse_jobs.errors import CommitFailedError, SupersededError
from lakehouse_jobs.raw.fence import put_fence
from lakehouse_jobs.raw.table import RawTable

_ATTEMPTS: Final = 4


def shut_out(raw: RawTable, *, owner: str) -> RawTable:
    """Move the fence, so that only the caller can land on the state that it read.

    Afterwards nobody can make files of a former owner live, so they can be reused or
    deleted. ``owner`` is unique to the call. Raises SupersededError where another run
    landed first.
    """
    table = raw.table
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            _mark(table, raw.properties, owner)
            break
        except (CommitFailedException, SupersededError) as error:
            table = table.catalog.load_table(table.name())
            # Botocore repeats a request whose answer was lost, and then meets its own change.
            if table.properties.get(TableProperty.OWNER) == owner:
                break
            if isinstance(error, SupersededError):
                raise
            # Something else than a run changed the table, such as an optimizer.
            if attempt == _ATTEMPTS:
                raise CommitFailedError(
                    f"{raw.name}: the catalog refused the commit by which an interrupted load is "
                    f"taken over: {error}; run this object again"
                ) from error
    return replace(raw, table=table, properties=dict(table.properties))


def _mark(table: Table, properties: dict[str, str], owner: str) -> None:
    with table.transaction() as transaction:
        put_fence(transaction, properties)
        transaction.set_properties({TableProperty.OWNER.value: owner})
