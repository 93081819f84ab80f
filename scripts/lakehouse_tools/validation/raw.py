"""A raw table at one snapshot: what it holds of each record, up to its watermark."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlglot import exp

from lakehouse_jobs.contract.raw_log import SystemColumn, TableProperty, table_name
from lakehouse_jobs.extract.columns import STAMP_COLUMN
from lakehouse_tools.comparison.engines.duck import DuckDbEngine
from lakehouse_tools.comparison.errors import NotComparedError
from lakehouse_tools.comparison.model import Place, Source
from lakehouse_tools.comparison.sides import Found, Sides
from lakehouse_tools.comparison.sql.sides import Relation

_ORDER: Final = f"{STAMP_COLUMN} desc, {SystemColumn.BATCH} desc"  # of a record's versions
_PLACE: Final = Place(layer="raw")


@dataclass(frozen=True, kw_only=True)
class RawTable:
    """One object's raw table, pinned. ``watermark``: everything below it is in the table."""

    name: str  # of the object
    found: Found
    relation: Relation
    watermark: datetime
    unfilled: frozenset[str]  # columns that older rows lack

    def current(self, *columns: str, among: list[str] | None = None) -> exp.Select:
        """The records that live, each with its current version; ``among``: only these ids."""
        rows = exp.select(
            *(exp.column(name, quoted=True) for name in columns),
            f"{SystemColumn.IS_DELETED} AS gone",
            f"row_number() over (partition by id order by {_ORDER}) AS nth",
        ).from_(self.relation.table.copy())
        if among is not None:
            rows = rows.where(exp.column("id").isin(*among))
        wanted = [exp.column(name, quoted=True) for name in columns] or ["1 AS one"]
        return exp.select(*wanted).from_(rows.subquery("r")).where("nth = 1 and not gone")


def open_raw(engine: DuckDbEngine, sides: Sides, object_name: str) -> RawTable:
    """The raw table of an object. Raises :class:`NotComparedError`."""
    found = sides.find(Source(place=_PLACE, table=table_name(object_name)))
    return raw_table(engine, found, object_name)


def raw_table(engine: DuckDbEngine, found: Found, object_name: str) -> RawTable:
    """The table as it was found. Raises :class:`NotComparedError` where it has no watermark."""
    watermark = found.properties.get(TableProperty.WATERMARK)
    if not watermark:
        raise NotComparedError(
            f"{found.name}: it has no watermark: nothing was read into it yet (`lakehouse run`)"
        )
    moment = datetime.fromisoformat(watermark)
    unfilled = found.properties.get(TableProperty.UNFILLED)
    return RawTable(
        name=object_name,
        found=found,
        relation=engine.open(found),
        watermark=moment if moment.tzinfo else moment.replace(tzinfo=UTC),
        unfilled=frozenset(json.loads(unfilled)) if unfilled else frozenset(),
    )


def count_current(engine: DuckDbEngine, table: RawTable) -> int:
    """How many records live, as raw knows it."""
    rows = table.current().subquery("c")
    return int(engine.answer(exp.select("count(*) AS n").from_(rows))[0]["n"])
