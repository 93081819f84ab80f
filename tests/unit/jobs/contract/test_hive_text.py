"""What Glue says of text tables, and what DuckDB reads of their files."""

import datetime
import math
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from lakehouse_jobs.contract.hive_lines import query
from lakehouse_jobs.contract.hive_text import HiveTextError, described, is_text, refuse_packed

PLAIN = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
QUOTED = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
TEXTS = (("a", "string"), ("b", "string"), ("c", "string"))


def table(serde: str, own: dict[str, str], **parameters: str) -> dict[str, Any]:
    serde_info = {"SerializationLibrary": serde, "Parameters": own}
    return {"Parameters": parameters, "StorageDescriptor": {"SerdeInfo": serde_info}}


@pytest.fixture
def read(tmp_path):
    def read(data: bytes, entry: dict[str, Any], columns=TEXTS, **more) -> list[tuple[Any, ...]]:
        (tmp_path / "000000_0").write_bytes(data)
        text = query(described(entry), files=f"['{tmp_path}/000000_0']", columns=columns, **more)
        return duckdb.connect().execute(f"SELECT * FROM {text}").fetchall()

    return read


def test_hives_defaults_are_its_first_control_character_and_a_backslash_with_n(read):
    data = b'1\x01\\N\x01"a, b"\n2\x01\n\n3\x01x\x01y\x01beyond\n'
    assert read(data, table(PLAIN, {})) == [
        ("1", None, '"a, b"'),
        ("2", "", None),
        ("3", "x", "y"),
    ]
    assert read(b"1", table(PLAIN, {"serialization.format": "1"})) == [("1", None, None)]


def test_the_properties_of_lines(read):
    entry = table(
        PLAIN,
        {"field.delim": "|", "escape.delim": "\\", "serialization.null.format": "NA"},
        **{"skip.header.line.count": "2"},
    )
    assert read(b"two\nlines\na\\|b|NA|\\\\N\n", entry) == [("a|b", None, "\\N")]
    assert read(b"a\tb\tc", table(PLAIN, {"field.delim": "9"})) == [("a", "b", "c")]
    assert read(b"a^b^", table(PLAIN, {"field.delim": "^"})) == [("a", "b", "")]


def test_types_of_lines_are_null_where_the_text_is_none(read):
    columns = [
        ("n", "bigint"),
        ("d", "decimal(10,2)"),
        ("x", "double"),
        ("f", "boolean"),
        ("day", "date"),
        ("at", "timestamp"),
        ("v", "varchar(2)"),
    ]
    data = (
        "12|1.5|-1e3|TRUE|2026-01-31|2026-01-31 10:20:30.5|abc\n"
        "1.5|z|NaN|1|31.01.2026|2026-01-31T10:20:30Z|a\n"
        "9223372036854775808|99999999999|Infinity||2026-02-30||"
    )
    day, at = datetime.date(2026, 1, 31), datetime.datetime(2026, 1, 31, 10, 20, 30, 500_000)
    first, second, third = read(data.encode(), table(PLAIN, {"field.delim": "|"}), columns)
    assert first == (12, Decimal("1.50"), -1000.0, True, day, at, "ab")
    assert second[:2] + second[3:] == (None, None, None, None, None, "a")
    assert math.isnan(second[2])
    assert third == (None, None, math.inf, None, None, None, "")


def test_both_ways_of_open_csv_to_write_a_quote(read):
    data = b'"a,""b""", "c\\"d\\\\e" ,x\\y z\n,"",\n\\N\n'
    assert read(data, table(QUOTED, {})) == [
        ('a,"b"', 'c"d\\e', "xy z"),
        ("", "", ""),
        ("N", None, None),
    ]
    own = {"separatorChar": ";", "quoteChar": "'", "escapeChar": "^"}
    assert read(b"'a;^'b';c\\;d\n", table(QUOTED, own)) == [("a;'b", "c\\", "d")]


