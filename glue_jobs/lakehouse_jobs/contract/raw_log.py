"""The raw log: an append-only Iceberg table of versions for each Salesforce object.

A version is (id, systemmodstamp, ``_is_deleted``, values). The order of the versions
of one record is (systemmodstamp, ``_batch``). A tombstone carries the stamp and the values
of the last version known, so a record that comes back unchanged still sorts after it.
"""

from enum import StrEnum
from typing import Final


class SystemColumn(StrEnum):
    """A column that the extractor adds to those of Salesforce."""

    ORG_ID = "_org_id"  # string, 18 characters
    SOURCE = "_source"  # string, see Source
    RUN_ID = "_run_id"  # string, the execution's name
    EXTRACTED_AT = "_extracted_at"  # timestamptz, UTC
    BATCH = "_batch"  # bigint, one more with each commit that brings rows
    CHANGE = "_change"  # string, see Change
    IS_DELETED = "_is_deleted"  # boolean
    DELETED_AT = "_deleted_at"  # timestamptz, UTC; null while the record lives


class Source(StrEnum):
    """Where a version came from. ``old_lake`` is reserved for the cut-over."""

    SALESFORCE = "salesforce"
    OLD_LAKE = "old_lake"


class Change(StrEnum):
    """Why a version was written."""

    READ = "read"
    RESYNC = "resync"
    HARD_DELETE = "hard_delete"


class TableProperty(StrEnum):
    """A property of a raw table, set in the commit that brings the rows."""

    WATERMARK = "lakehouse.watermark"  # ISO 8601 UTC: everything below it is in the table
    BATCH = "lakehouse.batch"
    RUN_ID = "lakehouse.run-id"
    ORG_ID = "lakehouse.org-id"
    FORMAT_VERSION = "lakehouse.format-version"
    LOOKBACK_FILE = "lakehouse.lookback-file"  # s3:// address of the keys in the lookback window
    OBJECT = "lakehouse.object"  # API name
    # The process that took an interrupted load over: nobody else may land on that state
    OWNER = "lakehouse.owner"
    # JSON, {"<column>": <records to fill, or null where not counted yet>}: columns that became
    # readable after rows were in the table, until a resync has filled them
    UNFILLED = "lakehouse.unfilled"
    # ISO 8601 UTC: when filling them was last tried; empty once that has ended well
    UNFILLED_TRIED = "lakehouse.unfilled-tried"
    # JSON list of s3:// addresses: files of values that the rows of commits could not hold, until
    # they are in the table of rejected values. An address as it is stands for a list of one
    REJECTED_FILE = "lakehouse.rejected-file"
    SWEPT = "lakehouse.swept"  # ISO 8601 UTC: when files nobody refers to were last looked for
    REGISTERED = "lakehouse.registered"  # ISO 8601 UTC: when it was last taken up from its files


# Tables of the raw database that hold no object: names of objects begin with a letter.
REJECTED_TABLE: Final = "_rejected"  # values that did not fit their column
RUNS_TABLE: Final = "_runs"  # one row per object and run
COMPARISON_RUNS_TABLE: Final = "_comparison_runs"  # one row per table and comparison


FORMAT_VERSION: Final = 1


def table_name(object_name: str) -> str:
    """The raw table of an object: its API name in lower case."""
    return object_name.lower()


def column_name(field_name: str) -> str:
    """The raw column of a field: its API name in lower case."""
    return field_name.lower()
