"""The patient reading of a CSV page: what the fast one refused, and nothing of it in messages."""

import csv
import io

import pytest

from lakehouse_jobs.contract.objects import FieldRules
from lakehouse_jobs.errors import MisfitError, TransferError, ValueRefusedError
from lakehouse_jobs.extract import page_csv, page_lenient
from lakehouse_jobs.extract.columns import select
from lakehouse_jobs.extract.rejects import Rejects, Tally
from lakehouse_jobs.salesforce.describe import read_description

STAMP = "2026-01-01T00:00:00.000Z"


class Page(io.BytesIO):
    """A body without a network."""

    def __init__(self, data, announced):
        super().__init__(data)
        self.headers = {"Sforce-NumberOfRecords": str(announced)}


def selection(**fields):
    described = [
        {"name": name, "type": kind, "length": 255 if kind == "string" else 0}
        for name, kind in {"Id": "id", "SystemModstamp": "datetime", **fields}.items()
    ]
    return select(read_description({"name": "Account", "fields": described}), FieldRules())


def page(chosen, rows):
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow([s.field.name for s in chosen.sources])
    writer.writerows(rows)
    return text.getvalue().encode()


def read(chosen, data, *, announced, block=1 << 20):
    rejects = Rejects(tally=Tally(object_name="Account", limit=100, known=frozenset))
    columns = [[] for _ in chosen.sources]
    for arrays in page_lenient.batches(Page(data, announced), chosen, rejects, block=block):
        for column, array in zip(columns, arrays, strict=True):
            column += array.to_pylist()
    return columns, rejects.found


def test_a_page_means_the_same_either_way():
    kinds = {"T": "string", "D": "double", "B": "boolean", "X": "date", "I": "int"}
    chosen = selection(**kinds)
    rows = [["a", STAMP, "nul \0", "1.0E3", "true", "2024-02-29", "5"]]
    rows += [["b", STAMP, "", "", "", "", ""], ["c", STAMP, 'q"\r\n', " 7 ", "false", "", "-1"]]
    data = page(chosen, rows)
    found, rejected = read(chosen, data, announced=3)
    fast = [[] for _ in chosen.sources]
    for arrays in page_csv.batches(Page(data, 3), chosen):
        for column, array in zip(fast, arrays, strict=True):
            column += array.to_pylist()
    assert found[:-1] == fast[:-1]
    assert found[-1] == [5, None, -1]  # the fast reading leaves whole numbers as text so far
    assert rejected == []


def test_several_odd_columns_and_a_nul_in_one_page():
    chosen = selection(T="string", D="double", X="date")
    data = page(chosen, [["a", STAMP, "nul \0 X", "much", "soon"], ["b", STAMP, "t", "1", ""]])
    found, rejected = read(chosen, data, announced=2)
    assert found[2] == ["nul \0 X", "t"]
    assert found[3] == [None, 1.0]
    assert [(r.id, r.field, r.value) for r in rejected] == [("a", "D", "much"), ("a", "X", "soon")]


def test_a_row_longer_than_a_block_asks_for_a_longer_one():
    chosen = selection(T="string")
    data = page(chosen, [["a", STAMP, "x" * 3_000_000], ["b", STAMP, "y"]])
    with pytest.raises(MisfitError, match=r"longer than 1,048,576 bytes"):
        read(chosen, data, announced=2)
    blocks = []

    def once(block):
        blocks.append(block)
        if block is None:
            raise MisfitError("the fast reading refuses")
        return read(chosen, data, announced=2, block=block)

    assert len(page_lenient.patiently(once)[0][0]) == 2
    assert blocks == [None, page_lenient.BLOCKS[0]]


def test_a_broken_page_is_told_without_its_content():
    chosen = selection(T="string")
    data = page(chosen, [["a", STAMP, "x"]]) + b'"b","secret"\n'
    with pytest.raises(ValueRefusedError) as refused:
        read(chosen, data, announced=2)
    assert "is not valid CSV (CSV parse error)" in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_page_cut_short_is_noticed_here_too():
    chosen = selection(T="string")
    with pytest.raises(TransferError, match="1 rows, 2 were announced"):
        read(chosen, page(chosen, [["a", STAMP, "x"]]), announced=2)
