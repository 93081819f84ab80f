"""What ``config/comparison.json`` says, typed. :mod:`.reading` reads and checks it."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Final

LAYERS: Final = ("raw", "staging", "intermediate", "marts")
FORMATS: Final = ("parquet", "csv")
DEFAULT_TOLERANCE: Final = 1e-9  # of doubles, absolute and relative


class Normal(StrEnum):
    """What is done to a text of both sides before they are compared."""

    ID18 = "id18"  # Salesforce ids of 15 characters become 18
    TRIM = "trim"  # blanks at both ends
    LOWER = "lower"
    NFC = "nfc"  # Unicode, composed


class Precision(StrEnum):
    """What timestamps of both sides are cut down to."""

    MICROSECOND = "microsecond"
    MILLISECOND = "millisecond"  # Salesforce's own
    SECOND = "second"
    MINUTE = "minute"
    DAY = "day"


class Rows(StrEnum):
    """Keys that only one side has."""

    ONLY_OLD = "only_old"
    ONLY_NEW = "only_new"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the tables of a side lie. Exactly one of database, layer and folder is given."""

    database: str | None = None  # of the Glue catalog
    layer: str | None = None  # of the deployed stack
    folder: str | None = None  # on disk or S3
    format: str = "parquet"  # of the files in the folder


@dataclass(frozen=True, kw_only=True)
class Source:
    """One table of one side: a Glue table, or the files ``folder/table``."""

    place: Place
    table: str
    filter: str | None = None  # SQL over its columns; only rows for which it is true

    def __str__(self) -> str:
        where = self.place.database or self.place.layer or self.place.folder
        return f"{where}.{self.table}" if not self.place.folder else f"{where}/{self.table}"


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of both sides. ``old`` and ``new``: a column's name or SQL over the table's."""

    name: str
    old: str
    new: str
    cast: str | None = None  # the SQL type in which both sides are compared
    normalise: tuple[Normal, ...] = ()
    empty_is_null: bool = False
    precision: Precision = Precision.MILLISECOND
    tolerance: float | None = None  # absolute; doubles have 1e-9 unless given
    relative_tolerance: float | None = None
    accuracy: Fraction | None = None  # to be exceeded, where it is not the common one


@dataclass(frozen=True, kw_only=True)
class Alignment:
    """How both sides are brought to one moment: the old load's cutoff."""

    cutoff: str  # SQL over the old table: its greatest value is the cutoff, a timestamp
    valid_from: str | None = None  # the new table's validity (SCD2) …
    valid_to: str | None = None
    is_current: str | None = None  # flag of periods that are open
    closed_by_deletion: str | None = None  # flag of periods that a deletion ended
    # … or, without one: columns of the new table that tell when a row changed. Keys that
    # changed after the cutoff are left out on both sides.
    moved: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class KnownDifference:
    """A difference that a person has explained, until it expires."""

    name: str
    columns: tuple[str, ...]  # whose cells it explains; or
    rows: Rows | None  # the keys on one side that it explains
    where: str  # SQL over old.<column> and new.<column> of the two tables
    reason: str
    owner: str
    expires: date  # the first day on which it explains nothing any more
    at_most: int  # keys that it may explain


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two tables that shall say the same."""

    name: str
    old: Source
    new: Source
    key: tuple[Column, ...]
    columns: tuple[Column, ...]
    left_out_old: tuple[str, ...] = ()  # names or patterns of columns that are not compared
    left_out_new: tuple[str, ...] = ()
    alignment: Alignment | None = None
    known_differences: tuple[KnownDifference, ...] = ()
    references: tuple[tuple[str, str], ...] = ()  # column → the pair whose key it names
    modified: str | None = None  # compared column that tells how fresh the data are
    accuracy: Fraction | None = None  # of rows, where it is not the common one


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """Limits of the gate. Accuracies have to be exceeded, differences must not be."""

    row_accuracy: Fraction = Fraction("0.99")
    column_accuracy: Fraction = Fraction("0.99")
    count_difference: Fraction = Fraction("0.01")  # of the old side's rows
    null_share_difference: Fraction = Fraction("0.01")  # of the old side's rows, per column
    distinct_difference: Fraction = Fraction("0.05")  # approximate counts: warns only
    orphan_share_difference: Fraction = Fraction("0.01")  # of the references
    moved_share: Fraction = Fraction("0.05")  # left out of either side: changed after the cutoff


@dataclass(frozen=True, kw_only=True)
class RunSource:
    """Where the runs of a system are read from. At most one is given."""

    file: str | None = None  # or s3://…; JSON: a list of {"started": …, "ended": …}
    glue_jobs: tuple[str, ...] = ()  # their job runs, together
    pipeline: bool = False  # executions of the deployed state machine


@dataclass(frozen=True, kw_only=True)
class Performance:
    """Whose runs are compared, over how many days."""

    old: RunSource = RunSource()
    new: RunSource = RunSource(pipeline=True)
    days: int = 14


@dataclass(frozen=True, kw_only=True)
class ComparisonConfig:
    """The whole file."""

    where: str
    fingerprint: str  # of the file's text: runs of one gate have one configuration
    pairs: tuple[Pair, ...]
    old: Place
    new: Place
    tables_left_out: tuple[tuple[str, str], ...] = ()  # old table → why nothing covers it
    thresholds: Thresholds = Thresholds()
    performance: Performance = Performance()
    runs_in_a_row: int = 5

    @property
    def on_disk(self) -> bool:
        """Whether both sides are files on this machine."""
        sides = (self.old.folder, self.new.folder)
        return all(folder and not folder.startswith("s3://") for folder in sides)

    def pair(self, name: str) -> Pair | None:
        """The pair of this name."""
        return next((pair for pair in self.pairs if pair.name == name), None)
