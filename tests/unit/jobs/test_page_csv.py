"""CSV pages: what Arrow's parser gets wrong unless it is told, or guarded."""

import csv
import io

import pytest

from lakehouse_jobs.contract.objects import FieldRules
from lakehouse_jobs.errors import TransferError, ValueRefusedError
from lakehouse_jobs.extract import page_csv
from lakehouse_jobs.extract.columns import select
from lakehouse_jobs.salesforce.describe import read_description


class Page(io.BytesIO):
    """A body without a network."""

    def __init__(self, data, headers):
        super().__init__(data)
        self.headers = headers


def selection(**fields):
    described = [
        {"name": name, "type": kind, "length": 255 if kind == "string" else 0}
        for name, kind in {"Id": "id", "SystemModstamp": "datetime", **fields}.items()
    ]
    return select(read_description({"name": "Account", "fields": described}), FieldRules())


def page(chosen, rows, announced=None, header=None):
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(header or [s.field.name for s in chosen.sources])
    writer.writerows(rows)
    count = str(len(rows)) if announced is None else announced
    return Page(text.getvalue().encode(), {"Sforce-NumberOfRecords": count})


def read(chosen, body):
    columns = [[] for _ in chosen.sources]
    for arrays in page_csv.batches(body, chosen):
        for column, array in zip(columns, arrays, strict=True):
            column += array.to_pylist()
    return columns


STAMP = "2026-01-01T00:00:00.000Z"


def test_a_nul_hides_no_quote():
    # Arrow's fast path begins after 32,768 values of a block, where they are long enough.
    names = [f"Text{i}__c" for i in range(30)]
    chosen = selection(**dict.fromkeys(names, "string"))
    rows = [
        ["x" * 18, STAMP, "y" * (i % 9) + "\0" + "z" * (i // 9 % 9), *["a long,\nvalue"] * 29]
        for i in range(2500)
    ]
    found = read(chosen, page(chosen, rows))
    assert found[2] == [r[2] for r in rows]
    assert set(found[3]) == {"a long,\nvalue"}


@pytest.mark.parametrize("size", [2, 3, 5, 8])
def test_no_block_ends_with_a_carriage_return(size):
    data = b"a\r\nb\r\r\nc\r"
    guarded = page_csv.Guarded(Page(data, {}))
    blocks = list(iter(lambda: guarded.read(size), b""))
    assert b"".join(blocks) == data
    assert not [b for b in blocks[:-1] if b.endswith(b"\r")]


def test_quoted_newlines_over_many_blocks(monkeypatch):
    monkeypatch.setattr(page_csv, "SMALLEST_BLOCK", 4096)
    chosen = selection(Text="string")
    rows = [["x" * 18, STAMP, f'{i}\n"quoted", and\r\nmore'] for i in range(3000)]
    assert read(chosen, page(chosen, rows))[2] == [r[2] for r in rows]


def test_empty_is_null_and_words_are_words():
    chosen = selection(Text="string", Number="double", Flag="boolean", Day="date")
    rows = [["a", STAMP, "", "", "", ""], ["b", STAMP, "NULL", "1e3", "true", "4000-12-31"]]
    found = read(chosen, page(chosen, rows))
    assert found[2] == [None, "NULL"]
    assert found[3] == [None, 1000.0]
    assert found[4] == [None, True]
    assert [str(v) for v in found[5]] == ["None", "4000-12-31"]


def test_no_rows():
    chosen = selection()
    assert read(chosen, page(chosen, [])) == [[], []]
    assert read(chosen, Page(b"", {"Sforce-NumberOfRecords": "0"})) == [[], []]


def test_fewer_rows_than_announced():
    chosen = selection()
    with pytest.raises(TransferError, match="has 1 rows, 2 were announced"):
        read(chosen, page(chosen, [["a", STAMP]], announced="2"))


def test_other_columns_than_asked_for():
    chosen = selection()
    with pytest.raises(TransferError, match="other columns than were asked for: Name"):
        read(chosen, page(chosen, [], header=["Id", "SystemModstamp", "Name"]))


def test_bytes_that_are_no_text():
    chosen = selection(Text="string")
    body = b'"Id","SystemModstamp","Text"\n"a","%b","\xff"\n' % STAMP.encode()
    with pytest.raises(ValueRefusedError):
        read(chosen, Page(body, {}))


def test_blocks_hold_the_longest_row_there_can_be():
    wide = {f"Long{i}__c": "string" for i in range(50)}
    chosen = selection(**wide)
    assert page_csv.block_size(chosen) == page_csv.SMALLEST_BLOCK
    described = [
        {"name": n, "type": "textarea", "length": 131_072} for n in ["Id", "CreatedDate", *wide]
    ]
    chosen = select(read_description({"name": "A", "fields": described}), FieldRules())
    assert page_csv.block_size(chosen) > 4 * 50 * 131_072
