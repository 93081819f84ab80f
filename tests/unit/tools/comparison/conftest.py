"""Pairs of tables from SQL, compared on DuckDB and by Athena's text."""

import json
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from sqlglot import exp

from lakehouse_local.local_aws.athena_dialect import DIVIDE_MACRO, parse, write
from lakehouse_tools.comparison.engines.duck import DuckDbEngine
from lakehouse_tools.comparison.reading import config_of
from lakehouse_tools.comparison.rows import compare_rows
from lakehouse_tools.comparison.sides import Sides
from lakehouse_tools.comparison.sql.dialects import Dialect
from lakehouse_tools.comparison.sql.rows import Rows
from lakehouse_tools.comparison.sql.sides import NEW, OLD, PairSql


class AthenaText(DuckDbEngine):
    """Athena's text, read as the local Athena reads it and run where that runs it."""

    name = "athena"
    dialect = Dialect()

    def __enter__(self):
        super().__enter__()
        self.connection.execute(DIVIDE_MACRO)
        return self

    def open(self, found):
        # Athena has names of tables, and no functions that read files.
        opened = super().open(found)
        name = f"t{len(self._views())}"
        self._run(f"CREATE VIEW {name} AS SELECT * FROM {opened.table.sql('duckdb')}")
        return replace(opened, table=exp.to_table(name))

    def answer(self, query):
        text = self.dialect.write(query)
        assert len(text.encode()) < self.dialect.longest
        cursor = self.connection.execute(write(parse(text)))
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def parts(self, sql, *, rows):
        yield Rows(sql=sql, side=sql.select)

    def outside(self, sql, columns):
        return dict.fromkeys((one.index for one in columns), 0)


ENGINES = {"duckdb": DuckDbEngine, "athena": AthenaText}


@pytest.fixture(params=ENGINES)
def engine(request):
    with ENGINES[request.param](threads=1) as opened:
        yield opened


class Lab:
    """Writes tables of both sides and compares them."""

    def __init__(self, engine, folder: Path) -> None:
        self.engine = engine
        self.folder = folder
        self.sides = Sides()
        self.config = {
            "old": {"folder": str(folder / "old")},
            "new": {"folder": str(folder / "new")},
        }
        for side in (OLD, NEW):
            (folder / side).mkdir()

    def write(self, side: str, query: str, table: str = "account", format: str = "parquet") -> None:
        path = self.folder / side / f"{table}.{format}"
        connection = duckdb.connect()
        connection.execute(f"SET TimeZone = 'UTC'; COPY ({query}) TO '{path}' (FORMAT {format})")
        connection.close()

    def sql(self, cutoff=None, **pair) -> PairSql:
        pair = {"old": "account", "new": "account", "key": {"id": {}}, **pair}
        config = config_of(json.dumps({**self.config, "tables": [pair]}), where="comparison.json")
        (one,) = config.pairs
        old, new = (self.engine.open(self.sides.find(source)) for source in (one.old, one.new))
        return PairSql(pair=one, old=old, new=new, dialect=self.engine.dialect, cutoff=cutoff)

    def compare(self, old: str, new: str, cutoff=None, values=False, **pair):
        self.write(OLD, old)
        self.write(NEW, new)
        pair = {"columns": {"x": {}}, **pair}
        return compare_rows(self.engine, self.sql(cutoff, **pair), values=values)


@pytest.fixture
def lab(engine, tmp_path):
    return Lab(engine, tmp_path)
