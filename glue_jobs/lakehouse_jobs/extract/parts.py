"""Pages of an answer, and where their rows go."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import pyarrow as pa

from lakehouse_jobs.extract.id_range import IdRange
from lakehouse_jobs.extract.rejects import Rejected
from lakehouse_jobs.raw.added import Footer


@dataclass(frozen=True, kw_only=True)
class Part:
    """What became of one page."""

    read: int  # rows that Salesforce sent
    rows: int  # rows kept
    bytes: int = 0  # of Parquet
    file: str | None = None  # address, where rows were kept
    footer: Footer | None = None  # of the file, where this process wrote it
    keys: pa.Table | None = None  # of rows in the next lookback window
    rejected: tuple[Rejected, ...] = ()
    ids: IdRange | None = None  # of the rows kept


class Sink(Protocol):
    """Where the rows of pages go."""

    def take(self, number: int, tables: Iterator[pa.Table]) -> Part:
        """Consume one page; called again for the same number after a broken transfer."""
        ...

    def discard(self, parts: Sequence[Part]) -> None:
        """Undo what was taken, after a failure."""
        ...


@dataclass(kw_only=True)
class Reading:
    """All pages of one query."""

    api: Literal["bulk", "rest"]
    parts: list[Part] = field(default_factory=list)

    @property
    def files(self) -> list[str]:
        """Addresses of the files written."""
        return [p.file for p in self.parts if p.file]

    @property
    def footers(self) -> Mapping[str, Footer]:
        """Footers that are known without reading a file again, by its address."""
        return {p.file: p.footer for p in self.parts if p.file and p.footer}

    @property
    def rows(self) -> int:
        """Rows kept."""
        return sum(p.rows for p in self.parts)

    @property
    def read(self) -> int:
        """Rows that Salesforce sent."""
        return sum(p.read for p in self.parts)

    @property
    def bytes(self) -> int:
        """Bytes of Parquet."""
        return sum(p.bytes for p in self.parts)

    @property
    def rejected(self) -> list[Rejected]:
        """Values that did not fit their columns."""
        return [r for p in self.parts for r in p.rejected]
