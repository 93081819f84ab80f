"""What Athena's dialect takes and refuses, and how it is said to DuckDB."""

import pytest

from lakehouse_local.local_aws.athena_dialect import parse, write
from lakehouse_local.local_aws.athena_errors import QueryError


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("select a::int from t", "line 1:9: mismatched input '::'"),
        ("select a\nfrom t qualify 1 = 1", "SYNTAX_ERROR: line 2"),
        ("select a, count(*) from t group by all", "'ALL'"),
        ("from t select a", "line 1:1: mismatched input 'FROM'"),
        ("from t", "mismatched input 'FROM'"),
        ("select a from t union all from t", "mismatched input 'FROM'"),
        ("select * from (from t)", "mismatched input 'FROM'"),
        ("select * exclude (a) from t", "EXCLUDE"),
        ("select [1, 2]", "mismatched input '['"),
        ("select {'a': 1}", "mismatched input '{'"),
        ("select a ilike 'x' from t", "ILIKE"),
        ("select distinct on (a) a from t", "'ON'"),
        ("select a from t semi join u on true", "SEMI"),
        ("select a // 2 from t", "SYNTAX_ERROR"),
        ("select ifnull(a, b) from t", "line 1:8: Function 'ifnull' not registered"),
        ("select a,\n  list_transform(a, x -> x) from t", "line 2:3: Function 'list_transform'"),
        ("select * from read_csv('x')", "Function 'read_csv' not registered"),
        ("select 1; select 2", "Only one sql statement"),
        ("", "Only one sql statement"),
        ("select a from", "SYNTAX_ERROR"),
        ("select a from t where b = ?", "expected 1 but found 0"),
    ],
)
def test_refused(query: str, where: str) -> None:
    with pytest.raises(QueryError, match=r"^\w+: ") as refused:
        parse(query)
    assert where in str(refused.value)


@pytest.mark.parametrize(
    "query",
    [
        "select extract(day from a), trim(from b), trim(both 'x' from b) from t",
        "select a from t where a is distinct from b",
        "with x (a) as (select 1) select u.b from x cross join unnest(array[1]) as u (b)",
        "select a[1], map(array['k'], array[1])['k'] from t",
        "select cast(a as varchar(10)), cast(row(1, 'x') as row(i integer, s varchar)) from t",
        "select sum(a) over (partition by b order by c rows 1 preceding) from t",
        "select count(*) filter (where a > 1) from t group by grouping sets ((c), ())",
        "select transform(a, x -> x + 1), filter(a, x -> x > 1), cardinality(a) from t",
        "select listagg(a, ',') within group (order by a) from t",
        "select date_add('day', 1, a), from_iso8601_timestamp('2024-01-01T00:00:00Z') from t",
        "select * from t for version as of 12",
        "select try(a / b), try_cast(a as integer), coalesce(a, b), if(a > 1, 2, 3) from t",
        "select * from (values (1, 'a')) as v (n, s)",
        "select json_extract_scalar(a, '$.x'), element_at(split(b, ','), 1) from t",
    ],
)
def test_taken(query: str) -> None:
    assert write(parse(query))


def test_what_is_said_differently() -> None:
    assert "STRFTIME" in write(parse("select date_format(a, '%Y') from t"))
    assert "APPROX_COUNT_DISTINCT" in write(parse("select approx_distinct(a) from t"))
    # whole days between, not midnights
    assert "DATE_SUB('day', a, b)" in write(parse("select date_diff('day', a, b) from t"))


def test_columns_without_a_name() -> None:
    assert write(parse("select count(*), a, 1 from t")).startswith(
        "SELECT COUNT(*) AS _col0, a, 1 AS _col2"
    )


def test_parameters_are_literals_and_never_text_of_the_query() -> None:
    statement = parse("select a from t where b = ?", ["'x'' or 1=1'"])
    assert write(statement).endswith("WHERE b = 'x'' or 1=1'")


def test_what_duckdb_cannot_say_is_named() -> None:
    with pytest.raises(QueryError, match="NOT_SUPPORTED"):
        write(parse("select reduce(a, 0, (s, x) -> s + x, s -> s) from t"))
