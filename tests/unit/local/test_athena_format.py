"""Values as Athena prints them (docs.aws.amazon.com/athena/latest/ug/data-types.html)."""

import duckdb
import pytest

from lakehouse_local.local_aws.athena_engine import _result


@pytest.mark.parametrize(
    ("expression", "kind", "text"),
    [
        ("true", "boolean", "true"),
        ("12::bigint", "bigint", "12"),
        ("sum(5::bigint)", "bigint", "5"),
        ("1.50::decimal(10,2)", "decimal", "1.50"),
        ("1e0::double", "double", "1.0"),
        ("0.001::double", "double", "0.001"),
        ("0.0001::double", "double", "1.0E-4"),
        ("12345678.9::double", "double", "1.23456789E7"),
        ("1e10::double", "double", "1.0E10"),
        ("'nan'::double", "double", "NaN"),
        ("'-inf'::double", "double", "-Infinity"),
        ("0.1::float", "float", "0.1"),
        ("'a b'", "varchar", "a b"),
        ("date '2024-01-31'", "date", "2024-01-31"),
        ("timestamp '2024-01-31 10:20:30'", "timestamp", "2024-01-31 10:20:30.000000"),
        (
            "timestamptz '2024-01-31 10:20:30.123456+02'",
            "timestamp with time zone",
            "2024-01-31 08:20:30.123456 UTC",
        ),
        ("time '01:02:03.5'", "time", "01:02:03.500"),
        ("[1, null]", "array", "[1, null]"),
        ("['a', 'b']", "array", "[a, b]"),
        ("{'x': 1, 'y': null}", "row", "{x=1, y=null}"),
        ("map {'k': [true]}", "map", "{k=[true]}"),
        ("'hi'::blob", "varbinary", "68 69"),
        ("interval '1' day", "interval day to second", "1 00:00:00.000"),
        ("null::varchar", "varchar", None),
    ],
)
def test_text_and_type(expression: str, kind: str, text: str | None) -> None:
    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'")
    result = _result(connection.execute(f"select {expression} as v"))
    assert [c.type for c in result.columns] == [kind]
    assert result.rows == [[text]]


def test_size_of_a_decimal() -> None:
    result = _result(duckdb.connect(":memory:").execute("select 1.5::decimal(12,3) as v"))
    assert (result.columns[0].precision, result.columns[0].scale) == (12, 3)
