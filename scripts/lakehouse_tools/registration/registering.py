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
    """Register a table from its metadata file; nothing that it holds is changed.

    Raises RegisterError where somebody else was first, or the files cannot be written.
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
    now = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        with suppress(CommitFailedException), table.transaction() as change:
            change.set_properties({TableProperty.REGISTERED.value: now})
    except OSError as error:  # PyArrow's, as of a denied write
        raise RegisterError(
            f"{'.'.join(name)} is registered, but builds do not see its batch, as a commit failed:"
            f" {error}: `lakehouse run` commits to it"
        ) from error
