"""The edge cases of the comparison through Athena's API: Hive tables in the local AWS."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import duckdb
import pytest

from lakehouse_tools.comparison.engines.duck import DuckDbEngine
from lakehouse_tools.comparison.engines.lake import AthenaEngine
from lakehouse_tools.comparison.errors import NotComparedError
from lakehouse_tools.comparison.rows import compare_rows
from lakehouse_tools.comparison.sides import Sides
from lakehouse_tools.comparison.sql.sides import NEW, OLD
from lakehouse_tools.environment import Environment
from tests.unit.tools.comparison import test_cells, test_rows
from tests.unit.tools.comparison.conftest import Lab
from tests.unit.tools.conftest import STACK

pytestmark = pytest.mark.local_aws

BUCKET = "comparison-edges"
PARQUET = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
LINES = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
CSV = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
CASES = (
    test_cells.test_values,
    test_cells.test_what_a_column_forgives,
    test_cells.test_sql_in_place_of_a_column,
    test_cells.test_what_kind_of_difference_it_is,
    test_cells.test_a_column_that_differs_everywhere,
    test_rows.test_equal_counts_with_different_rows,
    test_rows.test_duplicated_and_null_keys,
    test_rows.test_the_same_duplicates_and_nulls_on_both_sides_are_wrong_too,
    test_rows.test_a_key_of_which_a_part_is_null_is_no_key,
    test_rows.test_ids_of_15_and_18_characters_are_one_key,
    test_rows.test_an_empty_side_is_not_compared,
    test_rows.test_validity_at_the_cutoff,
    test_rows.test_keys_that_moved_after_the_cutoff_are_left_out_on_both_sides,
    test_rows.test_known_differences_explain_cells_and_rows,
)


class Lake(Lab):
    """The lab's tables as Hive tables of the catalog; databases of its own."""

    def __init__(self, local_aws: Any, engine: Any, environment: Environment, folder: Any) -> None:
        super().__init__(engine, folder)
        self.glue, self.s3 = local_aws.client("glue"), local_aws.client("s3")
        names = {side: f"edges_{side}_{uuid.uuid4().hex[:8]}" for side in (OLD, NEW)}
        self.config = {side: {"database": name} for side, name in names.items()}
        for name in names.values():
            self.glue.create_database(DatabaseInput={"Name": name})
        self.sides = Sides(environment, STACK)

    def write(self, side: str, query: str, table: str = "account", format: str = "parquet") -> None:
        super().write(side, query, table, format)
        path = self.folder / side / f"{table}.{format}"
        rows = duckdb.connect().execute(f"DESCRIBE SELECT * FROM '{path}'").fetchall()
        columns = [(row[0], _hive(row[1])) for row in rows]
        self.put(side, path.read_bytes(), columns, PARQUET, {}, table=table)

    def put(
        self,
        side: str,
        data: bytes,
        columns: list[tuple[str, str]],
        serde: str,
        own: dict[str, str],
        *,
        table: str = "account",
        **parameters: str,
    ) -> None:
        """One file as a table; of the same name before, it takes the place."""
        database = self.config[side]["database"]
        key = f"{database}/{table}"
        self.s3.put_object(Bucket=BUCKET, Key=f"{key}/000000_0", Body=data)
        given = {
            "Name": table,
            "Parameters": parameters,
            "StorageDescriptor": {
                "Location": f"s3://{BUCKET}/{key}",
                "Columns": [{"Name": name, "Type": kind} for name, kind in columns],
                "SerdeInfo": {"SerializationLibrary": serde, "Parameters": own},
            },
        }
        try:
            self.glue.create_table(DatabaseName=database, TableInput=given)
        except self.glue.exceptions.AlreadyExistsException:
            self.glue.update_table(DatabaseName=database, TableInput=given)


def _hive(kind: str) -> str:
    names = {"VARCHAR": "string", "INTEGER": "int", "TIMESTAMP WITH TIME ZONE": "timestamp"}
    return names.get(kind, kind.lower())


