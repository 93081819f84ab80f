"""Taking a table up: its entry in the catalog, as the job would have written it."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lakehouse_jobs.contract.raw_log import TableProperty
from lakehouse_tools.errors import RegisterError
from lakehouse_tools.registration.state import State
from lakehouse_tools.stack import Stack

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog


def register(catalog: "Catalog", stack: Stack, state: State) -> None:
    """Register a table from its metadata file; none of its files is changed.

    Raises RegisterError where somebody else was first.
    """
    from pyiceberg.exceptions import CommitFailedException, TableAlreadyExistsError

    name = (stack.raw_database, state.table)
    try:
        table = catalog.register_table(name, state.address)
    except TableAlreadyExistsError as error:
        raise RegisterError(
            f"{'.'.join(name)} came into the catalog meanwhile: look at it with `lakehouse status`"
        ) from error
    # PyIceberg registers without the table's properties, of which builds take batch and watermark.
    # A commit writes them; where it fails, another one came first, and did.
    with suppress(CommitFailedException), table.transaction() as change:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        change.set_properties({TableProperty.REGISTERED.value: now})
