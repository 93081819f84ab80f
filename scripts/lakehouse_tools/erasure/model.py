"""What is to be erased, what was found of it, and what was proved afterwards."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from lakehouse_tools.versions.raw_table import RawTable


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Records of one object."""

    table: RawTable
    ids: tuple[str, ...]  # of 18 characters, each once

    @property
    def object(self) -> str:
        """API name."""
        return self.table.object


def digest(record: str) -> str:
    """SHA-256 of an id: by it a note says which record it was without naming it."""
    return hashlib.sha256(record.encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Found:
    """Rows of a table that hold the ids in a column."""

    database: str
    table: str
    column: str
    rows: int


@dataclass(frozen=True, kw_only=True)
class Survey:
    """Everything that the lake has of the records before the erasure."""

    versions: Mapping[str, int]  # id → versions in raw
    own: tuple[Found, ...]  # rows that are the records' own: raw, rejected values, models
    references: tuple[Found, ...]  # rows of other records that name their ids; they stay


@dataclass(frozen=True, kw_only=True)
class Place:
    """A table that was read again after the erasure."""

    database: str
    table: str
    rows: int  # of the records; 0
    snapshots: int  # in raw all, 1; of a rebuilt table those from before the erasure, 0
    former_files: int  # from before the erasure, and still in the bucket; 0
    removed: int  # files that were deleted
    rebuilt: bool = False  # from raw that lacks the records: a row can only name them

    @property
    def clean(self) -> bool:
        """Whether nothing of the records can be read there any more."""
        gone = self.rebuilt or not self.rows
        return gone and not self.former_files and self.snapshots <= 1


@dataclass(frozen=True, kw_only=True)
class Erasure:
    """What was done, and what is still to come."""

    note: str  # s3:// address
    places: tuple[Place, ...]
    left: tuple[Found, ...]  # own rows that are still there; none
    references: tuple[Found, ...]
    remains: tuple[str, ...]  # a sentence each

    @property
    def proved(self) -> bool:
        """Whether nothing of the records is left in any table."""
        return not self.left and all(place.clean for place in self.places)
