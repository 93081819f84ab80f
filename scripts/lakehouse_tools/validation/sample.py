"""Records of the org against raw's, field by field, as the comparison compares two tables."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from sqlglot import exp

from lakehouse_jobs.contract.objects import FieldRules
from lakehouse_jobs.contract.raw_log import Change
from lakehouse_jobs.extract import page_rest
from lakehouse_jobs.extract.columns import Selection, select
from lakehouse_jobs.extract.columns import Source as ReadField
from lakehouse_jobs.extract.rejects import Rejects, Tally
from lakehouse_jobs.extract.shape import Stamp, shape
from lakehouse_jobs.extract.window import literal
from lakehouse_jobs.raw.schema import ARROW
from lakehouse_jobs.salesforce import Description, Org
from lakehouse_jobs.salesforce.rest import RestApi
from lakehouse_tools.comparison.checks import Check, judged
from lakehouse_tools.comparison.counts import RowCounts
from lakehouse_tools.comparison.engines.duck import DuckDbEngine
from lakehouse_tools.comparison.errors import NotComparedError
from lakehouse_tools.comparison.model import Column, Pair, Place, Source
from lakehouse_tools.comparison.rows import compare_rows
from lakehouse_tools.comparison.sides import Found, Kept
from lakehouse_tools.comparison.sql.sides import PairSql, Relation
from lakehouse_tools.comparison.sql.types import sql_type
from lakehouse_tools.validation.raw import RawTable
from lakehouse_tools.validation.salesforce import living

_IDS: Final = 200  # in one query
_NAMED: Final = 5
_KEY: Final = "id"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(kw_only=True)
class Sample:
    """What a sample showed. Keys alone, no values."""

    records: int = 0
    fields: int = 0
    changed: int = 0  # since the watermark: not compared
    gone: list[str] = field(default_factory=list)  # ids that the org no longer has
    left_out: dict[str, list[str]] = field(default_factory=dict)  # reason → fields not compared
    counts: RowCounts | None = None

    def leave_out(self, source: ReadField, reason: str) -> None:
        """Note a field that is not compared."""
        self.left_out.setdefault(reason, []).append(source.field.name)


def take_sample(
    engine: DuckDbEngine,
    org: Org,
    description: Description,
    rules: FieldRules,
    table: RawTable,
    *,
    size: int,
    folder: Path,
) -> Sample:
    """Compare ``size`` records of raw by chance, and as many that the org changed last.

    The latter before the watermark. Formula fields are left out, as their values move without
    moving the stamp, and columns that raw has yet to fill.
    """
    sample = Sample()
    chosen = _comparable(select(description, rules), description, table, sample)
    ids = [row[_KEY] for row in engine.answer(_by_chance(table, size))]
    records = _newest(org, description, chosen, table, size)
    known = {str(record["Id"]) for record in records}
    wanted = [one for one in ids if one not in known]
    for part in _parts(wanted):
        found = list(org.query(_of_ids(chosen.sources, part, description), deleted=True))
        fresh = [r for r in found if not _is_later(r, chosen, table)]
        sample.changed += len(found) - len(fresh)
        records += fresh
        answered = {str(record["Id"]) for record in found}
        missing = [one for one in part if one not in answered]
        sample.gone += _without_trace(org, description, table, missing, sample)
    if not records:
        raise NotComparedError(f"{table.found.name}: no record to sample is older than its load")
    sample.records = len(records)
    sample.fields = len(chosen.sources) - 1
    old = _written(engine, records, chosen, folder / f"{table.name}.parquet")
    sql = _pair(engine, table, chosen, old, [str(r["Id"]) for r in records])
    sample.counts = compare_rows(engine, sql)
    return sample


def sample_check(name: str, sample: Sample) -> Check:
    """Whether every sampled record is in raw as the org has it."""
    counts = sample.counts
    differing = counts.differing if counts is not None else []
    named = [f"{'/'.join(map(str, d.key))} ({d.cause})" for d in differing[:_NAMED]]
    named += [f"{one} (gone)" for one in sample.gone[: _NAMED - len(named)]]
    told = f"{sample.records:,} records in {sample.fields} fields"
    if sample.changed:
        told += f", {sample.changed} more changed since"
    if sample.left_out:
        why = (f"{len(n)} {reason} ({_some(n)})" for reason, n in sample.left_out.items())
        told += f"; fields not compared: {', '.join(why)}"
    wrong = (counts.wrong if counts is not None else 0) + len(sample.gone)
    figure = f"{wrong:,} differ: {', '.join(named)}; of {told}" if wrong else f"{told}: all equal"
    return Check(
        table=name,
        name="sampled records",
        status=judged(wrong > 0),
        figure=figure.replace("missing in the new table", "missing in raw"),
        limit="all equal",
        text="`lakehouse run --mode full` reads the object again and appends what differs",
    )


def _comparable(
    selection: Selection, description: Description, table: RawTable, sample: Sample
) -> Selection:
    """The fields that raw holds in the type of today, and whose values the stamp follows."""
    types = table.relation.types
    kept = []
    for source in selection.sources:
        name, kind = source.column.name, sql_type(source.column.type).kind
        if name == _KEY:
            kept.append(source)
        elif source.field.calculated:
            sample.leave_out(source, "formula")
        elif name in table.unfilled or name not in types:
            sample.leave_out(source, "not filled yet")
        elif types[name].kind is not kind:
            sample.leave_out(source, "of another type than raw's")
        else:
            kept.append(source)
    while not RestApi.fits(_of_ids(kept, ["0" * 18] * _IDS, description)):
        sample.leave_out(kept.pop(), "beyond the longest query")
    return Selection(
        sources=tuple(kept),
        stamp_field=selection.stamp_field,
        has_deleted=any(s.field.name == "IsDeleted" for s in kept),
        left_out=(),
    )


def _by_chance(table: RawTable, size: int) -> exp.Select:
    rows = table.current(_KEY).subquery("c")
    return exp.select(_KEY).from_(rows).order_by(exp.Rand()).limit(size)


def _newest(
    org: Org, description: Description, chosen: Selection, table: RawTable, size: int
) -> list[dict[str, Any]]:
    fields = ", ".join(source.field.name for source in chosen.sources)
    stamp = chosen.stamp_field
    soql = (
        f"SELECT {fields} FROM {table.name} WHERE {stamp} < {literal(table.watermark)}"  # noqa: S608
        f"{living(description)} ORDER BY {stamp} DESC LIMIT {size}"
    )
    return list(org.query(soql, deleted=True))


def _of_ids(sources: Iterable[ReadField], ids: list[str], description: Description) -> str:
    fields = ", ".join(source.field.name for source in sources)
    listed = ", ".join(f"'{one}'" for one in ids)
    where = f"Id IN ({listed}){living(description)}"
    return f"SELECT {fields} FROM {description.name} WHERE {where}"  # noqa: S608 - Salesforce's ids


def _is_later(record: dict[str, Any], chosen: Selection, table: RawTable) -> bool:
    stamp = record.get(chosen.stamp_field)
    # Texts of one form, so that they compare as the times do.
    return stamp is not None and str(stamp)[:23] >= literal(table.watermark)[:23]


def _without_trace(
    org: Org, description: Description, table: RawTable, ids: list[str], sample: Sample
) -> list[str]:
    """Of ids that the org did not give, those that it does not know as deleted since either."""
    if not ids:
        return []
    stamp = description.stamp_field
    listed = ", ".join(f"'{one}'" for one in ids)
    soql = (
        f"SELECT Id FROM {description.name} WHERE Id IN ({listed})"  # noqa: S608
        f" AND {stamp} >= {literal(table.watermark)}"
    )
    deleted = {str(record["Id"]) for record in org.query(soql, deleted=True)}
    sample.changed += len(deleted)
    return [one for one in ids if one not in deleted]


def _written(
    engine: DuckDbEngine, records: list[dict[str, Any]], chosen: Selection, path: Path
) -> Relation:
    """The records as the job would have written them."""
    tally = Tally(object_name="", limit=len(records) * len(chosen.sources), known=frozenset)
    schema = pa.schema([(s.column.name, ARROW[s.column.type]) for s in chosen.sources])
    stamp = Stamp(org_id="", run_id="", extracted_at=_EPOCH, batch=0, change=Change.READ)
    tables = [
        shape(arrays, chosen, stamp, schema)
        for arrays in page_rest.batches(records, chosen, Rejects(tally=tally))
    ]
    pq.write_table(pa.concat_tables(tables), path)
    found = Found(
        name="Salesforce", kept=Kept.PARQUET, changed_at=None, table="sample", files=(str(path),)
    )
    return engine.open(found)


def _pair(
    engine: DuckDbEngine, table: RawTable, chosen: Selection, old: Relation, ids: list[str]
) -> PairSql:
    names = [source.column.name for source in chosen.sources]
    rows = table.current(*names, among=ids)
    engine.keep("sampled", rows)
    new = Relation(table=exp.to_table("sampled"), types={n: table.relation.types[n] for n in names})
    place = Place(folder="Salesforce")
    pair = Pair(
        name=table.name,
        old=Source(place=place, table=table.name),
        new=Source(place=Place(layer="raw"), table=table.found.table),
        key=(Column(name=_KEY, old=_KEY, new=_KEY),),
        columns=tuple(Column(name=n, old=n, new=n) for n in names if n != _KEY),
    )
    return PairSql(pair=pair, old=old, new=new, dialect=engine.dialect)


def _parts(ids: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(ids), _IDS):
        yield ids[start : start + _IDS]


def _some(names: list[str]) -> str:
    return ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