@pytest.fixture(scope="module")
def stack(local_aws: Any) -> Any:
    local_aws.client("s3").create_bucket(Bucket=BUCKET)
    local_aws.create_work_group(BUCKET, results=f"s3://{BUCKET}/results")
    return replace(STACK, athena_work_group_name=BUCKET, marts_database="default")


@pytest.fixture(scope="module")
def environment(local_aws: Any) -> Environment:
    return Environment("local", local_aws.home)


@pytest.fixture
def lake(local_aws: Any, stack: Any, environment: Environment, tmp_path: Any) -> Lake:
    return Lake(local_aws, AthenaEngine(environment, stack), environment, tmp_path)


@pytest.fixture
def duck(environment: Environment) -> Iterator[DuckDbEngine]:
    """DuckDB on this machine over the same S3."""
    with DuckDbEngine(threads=1, storage=environment.storage()) as engine:
        yield engine


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_edge_case(lake: Lake, case: Any) -> None:
    case(lake)


def test_columns_in_several_queries(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    test_cells.test_columns_in_several_queries(lake, monkeypatch)


@pytest.mark.prove
def test_800_columns(lake: Lake) -> None:
    test_cells.wide(lake, 800)


TYPED = [("id", "string"), ("name", "string"), ("amount", "double"), ("made", "timestamp")]
NEW_ROWS = """SELECT * FROM (VALUES
    ('1', 'a, "b"', 1.5::double, TIMESTAMP '2026-01-31 10:20:30'),
    ('2', NULL, NULL, NULL),
    ('3', 'other', 2.5, TIMESTAMP '2026-01-31 10:20:31')) t(id, name, amount, made)"""


def test_hive_tables_of_text_are_one_for_both_engines(lake: Lake, duck: Any) -> None:
    """LazySimpleSerDe's own forms, and OpenCSVSerde's under a header."""
    columns = {"name": {}, "amount": {}, "made": {}}
    lake.write(NEW, NEW_ROWS)
    plain = (
        b'1\x01a, "b"\x011.5\x012026-01-31 10:20:30\n2\x01\\N\x01\\N\x01\\N\n'
        b"3\x01c\x012.5\x012026-01-31 10:20:31.0\n"
    )
    quoted = b'id;name\n"1";"a, ""b"""\n"3";"c"\n'
    for engine in (lake.engine, duck):
        lake.engine = engine
        lake.put(OLD, plain, TYPED, LINES, {"serialization.format": "1"})
        found = _compared(lake, columns=columns)
        assert (found.pairs, found.changed) == (3, 1)
        assert [(d.key, d.columns) for d in found.differing] == [(("3",), ("name",))]

        header = {"skip.header.line.count": "1"}
        lake.put(OLD, quoted, TYPED[:2], CSV, {"separatorChar": ";"}, **header)
        found = _compared(lake, columns={"name": {}}, new_filter="id <> '2'")
        assert (found.pairs, found.changed) == (2, 1)

        lake.put(OLD, b"1\x01abc\n", [("id", "string"), ("name", "binary")], LINES, {})
        with pytest.raises(NotComparedError, match="column name: its type binary is not read"):
            _compared(lake, columns={"name": {"cast": "varchar"}})
        lake.put(OLD, b'"1;a\n', TYPED[:2], CSV, {"separatorChar": ";"})
        with pytest.raises(NotComparedError, match="a line has a quote that is not closed"):
            _compared(lake, columns={"name": {}})
        lake.put(OLD, b"1||a", TYPED[:2], LINES, {"field.delim": "||"})
        with pytest.raises(NotComparedError, match=r"field.delim: got '\|\|'; allowed: one"):
            _compared(lake, columns={"name": {}})


def _compared(lake: Lake, **pair: Any) -> Any:
    return compare_rows(lake.engine, lake.sql(**pair))
