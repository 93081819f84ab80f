"""DuckDB on this machine: files of a pinned table, in bounded memory."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import duckdb
from sqlglot import exp

from lakehouse_jobs.contract import hive_lines
from lakehouse_jobs.contract.hive_text import HiveTextError
from lakehouse_tools.comparison.errors import NotComparedError
from lakehouse_tools.comparison.memory import MEMORY
from lakehouse_tools.comparison.sides import Found, Kept
from lakehouse_tools.comparison.sql.dialects import DuckDb
from lakehouse_tools.comparison.sql.rows import Rows
from lakehouse_tools.comparison.sql.sides import NEW, OLD, Compared, PairSql, Relation
from lakehouse_tools.comparison.sql.suspects import (
    TABLE,
    absent,
    bits_for,
    is_suspect,
    present,
    suspects,
)
from lakehouse_tools.comparison.sql.types import sql_type

_PART: Final = 1_000_000  # rows of a side compared at once
_LONG: Final = 1_000  # characters; queries name their tables several times
_EXTENSIONS: Final = ("httpfs", "avro", "iceberg")


class DuckDbEngine:
    """One connection with its own folder for what does not fit into memory.

    ``storage``: how S3 is reached, as the options of DuckDB's secret; None for files on disk.
    """

    name = "duckdb"
    dialect = DuckDb()
    version = duckdb.__version__

    def __init__(
        self,
        *,
        memory: str = MEMORY,
        threads: int | None = None,
        storage: dict[str, str] | None = None,
    ) -> None:
        self._memory = memory
        self._threads = threads or os.cpu_count() or 1
        self._storage = storage
        self._inside: dict[int, int] = {}
        self._rows = 0  # of the old side
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="lakehouse-")))
        self._folder = folder
        self.connection = self._stack.enter_context(duckdb.connect())
        for setting in (
            f"threads = {self._threads}",
            "TimeZone = 'UTC'",
            "preserve_insertion_order = false",
            f"memory_limit = {hive_lines.literal(self._memory)}",
            f"temp_directory = {hive_lines.literal(str(folder / 'spilled'))}",
            "autoinstall_known_extensions = false",
            "max_expression_depth = 100000",
        ):
            self.connection.execute(f"SET {setting}")
        if self._storage is not None:
            self._reach_s3(self._storage)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def _reach_s3(self, storage: dict[str, str]) -> None:
        from duckdb_extensions import import_extension

        folder = self._folder / "extensions"
        folder.mkdir()
        self.connection.execute(f"SET extension_directory = {hive_lines.literal(str(folder))}")
        for name in _EXTENSIONS:
            import_extension(name, con=self.connection)
            self.connection.execute(f"LOAD {name}")
        options = "".join(
            f", {name} {hive_lines.literal(value)}" for name, value in storage.items()
        )
        self.connection.execute(f"CREATE SECRET lake (TYPE s3{options})")

    def open(self, found: Found) -> Relation:
        """The table's files as they were found; a view of them where they are many.

        Not always a view: DuckDB does not test rows while it decodes those.
        """
        try:
            scan = _scan(found)
        except HiveTextError as error:
            raise NotComparedError(
                f"{found.name}: {error}; or compare with --engine athena"
            ) from None
        if found.text is not None or len(scan) > _LONG:
            name = f"t{len(self._views())}"
            self._run(f"CREATE VIEW {name} AS SELECT * FROM {scan}")  # noqa: S608
            scan = name
        described = self._run(f"DESCRIBE SELECT * FROM {scan}").fetchall()  # noqa: S608
        types = {row[0].lower(): sql_type(row[1], dialect="duckdb") for row in described}
        return Relation(table=exp.maybe_parse(scan, into=exp.Table, dialect="duckdb"), types=types)

    def _views(self) -> list[Any]:
        views = "SELECT 1 FROM duckdb_views() WHERE NOT internal"
        return self.connection.execute(views).fetchall()

    def answer(self, query: exp.Expr) -> list[dict[str, Any]]:
        """The rows of a query."""
        cursor = self._run(self.dialect.write(query))
        names = [column[0] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def parts(self, sql: PairSql, *, rows: int) -> Iterator[Rows]:
        """The rows of suspect buckets, copied once, about a million of each side at a time."""
        self._rows, bits = rows, bits_for(rows)
        self._run(f"CREATE OR REPLACE TEMP TABLE {TABLE} (b INTEGER, n HUGEINT)")
        for query in suspects(sql, self.dialect, bits=bits):
            self._run(f"INSERT INTO {TABLE} {self.dialect.write(query)}")
        (found,) = self.answer(exp.select("coalesce(sum(n), 0) AS n").from_(TABLE))
        parts = -(-int(found["n"]) // (2 * _PART))
        self._inside = {one.index: 0 for one in sql.values}
        for part in range(parts):
            numbers = exp.select("b").from_(TABLE).where(f"b % {parts} = {part}")
            self._run(self.dialect.choose(numbers, bits=bits))
            for side in (OLD, NEW):
                chosen = is_suspect(sql, side, self.dialect, bits=bits)
                self.keep(f"suspect_{side}", sql.select(side, None, chosen))
            counts = [f"count(v{one.index}) AS c{one.index}" for one in sql.values]
            (row,) = self.answer(exp.select(*counts).from_("suspect_old"))
            for one in sql.values:
                self._inside[one.index] += row[f"c{one.index}"]
            yield Rows(sql=sql, side=_copied)

    def outside(self, sql: PairSql, columns: tuple[Compared, ...]) -> dict[int, int]:
        """Both sides agree there, so the old side's values are counted."""
        stored = tuple(
            one
            for one in columns
            if sql.whole(OLD) and isinstance(sql.value(OLD, one, uncut=True).sql, exp.Column)
        )
        found: dict[int, int] = {}
        if stored:
            nulls = self.answer(absent(sql, OLD, stored))
            found = {row["i"]: self._rows - row["n"] for row in nulls}
        others = tuple(one for one in columns if one not in stored)
        if others:
            (row,) = self.answer(present(sql, OLD, others))
            found |= {one.index: row[f"c{one.index}"] for one in others}
        return {index: number - self._inside[index] for index, number in found.items()}

    def keep(self, name: str, query: exp.Query) -> None:
        """Keep the rows of a query as a temporary table."""
        self._run(f"CREATE OR REPLACE TEMP TABLE {name} AS {self.dialect.write(query)}")

    def _run(self, text: str) -> duckdb.DuckDBPyConnection:
        try:
            return self.connection.execute(text)
        except duckdb.Error as error:
            reason = str(error).strip().split("\n", 1)[0]
            raise NotComparedError(f"DuckDB: {reason}") from error


