"""A table of the raw database: loaded, or made with the properties that keep it young."""

from collections.abc import Callable, Mapping
from typing import Final

from pyiceberg.catalog import Catalog
from pyiceberg.exceptions import NoSuchNamespaceError, NoSuchTableError, TableAlreadyExistsError
from pyiceberg.schema import Schema
from pyiceberg.table import Table

from lakehouse_jobs.errors import RawTableError, TableGoneError

# Of every table that the job makes. Upkeep gives them to tables that lack them.
KEPT_YOUNG: Final = {
    # Each commit writes the table's metadata anew; PyIceberg deletes all but the last ones.
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "20",
    # A commit adds a manifest, and every reader opens all of them.
    "commit.manifest-merge.enabled": "true",
    "commit.manifest.min-count-to-merge": "16",
}
_NEW: Final = {
    "format-version": "2",
    "write.parquet.compression-codec": "zstd",
    **KEPT_YOUNG,
}


def location_of(identifier: tuple[str, str], *, bucket: str) -> str:
    """Where a table (database, name) of the raw database lies: an ``s3://`` address."""
    return f"s3://{bucket}/{identifier[0]}/{identifier[1]}"


def load_or_create(
    catalog: Catalog,
    identifier: tuple[str, str],
    *,
    bucket: str,
    schema: Callable[[], Schema],
    properties: Mapping[str, str],
    before_making: Callable[[], None] = lambda: None,
) -> Table:
    """The table; made at :func:`location_of` where there is none.

    ``before_making`` raises TableGoneError where it must not be made. Raises that, or
    RawTableError where the database is missing.
    """
    # Load first: create writes a metadata file before it finds that the table is there.
    try:
        return catalog.load_table(identifier)
    except NoSuchTableError:
        pass
    try:
        before_making()
    except TableGoneError:
        # Of two first runs at once the other has made it meanwhile, and written files.
        try:
            return catalog.load_table(identifier)
        except NoSuchTableError:
            pass
        raise
    try:
        return catalog.create_table(
            identifier,
            schema=schema(),
            location=location_of(identifier, bucket=bucket),
            properties={**_NEW, **properties},
        )
    except TableAlreadyExistsError:
        return catalog.load_table(identifier)
    except NoSuchNamespaceError:
        raise RawTableError(
            f"the Glue database {identifier[0]} does not exist; deploy the stack, which makes it"
        ) from None
