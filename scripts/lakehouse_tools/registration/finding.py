"""Which raw tables lie in the lake and are missing from the catalog."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lakehouse_jobs.contract.raw_log import table_name
from lakehouse_jobs.extract.summary import read_built
from lakehouse_jobs.raw.owner import owner_key
from lakehouse_jobs.raw.store import Store
from lakehouse_tools.configured import deployed_config
from lakehouse_tools.environment import Environment
from lakehouse_tools.errors import RegisterError, RequestError
from lakehouse_tools.glue_tables import tables_of
from lakehouse_tools.registration.choosing import SIDE_TABLES, choose
from lakehouse_tools.registration.folder import folder_names, read_folder
from lakehouse_tools.registration.state import State
from lakehouse_tools.stack import Stack


@dataclass(frozen=True, kw_only=True)
class Lost:
    """A table to take up. ``built``: the batch up to which builds have read it; 0 for none."""

    state: State
    built: int


@dataclass(frozen=True, kw_only=True)
class Found:
    """What there is to take up."""

    lost: tuple[Lost, ...]
    refused: tuple[str, ...]  # a sentence for each table that cannot be taken up as it lies
    others: tuple[str, ...]  # tables that lie there, and that the configuration does not name


def find(
    environment: Environment,
    stack: Stack,
    *,
    names: Sequence[str],
    given: str | None,
    storage: Mapping[str, str],
) -> Found:
    """Look at these objects or side tables; without names at all that the catalog lacks.

    ``given``: the metadata file of the one table that is named. ``storage``: how PyIceberg
    reaches S3. Raises RequestError for a table that the catalog has, or that left no files.
    """
    if given is not None and len(names) != 1:
        raise RequestError("--metadata is of one table: name its object, and no other")
    there = {table["Name"] for table in tables_of(environment, stack.raw_database)}
    others: list[str] = []
    wanted = list(dict.fromkeys(table_name(name) for name in names))
    for table in wanted:
        if table in there:
            raise RequestError(
                f"{stack.raw_database}.{table} is in the catalog, so there is nothing to take up:"
                " to go back to an earlier state of it, drop it from the catalog first, without its"
                " files (docs/maintenance.md)"
            )
    if not names:
        wanted, others = _lacking(environment, stack, there)
    store = Store(stack.lake_bucket_name, client=environment.client("s3"))
    org_id, built = _org_id(store, stack), read_built(store)
    lost: list[Lost] = []
    refused: list[str] = []
    for table in wanted:
        folder = read_folder(environment, stack, table)
        try:
            state = choose(folder, given=given, org_id=org_id, storage=storage)
        except RegisterError as error:
            refused.append(str(error))
            continue
        lost.append(Lost(state=state, built=built.get(table, 0)))
    return Found(lost=tuple(lost), refused=tuple(refused), others=tuple(others))


def _lacking(
    environment: Environment, stack: Stack, there: set[str]
) -> tuple[list[str], list[str]]:
    """Tables that lie in the lake alone: those that belong to it, and what else lies there."""
    config = deployed_config(environment, stack)
    lying = [
        name
        for name in folder_names(environment, stack)
        if name not in there and read_folder(environment, stack, name).newest()
    ]
    known = [name for name in lying if name in SIDE_TABLES or config.group_of(name)]
    return known, [name for name in lying if name not in known]


def _org_id(store: Store, stack: Stack) -> str | None:
    """Whose rows the lake holds, by its marker; without one the next run looks at the tables."""
    try:
        found = json.loads(store.read(owner_key(stack.raw_database)) or b"{}").get("org_id")
    except (ValueError, AttributeError):
        return None
    return found if isinstance(found, str) else None
