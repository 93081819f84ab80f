"""When two values differ, on DuckDB and by Athena's text."""

import pytest

from lakehouse_tools.comparison.rows import batches

DIGITS = "99987009907040017081779615169230"
DAY = "2026-01-01 00:00:0"
LATE = "TIMESTAMPTZ '2026-01-31 10:20:3{}Z'"
CASES = [  # name, type, old, new, whether they differ
    ("two nulls", "double", "NULL", "NULL", False),
    ("null and zero", "double", "NULL", "0", True),
    ("NaN twice", "double", "'NaN'", "'NaN'", False),
    ("NaN and a number", "double", "'NaN'", "1", True),
    ("NaN and null", "double", "'NaN'", "NULL", True),
    ("infinity and a number", "double", "'inf'", "1", True),
    ("infinity twice", "double", "'inf'", "'inf'", False),
    ("both infinities", "double", "'inf'", "'-inf'", True),
    ("the last bit", "double", "0.1::double + 0.2", "0.3", False),
    ("huge", "double", "1e300", "2e300", True),
    ("minus zero", "double", "0.0", "-0.0", False),
    ("beyond the tolerance", "double", "1.0000001", "1.0000002", True),
    ("empty and null", "varchar", "''", "NULL", True),
    ("a blank at the end", "varchar", "'a'", "'a '", True),
    ("case", "varchar", "'a'", "'A'", True),
    ("Unicode forms", "varchar", "'é'", "'e' || chr(769)", True),
    ("long digits", "varchar", f"'{DIGITS}1'", f"'{DIGITS}2'", True),
    ("microseconds", "timestamptz", f"'{DAY}0.123Z'", f"'{DAY}0.123456Z'", False),
    ("milliseconds", "timestamptz", f"'{DAY}0.123Z'", f"'{DAY}0.124Z'", True),
    ("before 1970", "timestamptz",
     "'1960-01-01 00:00:01.001Z'", "'1960-01-01 00:00:01.0005Z'", True),
    ("another zone", "timestamptz", "'2026-01-01 02:00:00+02'", "'2026-01-01 00:00:00Z'", False),
    ("scale", "decimal(18,2)", "1.10", "1.1", False),
    ("a cent", "decimal(18,2)", "1.10", "1.11", True),
    ("true and null", "boolean", "true", "NULL", True),
    ("a day", "date", "'2026-01-01'", "'2026-01-02'", True),
]  # fmt: skip


def differing(lab, columns, olds, news):
    """The columns that differ in one row; several cases make one comparison."""
    sides = [
        "SELECT 1 AS id, " + ", ".join(f"{v} AS x{n}" for n, v in enumerate(values))
        for values in (olds, news)
    ]
    found = lab.compare(*sides, columns={f"x{n}": column for n, column in enumerate(columns)})
    return [bool(column.mismatches) for column in found.columns]


def test_values(lab):
    names, types, olds, news, expected = zip(*CASES, strict=True)
    casts = [
        [f"CAST({v} AS {t})" for v, t in zip(values, types, strict=True)] for values in (olds, news)
    ]
    found = differing(lab, [{} for _ in names], *casts)
    assert dict(zip(names, found, strict=True)) == dict(zip(names, expected, strict=True))


FORGIVEN = [  # what the configuration says of a column, old, new, whether they differ
    ({"empty_is_null": True}, "''", "NULL::varchar", False),
    ({"normalise": ["trim"]}, "' a '", "'a'", False),
    ({"normalise": ["lower"]}, "'A'", "'a'", False),
    ({"normalise": ["nfc"]}, "'e' || chr(769)", "'é'", False),
    ({"normalise": ["nfc"]}, "'e'", "'é'", True),
    ({"normalise": ["id18"]}, "'0015000000VALDt'", "'0015000000VALDtAAP'", False),
    ({"normalise": ["id18"]}, "'0015000000VALDt'", "'0015000000VALDTAA5'", True),
    ({"cast": "bigint"}, "' 12 '", "12::bigint", False),
    ({"cast": "bigint"}, "'twelve'", "12::bigint", True),
    ({"cast": "bigint"}, "'twelve'", "NULL::bigint", True),
    ({"cast": "bigint", "empty_is_null": True}, "''", "NULL::bigint", False),
    ({"cast": "decimal(18,2)"}, "'12.5'", "12.50::decimal(18,2)", False),
    ({"cast": "boolean"}, "'true'", "true", False),
    ({"cast": "date"}, "'2026-01-31'", "DATE '2026-01-31'", False),
    ({"cast": "timestamp"}, "'2026-01-31T10:20:30.000+0000'", LATE.format(0), False),
    ({"cast": "timestamp"}, "'2026-01-31T12:20:30.000+0200'", LATE.format(0), False),
    ({"cast": "timestamp"}, "'2026-01-31T10:20:30Z'", LATE.format(0), False),
    ({"cast": "timestamp"}, "'2026-01-31 10:20:30'", "TIMESTAMP '2026-01-31 10:20:30'", False),
    ({"cast": "timestamp"}, "'2026-01-31 10:20:30'", LATE.format(1), True),
    ({"cast": "timestamp", "precision": "day"}, "'2026-01-31'", LATE.format(1), False),
    ({"tolerance": 0.01}, "1.10::decimal(18,2)", "1.11::decimal(18,2)", False),
    ({"tolerance": 0.01}, "1.10::decimal(18,2)", "1.12::decimal(18,2)", True),
    ({"tolerance": 0, "relative_tolerance": 0}, "0.1::double + 0.2", "0.3::double", True),
    ({}, "1::integer", "1::bigint", False),
    ({}, "1::bigint", "1.00::decimal(18,2)", False),
    ({}, "TIMESTAMP '2026-01-31 10:20:30'", LATE.format(0), False),
]  # fmt: skip


