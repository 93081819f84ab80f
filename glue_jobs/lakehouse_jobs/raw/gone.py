"""A raw table that is gone: the catalog lacks it, and there are signs that it was there.

An empty one at the same place would take the old data files for nobody's, and its upkeep
would delete them (:mod:`lakehouse_jobs.raw.maintenance.orphans`): versions that Salesforce
does not give again. And it would count its batches from one, so that models, which ask for
what is newer than the batch they have, would see nothing of it for as long.
"""

from collections.abc import Mapping

from lakehouse_jobs.errors import TableGoneError
from lakehouse_jobs.raw.create import location_of
from lakehouse_jobs.raw.store import Store


def refuse_known(
    identifier: tuple[str, str], *, store: Store, object_name: str, built: Mapping[str, int]
) -> None:
    """Refuse to make a table (database, name) that was there.

    ``built``: up to which batch builds have read each raw table. Raises TableGoneError.
    """
    address = location_of(identifier, bucket=store.bucket)
    signs: list[str] = []
    if store.holds_any(f"{store.key_of(address)}/data/"):
        signs.append("its data files are there")
    if batch := built.get(identifier[1], 0):
        signs.append(f"builds have read its batch {batch}")
    if signs:
        raise TableGoneError(
            f"the catalog has no table {'.'.join(identifier)}, but {' and '.join(signs)}: an empty "
            f"one at {address} would lose its history; take it up again with `lakehouse register "
            f"{object_name}`, or begin anew on purpose, as docs/maintenance.md says (A raw table "
            "that is gone)"
        )
