"""What is written down about a load under ``loads/``, and read again with distrust.

``loads/<table>/<load id>/load.json`` says what is read; ``…/pages/00012.json`` that a
page is done. Whatever does not read as such a record counts as none.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final, Self

from lakehouse_jobs.extract.parts import Part
from lakehouse_jobs.extract.rejects import Rejected
from lakehouse_jobs.extract.subject import Subject
from lakehouse_jobs.extract.window import Window
from lakehouse_jobs.raw.commit import iso

# Raised whenever data files would be written differently: older loads then start over.
FORMAT: Final = 1


@dataclass(frozen=True, kw_only=True)
class LoadRecord:
    """One load: what makes another run able, or not, to go on with it."""

    id: str
    owner: str  # the process that goes on with it
    org_id: str
    api_version: str
    soql: str
    columns: str  # fingerprint
    window: Window
    state: str  # of the table: watermark, batch and run that the load builds upon
    job_id: str | None = None
    dropped: bool = False  # its files are being deleted

    def to_bytes(self) -> bytes:
        """As JSON."""
        fields = asdict(self) | {"format": FORMAT, "window": _times(self.window)}
        return json.dumps(fields, ensure_ascii=False, indent=1).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self | None:
        """None for anything but a record of this format."""
        try:
            fields = json.loads(data)
            if fields.pop("format") != FORMAT:
                return None
            times = fields.pop("window")
            window = Window(
                start=_moment(times["start"]),
                end=datetime.fromisoformat(times["end"]),
                new_from=_moment(times["new_from"]),
            )
            record = cls(**fields, window=window)
        except (ValueError, TypeError, KeyError, AttributeError):
            return None
        return record if _typed(record.id, record.soql) else None


@dataclass(frozen=True, kw_only=True)
class PageRecord:
    """One page that is done."""

    path: str  # of the page, with its locator
    next_locator: str | None  # Sforce-Locator
    read: int
    rows: int
    size: int  # bytes of Parquet
    file: str | None  # address
    rejected: tuple[Rejected, ...] = ()

    @property
    def part(self) -> Part:
        """The same without what only the data file tells."""
        return Part(
            read=self.read,
            rows=self.rows,
            bytes=self.size,
            file=self.file,
            rejected=self.rejected,
        )

    def to_bytes(self) -> bytes:
        """As JSON."""
        return json.dumps(asdict(self), ensure_ascii=False).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self | None:
        """None for anything but a record of a page."""
        try:
            fields = json.loads(data)
            rejected = tuple(Rejected(*values) for values in fields.pop("rejected"))
            record = cls(**fields, rejected=rejected)
            whole = record.read >= record.rows >= 0 and record.size >= 0
        except (ValueError, TypeError, KeyError, AttributeError):
            return None
        named = isinstance(record.file, str) if record.rows else record.file is None
        return record if whole and named and _typed(record.path) else None


def state_of(subject: Subject) -> str:
    """The state that a load of now builds upon."""
    state = subject.raw.state
    watermark = iso(state.watermark) if state.watermark else None
    return json.dumps([watermark, state.batch, state.run_id])


def fingerprint(subject: Subject) -> str:
    """Equal for loads whose data files can stand in one commit."""
    schema = subject.schema
    told = [[f.name, str(f.type), _text(f.metadata)] for f in schema]
    sources = [
        [s.field.name, s.field.type, s.column.name, s.hashed] for s in subject.selection.sources
    ]
    return hashlib.sha256(json.dumps([told, sources]).encode()).hexdigest()


def _text(metadata: Mapping[bytes, bytes] | None) -> list[str]:
    return sorted(f"{k.decode()}={v.decode()}" for k, v in (metadata or {}).items())


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _times(window: Window) -> dict[str, Any]:
    return {k: v.isoformat() if v else None for k, v in asdict(window).items()}


def _typed(*texts: object) -> bool:
    return all(isinstance(text, str) and text for text in texts)