def test_what_a_column_forgives(lab):
    columns, olds, news, expected = zip(*FORGIVEN, strict=True)
    found = differing(lab, columns, olds, news)
    assert list(zip(FORGIVEN, found, strict=True)) == list(zip(FORGIVEN, expected, strict=True))


def test_sql_in_place_of_a_column(lab):
    column = {"old": "concat(y, '!')", "cast": "varchar"}
    sides = "SELECT 1 AS id, 'b' AS y", "SELECT 1 AS id, 'b!' AS x"
    assert lab.compare(*sides, columns={"x": column}).changed == 0


def test_what_kind_of_difference_it_is(lab):
    values = "(1, 'a', 1.0::double), (2, NULL, 1), (3, 'b', 1), (4, 'C ', 1), (5, NULL, NULL)"
    other = "(1, 'a', 1.0::double + 1e-12), (2, 'x', 2), (3, NULL, 1), (4, 'c', 1), (5, NULL, NULL)"
    sides = [f"SELECT * FROM (VALUES {v}) t(id, x, y)" for v in (values, other)]
    found = lab.compare(*sides, columns={"x": {}, "y": {}}, values=True)
    x, y = found.columns
    assert (x.mismatches, x.null_old, x.null_new, x.alike, x.compared) == (3, 1, 1, 1, 4)
    assert (y.mismatches, y.near, y.compared) == (1, 1, 4)
    by_key = {d.key: d for d in found.differing}
    assert sorted(by_key) == [("2",), ("3",), ("4",)]
    assert by_key["2",].columns == ("x", "y")
    assert by_key["4",].values == (("x", "C ", "c"),)


def test_a_column_that_differs_everywhere(lab):
    rows = "SELECT 'k' || i AS id, i AS y, 'a' AS x FROM range(3000) t(i)"
    found = lab.compare(rows, rows.replace("'a'", "'b'"), columns={"x": {}, "y": {}})
    assert (found.changed, found.columns[0].mismatches, found.columns[1].mismatches) == (
        3000,
        3000,
        0,
    )
    assert found.columns[0].accuracy() == 0
    assert len(found.differing) == 3000
    assert found.digest()


def wide(lab, columns):
    names = [f"a_column_with_a_name_of_usual_length_{n}" for n in range(columns)]
    first, last = names[3], names[-1]
    rows = ", ".join(f"i AS {n}" for n in names)
    new = rows.replace(f"i AS {first}", f"i + (i = 7)::int AS {first}", 1)
    new = new.replace(f"i AS {last}", f"i + (i IN (7, 9))::int AS {last}")
    source = "SELECT i AS id, {} FROM range(20) t(i)"
    found = lab.compare(source.format(rows), source.format(new), columns={n: {} for n in names})
    assert (found.pairs, found.changed, found.exact) == (20, 2, True)
    assert [c.mismatches for c in found.columns if c.mismatches] == [1, 2]
    assert [d.columns for d in found.differing] == [(first, last), (last,)]


def test_columns_in_several_queries(lab, monkeypatch):
    monkeypatch.setattr(type(lab.engine.dialect), "longest", 9_000)
    wide(lab, 24)


# By Athena's text it takes half a minute of CPU: `make prove` runs it.
@pytest.mark.parametrize(
    "engine", ["duckdb", pytest.param("athena", marks=pytest.mark.prove)], indirect=True
)
def test_800_columns(lab):
    wide(lab, 800)


@pytest.mark.parametrize("engine", ["athena"], indirect=True)
def test_athena_takes_the_text_for_800_columns(lab):
    names = [f"a_column_with_a_name_of_usual_length_{n}" for n in range(800)]
    for side in ("old", "new"):
        lab.write(side, f"SELECT 1 AS id, {', '.join(f'1.5 AS {n}' for n in names)}")
    sql = lab.sql(columns={n: {} for n in names})
    (part,) = lab.engine.parts(sql, rows=1)
    groups = batches(lab.engine, part, sql.values, duplicates=False)
    longest = max(len(lab.engine.dialect.write(part.cells(g, duplicates=False))) for g in groups)
    assert longest < 262_144
    assert [one.column.name for group in groups for one in group] == names
    assert len(groups) > 1