def _copied(side: str, columns: tuple[Compared, ...]) -> exp.Query:
    """The copy of the suspect rows; it has all columns."""
    del columns
    return exp.select("*").from_(f"suspect_{side}")


def _scan(found: Found) -> str:
    if found.metadata is not None:
        at = "" if found.snapshot is None else f", snapshot_from_id => {found.snapshot}"
        return f"iceberg_scan({hive_lines.literal(found.metadata)}{at})"
    if found.unread is not None:
        raise HiveTextError(found.unread)
    files = f"[{', '.join(hive_lines.literal(file) for file in found.files)}]"
    if found.text is not None:
        fields = found.columns[: len(found.columns) - len(found.partitions)]
        return hive_lines.query(
            found.text, files=files, columns=fields, partitions=found.partitions
        )
    if found.kept is Kept.PARQUET:
        folders = f"hive_partitioning = true{_partition_types(found)}"
        return f"read_parquet({files}, {folders}, union_by_name = true)"
    # Text: what it means is for the configuration's casts to say.
    return f"read_csv({files}, all_varchar = true, delim = ',', header = true)"


def _partition_types(found: Found) -> str:
    """What Glue says of the columns that folders tell; DuckDB guesses a number or a date."""
    types = [
        f"{hive_lines.literal(name)}: {exp.DataType.build(kind, dialect='hive').sql('duckdb')}"
        for name, kind in found.partitions
    ]
    return f", hive_types = {{{', '.join(types)}}}" if types else ""