def test_open_csv_counts_days_and_milliseconds_and_says_what_does_not_fit(read):
    columns = [("n", "int"), ("day", "date"), ("at", "timestamp")]
    at = datetime.datetime(2020, 1, 15, 3, 44, 40)
    entry = table(QUOTED, {})
    assert read(b"1,18276,1579059880000", entry, columns) == [(1, datetime.date(2020, 1, 15), at)]
    with pytest.raises(duckdb.Error, match="HIVE_BAD_DATA: column day: no date in a line"):
        read(b"1,,1", entry, columns)
    lenient = table(QUOTED, {}, **{"use.null.for.invalid.data": "TRUE"})
    assert read(b"x,,", lenient, columns) == [(None, None, None)]


@pytest.mark.parametrize("data", [b'"a\nb",c,d\n', b'a "b" c,d,e\n'])
def test_a_quote_that_open_csv_would_not_close_is_said(read, data):
    with pytest.raises(duckdb.Error, match="a line has a quote that is not closed or stands"):
        read(data, table(QUOTED, {}))


def test_a_float_has_four_bytes(read):
    ((found,),) = read(b"0.1", table(PLAIN, {}), [("x", "float")])
    assert found == pytest.approx(0.1)
    assert found != 0.1


def test_no_file_is_no_row_of_the_same_columns():
    text = query(described(table(PLAIN, {})), files=None, columns=[("n", "bigint")])
    found = duckdb.connect().execute(f"SELECT * FROM {text}")
    assert [(c[0], str(c[1])) for c in found.description or ()] == [("n", "BIGINT")]
    assert found.fetchall() == []


@pytest.mark.parametrize("serde", [PLAIN, QUOTED])
def test_partitions_are_told_by_folders(tmp_path, serde):
    """Also OpenCSV's: a folder is named by the day, not by its number."""
    folder = tmp_path / "day=2026-01-31"
    folder.mkdir()
    (folder / "f").write_bytes(b"1\n2\n")
    text = query(
        described(table(serde, {})),
        files=f"['{folder}/f']",
        columns=[("n", "int")],
        partitions=[("day", "date")],
    )
    rows = duckdb.connect().execute(f"SELECT * FROM {text}").fetchall()
    assert rows == [(1, datetime.date(2026, 1, 31)), (2, datetime.date(2026, 1, 31))]


def more(entry: dict[str, Any], **storage: str) -> dict[str, Any]:
    return {**entry, "StorageDescriptor": {**entry["StorageDescriptor"], **storage}}


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (table(PLAIN, {"timestamp.formats": "x"}), "SerDe property timestamp.formats: it is not"),
        (table(QUOTED, {"field.delim": "x"}), "SerDe property field.delim: .* separatorChar, "),
        (table(PLAIN, {"field.delim": "||"}), r"field.delim: got '\|\|'; allowed: one character"),
        (table(QUOTED, {"quoteChar": ","}), "separatorChar, quoteChar, escapeChar: got ',', ','"),
        (table(PLAIN, {"serialization.encoding": "latin1"}), "encoding: got 'latin1'; understood"),
        (table(PLAIN, {}, **{"skip.footer.line.count": "1"}), "skip.footer.line.count: got '1'"),
        (table(PLAIN, {}, **{"skip.header.line.count": "x"}), "got 'x'; allowed: a number"),
        (table(PLAIN, {}, **{"projection.enabled": "true"}), "projection.enabled: got 'true'"),
        (more(table(PLAIN, {}), InputFormat="a.Symlink"), "InputFormat a.Symlink: it is not"),
    ],
)
def test_what_is_not_understood_is_named(entry, words):
    with pytest.raises(HiveTextError, match=words):
        described(entry)


def test_types_and_packings_that_are_not_read_are_named():
    with pytest.raises(HiveTextError, match=r"column x: its type array<int> is not read from text"):
        query(described(table(PLAIN, {})), files=None, columns=[("x", "array<int>")])
    with pytest.raises(HiveTextError, match=r"a/b\.BZ2: of packed files \.gz and \.zst are read"):
        refuse_packed("a/b.BZ2")
    refuse_packed("a/b.gz")


def test_which_tables_are_text():
    assert is_text(table(QUOTED, {}))
    assert not is_text(table("org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe", {}))
    assert not is_text({})
