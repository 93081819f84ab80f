"""A table as one metadata file tells it, and whether its files are still there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from lakehouse_jobs.contract.raw_log import TableProperty
from lakehouse_tools.errors import RegisterError
from lakehouse_tools.registration.folder import Folder

if TYPE_CHECKING:
    from pyiceberg.table import Table


@dataclass(frozen=True, kw_only=True)
class State:
    """What would be taken up. Object, org, batch and watermark are None in a side table."""

    table: str
    address: str  # of the metadata file
    written: datetime  # UTC
    location: str  # that the table gives itself
    object_name: str | None
    org_id: str | None
    batch: int | None
    watermark: str | None  # ISO 8601 UTC
    rows: int
    snapshots: int
    missing: tuple[str, ...]  # addresses of files that it refers to and that are gone


def read_state(folder: Folder, address: str, *, storage: Mapping[str, str]) -> State:
    """Read a metadata file of a folder. ``storage``: how PyIceberg reaches S3.

    Raises RegisterError for a file that cannot be read.
    """
    from pyiceberg.exceptions import ValidationError
    from pyiceberg.table import StaticTable

    try:
        table = StaticTable.from_metadata(address, dict(storage))
        missing = tuple(dict.fromkeys(_missing(table, folder)))
    except (OSError, ValueError, ValidationError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise RegisterError(
            f"{address} cannot be read as the metadata of a table: {first}: look at the right to"
            " read it, or say --metadata with an earlier one"
        ) from error
    properties = table.properties
    batch = properties.get(TableProperty.BATCH, "")
    current = table.current_snapshot()
    return State(
        table=folder.table,
        address=address,
        written=folder.files[address],
        location=table.location(),
        object_name=properties.get(TableProperty.OBJECT),
        org_id=properties.get(TableProperty.ORG_ID),
        batch=int(batch) if batch.isdecimal() else None,
        watermark=properties.get(TableProperty.WATERMARK),
        rows=int((current.summary or {}).get("total-records") or 0) if current else 0,
        snapshots=len(table.metadata.snapshots),
        missing=missing,
    )


def _missing(table: "Table", folder: Folder) -> Iterator[str]:
    """Of every snapshot the list of manifests, of the current one all files.

    Of the others the upkeep reads the list alone, when it lets them go.
    """
    yield from (
        s.manifest_list for s in table.metadata.snapshots if s.manifest_list not in folder.files
    )
    current = table.current_snapshot()
    if current is None or current.manifest_list not in folder.files:
        return
    for manifest in current.manifests(table.io):
        if manifest.manifest_path not in folder.files:
            yield manifest.manifest_path
            continue
        for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=True):
            if entry.data_file.file_path not in folder.files:
                yield entry.data_file.file_path
