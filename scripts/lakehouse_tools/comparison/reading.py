"""Reads ``config/comparison.json``; a mistake names file, key, value and what is allowed."""

import hashlib
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Final, TypeVar

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from lakehouse_jobs.contract.checked import Section
from lakehouse_tools.comparison.entries import day, needed
from lakehouse_tools.comparison.model import (
    FORMATS,
    LAYERS,
    Alignment,
    Column,
    ComparisonConfig,
    KnownDifference,
    Normal,
    Pair,
    Performance,
    Place,
    Precision,
    Rows,
    RunSource,
    Source,
    Thresholds,
)

DIALECT: Final = "athena"  # of the SQL in the file
_MANY: Final = 10**12
T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


def read_config(path: Path) -> ComparisonConfig:
    """The configuration in a file. Raises :class:`lakehouse_jobs.contract.errors.ConfigError`."""
    file = Section.from_file(path)
    return config_of(path.read_text(encoding="utf-8"), where=file.where)


def config_of(text: str, *, where: str) -> ComparisonConfig:
    """The configuration in a text; ``where`` names its origin in messages."""
    fingerprint = hashlib.sha256(text.encode()).hexdigest()[:16]
    return Section.from_text(text, where=where).read(lambda file: _config(file, fingerprint))


def _config(file: Section, fingerprint: str) -> ComparisonConfig:
    old, new = file.section("old").read(place), file.section("new").read(place)
    if old == new:
        raise file.error("new", str(new), "another place than that of the key old")
    empty = file.flag("empty_is_null", False)
    pairs = tuple(one.read(lambda s: _pair(s, old, new, empty)) for one in file.sections("tables"))
    names = [pair.name for pair in pairs]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise file.error(f"tables[{index}].name", name, "each name once; give one a `name`")
    for index, pair in enumerate(pairs):
        for column, target in pair.references:
            if target not in names:
                where = f"tables[{index}].references.{column}"
                raise file.error(where, target, f"one of the pairs {', '.join(names)}")
            if len(pairs[names.index(target)].key) != 1:
                where = f"tables[{index}].references.{column}"
                raise file.error(where, target, "a pair whose key is one column")
    left_out = file.section("tables_left_out")
    return ComparisonConfig(
        where=file.where,
        fingerprint=fingerprint,
        old=old,
        new=new,
        pairs=pairs,
        tables_left_out=tuple((n, needed(left_out, n)) for n in left_out.names()),
        thresholds=file.section("thresholds").read(_thresholds),
        performance=file.section("performance").read(_performance),
        runs_in_a_row=file.whole("runs_in_a_row", 5, low=1, high=1_000),
    )


def place(section: Section) -> Place:
    """Where the tables of a side lie."""
    found = Place(
        database=section.text("database"),
        layer=section.text("layer", one_of=LAYERS),
        folder=section.text("folder"),
        format=section.text("format", "parquet", one_of=FORMATS),
    )
    given = [n for n in ("database", "layer", "folder") if getattr(found, n)]
    if len(given) != 1:
        raise section.error(
            "database", " and ".join(given) or None, "exactly one of database, layer and folder"
        )
    return found


def _source(pair: Section, side: str, place: Place) -> Source:
    table = pair.text(side)
    if table is None:
        raise pair.error(side, None, "the name of a table")
    sql = pair.text(f"{side}_filter")
    if sql is not None:
        _expression(pair, f"{side}_filter", sql)
    return Source(place=place, table=table, filter=sql)


def _pair(section: Section, old: Place, new: Place, empty: bool) -> Pair:
    sources = _source(section, "old", old), _source(section, "new", new)
    empty = section.flag("empty_is_null", empty)
    key = _columns(section.section("key"), empty)
    if not key:
        raise section.error("key", None, 'the columns of the key: {"account_id": {"old": "id"}}')
    columns = _columns(section.section("columns"), empty)
    if not columns:
        raise section.error("columns", None, "at least one column to compare")
    names = [column.name for column in columns]
    for one in key:
        if one.name in names:
            raise section.error(f"columns.{one.name}", one.name, "columns that are not in the key")
    left_out = section.section("left_out")
    references = section.section("references")
    pair = Pair(
        name=section.text("name", sources[1].table),
        old=sources[0],
        new=sources[1],
        key=key,
        columns=columns,
        left_out_old=left_out.texts("old"),
        left_out_new=left_out.texts("new"),
        alignment=_alignment(section),
        known_differences=tuple(
            one.read(lambda s: _known(s, names)) for one in section.sections("known_differences")
        ),
        references=tuple((n, needed(references, n)) for n in references.names()),
        modified=section.text("modified"),
        accuracy=_share(section, "row_accuracy", None),
    )
    left_out.done()
    for name in (*(n for n, _ in pair.references), *filter(None, [pair.modified])):
        if name not in names:
            key_ = "modified" if name == pair.modified else f"references.{name}"
            raise section.error(key_, name, f"one of the compared columns {', '.join(names)}")
    rules = [rule.name for rule in pair.known_differences]
    for index, name in enumerate(rules):
        if name in rules[:index]:
            raise section.error(f"known_differences[{index}].name", name, "each name once")
    return pair


