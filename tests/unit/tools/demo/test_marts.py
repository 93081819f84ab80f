import pytest

from lakehouse_tools import athena
from lakehouse_tools.athena import Column, Result
from lakehouse_tools.demo.marts import Mart, marts


def tables(stub, **columns):
    found = [
        {
            "Name": name,
            "StorageDescriptor": {"Columns": [{"Name": c, "Type": "string"} for c in cs]},
        }
        for name, cs in columns.items()
    ]
    stub("glue").add_response("get_tables", {"TableList": found})


@pytest.fixture
def asked(monkeypatch):
    """Queries that were asked; answers one row per mart."""
    found: list[str] = []

    def query(_environment, _stack, sql):
        found.append(sql)
        names = ("mart", "varchar"), ("mart_rows", "bigint"), ("current_rows", "bigint")
        return Result(
            columns=tuple(Column(name=n, type=t) for n, t in names),
            rows=(("dim_account", "505", "489"), ("fct_opportunities", "552", None)),
        )

    monkeypatch.setattr(athena, "query", query)
    return found


def test_one_query_counts_every_mart(account, stack, stub, asked):
    tables(stub, fct_opportunities=["id"], dim_account=["id", "is_current"], dim_account_tmp=["id"])
    assert marts(account, stack) == [
        Mart(name="dim_account", rows=505, current=489, closed=16),
        Mart(name="fct_opportunities", rows=552, current=None, closed=None),
    ]
    (sql,) = asked
    assert sql.count("union all") == 1
    assert sql.count("case when is_current") == 1


def test_no_marts_ask_nothing(account, stack, stub, asked):
    tables(stub)
    assert marts(account, stack) == []
    assert asked == []
