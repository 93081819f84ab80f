"""Runs land batches while a build goes on: it reads what was there when it began."""

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.local_aws

TIME = pa.timestamp("us", "UTC")
BEFORE = pa.schema(
    [("id", pa.string()), ("name", pa.string()), ("createddate", TIME), ("systemmodstamp", TIME)]
)
AFTER = BEFORE.append(pa.field("rating", pa.string()))
MADE = datetime(2026, 1, 1, tzinfo=UTC)
Lake = Any  # of conftest.py, which tests cannot import


def account(name: str, day: int, **values: Any) -> dict[str, Any]:
    stamp = datetime(2026, 1, day, tzinfo=UTC)
    return {"id": "a", "name": name, "createddate": MADE, "systemmodstamp": stamp} | values


def names(lake: Lake) -> tuple[set[str], set[str]]:
    staged = lake.rows("staging", "stg_salesforce__accounts", "account_name")
    history = lake.rows("marts", "dim_account", "account_name")
    return {r["account_name"] for r in staged}, {r["account_name"] for r in history}


def questions(lake: Lake) -> int:
    """How often dbt has asked the catalog for a table that the build had read of before."""
    log = (lake.project / "logs" / "dbt.log").read_text()
    return log.count("get_relation schema: t_marts, identifier: dim_account")


def test_a_batch_that_lands_during_a_build_is_left_to_the_next(lake: Lake) -> None:
    """One test, because a build takes its time. The catalog is behind the table, as its
    answer is when a run commits after it was given."""
    lake.test_data(enabled=False)
    lake.land("account", [account("one", 2)], batch=1, fields=BEFORE)
    lake.land("account", [account("two", 3)], batch=2, fields=BEFORE, told=1)
    first = lake.build("first")
    assert first["status"] == "succeeded", first["log"]
    assert names(lake) == ({"one"}, {"one"})  # a build from scratch has the bound too
    assert lake.built() == {"account": 1}

    lake.tell("account", batch=2)
    lake.land("account", [account("three", 4, rating="Hot")], batch=3, fields=AFTER, told=2)
    asked = questions(lake)
    second = lake.build("second")
    assert questions(lake) == asked
    assert second["status"] == "succeeded", second["log"]
    assert names(lake) == ({"two"}, {"one", "two"})
    assert lake.built() == {"account": 2}

    lake.tell("account", batch=3)
    third = lake.build("third", full_refresh=True)
    assert third["status"] == "succeeded", third["log"]
    [row] = lake.rows("staging", "stg_salesforce__accounts", "account_name", "rating")
    assert row == {"account_name": "three", "rating": "Hot"}
    assert names(lake) == ({"three"}, {"one", "two", "three"})
    assert lake.built() == {"account": 3}


WORKED_OUT = "delta = keep(sql)"
# In place of it: keeps the text and what Spark makes of a name in it, and lands a batch with two
# records before it is read.
LANDING = """open('{text}', 'w').write(sql)
        open('{plan}', 'w').write(spark.table('dim_account__touched')._jdf.queryExecution()
            .analyzed().toString())
        from pyspark.sql.functions import expr
        name = re.search('[a-z0-9_.]*t_raw[.]account', sql)[0]
        rows = spark.table(name).where('_batch = 4')
        for id in ('a', 'b'):
            values = dict(id="'" + id + "'", name="'five ' || '" + id + "'", _batch='bigint(5)',
                          systemmodstamp='systemmodstamp + interval 1 day')
            rows.withColumns(dict((k, expr(v)) for k, v in values.items())).writeTo(name).append()
        delta = keep(sql)"""


def test_by_hand_a_batch_that_lands_within_a_model_is_left_to_its_next_build(
    lake: Lake, tmp_path: Path
) -> None:
    """After the test above. Nothing bounds a build by hand but what the model saw first."""
    lake.land("account", [account("four", 5)], batch=4, fields=BEFORE)
    before = names(lake)[1]
    macro = lake.project / "macros" / "materializations" / "incremental.sql"
    shipped = macro.read_text()
    assert WORKED_OUT in shipped
    notes = {"text": tmp_path / "sent", "plan": tmp_path / "plan"}
    macro.write_text(shipped.replace(WORKED_OUT, LANDING.format(**notes)))

    lake.by_hand("run", "--select", "dim_account")
    assert names(lake)[1] == before | {"four"}
    # By literals and ranges, which leave out files; by a subquery nothing would be left out.
    sent = notes["text"].read_text()
    assert "account_id in ('a') and (account_id between 'a' and 'a')" in sent
    assert "from touched)" not in sent
    # Rows in place of the query that found them, and no table in their plan.
    assert "touched as (select * from dim_account__touched)" in sent
    plan = notes["plan"].read_text()
    assert "InMemoryRelation" in plan
    assert "RelationV2" not in plan

    macro.write_text(shipped)
    lake.by_hand("run", "--select", "dim_account")
    assert names(lake)[1] == before | {"four", "five a", "five b"}


