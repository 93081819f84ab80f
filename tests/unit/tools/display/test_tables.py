import io
import json

import pytest
from rich.console import Console

from lakehouse_tools.athena import Column, Result
from lakehouse_tools.display import tables

RESULT = Result(
    columns=(Column(name="name", type="varchar"), Column(name="n", type="bigint")),
    rows=(('Ac"me, [b]\nInc', "1200"), (None, None)),
)


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=80)


def printed(console):
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_csv_is_quoted_and_null_is_empty(console):
    tables.show(RESULT, form="csv", console=console)
    assert printed(console) == 'name,n\n"Ac""me, [b]\nInc",1200\n,\n'


def test_json_has_types(console):
    tables.show(RESULT, form="json", console=console)
    assert json.loads(printed(console)) == [
        {"name": 'Ac"me, [b]\nInc', "n": 1200},
        {"name": None, "n": None},
    ]


def test_a_table_shows_markup_as_text_and_counts_rows(console):
    tables.show(RESULT, form="table", console=console)
    assert "[b]" in printed(console)
    assert "null" in printed(console)
    assert "2 rows" in printed(console)


def test_one_row_is_one_row(console):
    tables.show(Result(columns=RESULT.columns, rows=RESULT.rows[:1]), form="table", console=console)
    assert "1 row\n" in printed(console)


def test_more_columns_than_fit_are_shown_as_records(console):
    columns = tuple(Column(name=f"column_{i}", type="varchar") for i in range(20))
    row = tuple(f"value [{i}]" for i in range(20))
    tables.show(Result(columns=columns, rows=(row,)), form="table", console=console)
    lines = printed(console).splitlines()
    assert "  column_7   value [7]" in lines
    assert lines[-1] == "1 row"