def _columns(section: Section, empty: bool) -> tuple[Column, ...]:
    return tuple(
        section.section(n).read(lambda s, n=n: _column(s, n, empty)) for n in section.names()
    )


def _column(section: Section, name: str, empty: bool) -> Column:
    column = Column(
        name=name,
        old=section.text("old", name),
        new=section.text("new", name),
        cast=section.text("cast"),
        normalise=tuple(
            _one_of(section, "normalise", text, Normal) for text in section.texts("normalise")
        ),
        empty_is_null=section.flag("empty_is_null", empty),
        precision=_one_of(
            section, "precision", section.text("precision", "millisecond"), Precision
        ),
        tolerance=section.number("tolerance", None, low=0),
        relative_tolerance=section.number("relative_tolerance", None, low=0),
        accuracy=_share(section, "accuracy", None),
    )
    for side in ("old", "new"):
        _expression(section, side, getattr(column, side))
    if column.cast is not None:
        _type(section, column.cast)
    return column


def _alignment(pair: Section) -> Alignment | None:
    if "as_of" not in pair.names():
        return None
    section = pair.section("as_of")
    cutoff = section.text("cutoff")
    if cutoff is None:
        raise section.error("cutoff", None, "the old table's column that tells how far it goes")
    alignment = Alignment(
        cutoff=cutoff,
        valid_from=section.text("valid_from"),
        valid_to=section.text("valid_to"),
        is_current=section.text("is_current"),
        closed_by_deletion=section.text("closed_by_deletion"),
        moved=section.texts("moved"),
    )
    section.done()
    if bool(alignment.valid_from) != bool(alignment.valid_to):
        raise section.error("valid_to", alignment.valid_to, "both valid_from and valid_to")
    if bool(alignment.valid_from) == bool(alignment.moved):
        raise section.error("moved", list(alignment.moved), "either valid_from/valid_to or moved")
    _expression(section, "cutoff", cutoff)
    return alignment


def _known(section: Section, names: list[str]) -> KnownDifference:
    rows = section.text("rows", one_of=tuple(Rows))
    columns = section.texts("columns")
    if bool(rows) == bool(columns):
        raise section.error("columns", list(columns), "either columns or rows (only_old, only_new)")
    for column in columns:
        if column not in names:
            raise section.error("columns", column, f"the compared columns {', '.join(names)}")
    known = KnownDifference(
        name=needed(section, "name"),
        columns=columns,
        rows=Rows(rows) if rows else None,
        where=needed(section, "where"),
        reason=needed(section, "reason"),
        owner=needed(section, "owner"),
        expires=day(section, "expires"),
        at_most=section.whole("at_most", 0, low=1, high=_MANY),
    )
    if known.at_most == 0:
        raise section.error("at_most", None, "the greatest number of keys that it may explain")
    for column in _expression(section, "where", known.where).find_all(exp.Column):
        if column.table not in ("old", "new"):
            raise section.error("where", column.sql(), "columns written old.<name> or new.<name>")
    return known


def _thresholds(section: Section) -> Thresholds:
    default = Thresholds()
    return Thresholds(
        **{name: _share(section, name, getattr(default, name)) for name in default.__annotations__}
    )


def _performance(section: Section) -> Performance:
    default = Performance()
    old, new = section.section("old"), section.section("new")
    given = bool(new.names())
    return Performance(
        old=old.read(_runs),
        new=new.read(_runs) if given else default.new,
        days=section.whole("days", default.days, low=1, high=366),
    )


def _runs(section: Section) -> RunSource:
    source = RunSource(
        file=section.text("file"),
        glue_jobs=section.texts("glue_jobs"),
        pipeline=section.flag("pipeline", False),
    )
    if sum(map(bool, (source.file, source.glue_jobs, source.pipeline))) > 1:
        raise section.error("file", source.file, "one of file, glue_jobs and pipeline")
    return source


def _share(section: Section, name: str, default: T) -> Fraction | T:
    value = section.share(name, None)
    # By its text: 0.99 shall be 99/100, not the nearest binary number.
    return default if value is None else Fraction(repr(value))


def _one_of(section: Section, name: str, text: str, kind: type[E]) -> E:
    try:
        return kind(text)
    except ValueError:
        raise section.error(name, text, ", ".join(kind)) from None


def _expression(section: Section, name: str, sql: str) -> exp.Expr:
    try:
        return sqlglot.parse_one(sql, read=DIALECT)
    except SqlglotError as error:
        reason = str(error).splitlines()[0]
        raise section.error(name, sql, f"a column or an SQL expression ({reason})") from None


def _type(section: Section, text: str) -> None:
    try:
        known = exp.DataType.build(text, dialect=DIALECT)
    except (SqlglotError, ValueError):
        known = None
    if known is None or known.is_type(exp.DataType.Type.USERDEFINED):
        raise section.error("cast", text, "an SQL type such as bigint, decimal(18,2), timestamp")