# A part for each 128 bytes, one to twenty of them, and a note of how many there were.
SHIPPED_PARTS = {
    "2**26": "2**7",
    "int(spark.conf.get('spark.sql.shuffle.partitions'))": "20",
    "spark.sparkContext.defaultParallelism": "1",
    "cached.append(found.cache())": """cached.append(found.cache())
    open('{text}', 'a').write(spark.conf.get('spark.sql.shuffle.partitions') + chr(10))""",
}


def test_a_delta_is_shuffled_into_parts_by_its_own_size(lake: Lake, tmp_path: Path) -> None:
    """After the tests above. The ids of a hundred records are some kilobytes."""
    macro = lake.project / "macros" / "materializations" / "incremental.sql"
    shipped = text = macro.read_text()
    for before, after in SHIPPED_PARTS.items():
        assert before in text
        text = text.replace(before, after)
    found = []
    for batch, many in ((6, 100), (7, 1)):
        rows = [account("six", 6) | {"id": f"many{number}"} for number in range(many)]
        lake.land("account", rows, batch=batch, fields=BEFORE)
        notes = tmp_path / str(batch)
        macro.write_text(text.replace("{text}", str(notes)))
        lake.by_hand("run", "--select", "dim_account")
        found.append(notes.read_text().split()[0])  # of `touched`
    macro.write_text(shipped)

    assert found == ["20", "1"]  # the table has grown, the second delta is small


def test_the_pipeline_goes_on_from_what_was_built_by_hand(lake: Lake) -> None:
    """After the tests above. Models of accounts alone, as each build takes its time."""
    lake.select = "+dim_account"
    lake.land("account", [account("eight", 8)], batch=8, fields=BEFORE)
    first = lake.build("before")
    assert first["status"] == "succeeded", first["log"]
    notes = lake.notes()

    lake.land("account", [account("nine", 9)], batch=9, fields=BEFORE)
    log = lake.by_hand("build", "--select", lake.select, "--exclude-resource-type", "unit_test")
    assert "built anew" not in log
    assert "nine" in names(lake)[1]
    assert lake.notes() == notes  # so the pipeline builds it, whatever has been built

    lake.land("account", [account("ten", 10)], batch=10, fields=BEFORE)
    last = lake.build("after")
    assert last["status"] == "succeeded", last["log"]
    assert lake.built() == {"account": 10}
    other = lake.elsewhere("2")
    anew = other.build("in-one-go")
    assert anew["status"] == "succeeded", anew["log"]
    for layer in ("staging", "marts"):
        for table in other.tables(layer):
            assert lake.rows(layer, table) == other.rows(layer, table), table
    assert other.tables("marts") == ["dim_account"]


def test_a_table_made_anew_lies_in_the_order_of_its_key(lake: Lake) -> None:
    """After the tests above. Several files, as of tables that Spark shuffles into parts."""
    macro = lake.project / "macros" / "materializations" / "create_anew.sql"
    shipped, first = macro.read_text(), "declared, words = "
    assert shipped.count(first) == 1
    parts = "spark.conf.set('spark.sql.shuffle.partitions', 4)\n"
    macro.write_text(shipped.replace(first, parts + first))

    lake.by_hand("run", "--full-refresh", "--select", "stg_salesforce__accounts", "dim_account")

    for layer, table in (("staging", "stg_salesforce__accounts"), ("marts", "dim_account")):
        files = sorted(keys_by_file(lake, layer, table))
        assert len(files) == 4, table
        assert files == [sorted(keys) for keys in files], table
        # Periods of one record may lie in two files.
        assert all(one[-1] <= next_one[0] for one, next_one in pairwise(files)), table


def keys_by_file(lake: Lake, layer: str, table: str) -> list[list[str]]:
    """The ids of accounts, of each data file in its order."""
    found = lake.catalog().load_table((lake.database(layer), table))
    places = [task.file.file_path for task in found.scan().plan_files()]
    read = (
        pq.read_table(found.io.new_input(place).open(), columns=["account_id"]) for place in places
    )
    return [rows["account_id"].to_pylist() for rows in read]


def test_a_statement_that_dbt_glue_cannot_send_is_refused_in_a_line(lake: Lake) -> None:
    for name, value in {"slash": r"'\d'", "quotes": "''" * 2}.items():
        model = f"{{{{ config(unique_key='x') }}}}\nselect {value} as x\n"
        (lake.project / "models" / "staging" / f"{name}.sql").write_text(model)

    done = lake.run(
        "dbt", "run", "--select", "slash", "quotes", folder=lake.project, env=lake.environment
    )

    assert done.returncode != 0
    assert "slash: its SQL contains \\, which dbt-glue cannot send" in done.stdout
    assert "quotes: its SQL contains ''', which dbt-glue cannot send" in done.stdout
