"""CSV pages against Python's own csv module, over block edges of every kind."""

import csv
import io
import random

import pytest

from lakehouse_jobs.contract.objects import FieldRules
from lakehouse_jobs.errors import LakehouseError
from lakehouse_jobs.extract import page_csv
from lakehouse_jobs.extract.columns import select
from lakehouse_jobs.salesforce.describe import read_description

PIECES = ["a", "word ", ",", '"', '""', "\n", "\r", "\r\n", "\0", "é", "€", "𝄞", "'", " ", "\t"]
STAMP = "2026-01-01T00:00:00.000Z"


class Page(io.BytesIO):
    """A body without a network."""

    def __init__(self, data):
        super().__init__(data)
        self.headers = {}


def selection(names):
    fields = [{"name": "Id", "type": "id"}, {"name": "SystemModstamp", "type": "datetime"}]
    fields += [{"name": n, "type": "string", "length": 20} for n in names]
    return select(read_description({"name": "Account", "fields": fields}), FieldRules())


def read(chosen, data):
    columns = [[] for _ in chosen.sources]
    for arrays in page_csv.batches(Page(data), chosen):
        for column, array in zip(columns, arrays, strict=True):
            column += array.to_pylist()
    return columns


def text_of(rows):
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    return text.getvalue()


@pytest.mark.parametrize("seed", range(40))
def test_as_the_csv_module_reads_it(seed, monkeypatch):
    chance = random.Random(seed)
    monkeypatch.setattr(page_csv, "SMALLEST_BLOCK", 4096)
    monkeypatch.setattr(page_csv, "ROW_GROUP", 300)
    names = [f"Text{i}__c" for i in range(chance.randrange(1, 12))]
    chosen = selection(names)
    # Some pages have no NUL, no carriage return or nothing but ASCII, as most real ones.
    pieces = chance.sample(PIECES, chance.randrange(3, len(PIECES)))
    rows = [
        [f"{i:018d}", STAMP]
        + ["".join(chance.choices(pieces, k=chance.randrange(8))) for _ in names]
        for i in range(chance.randrange(1, 1500))
    ]
    text = text_of([[s.field.name for s in chosen.sources], *rows])
    truth = list(csv.reader(io.StringIO(text, newline="")))[1:]
    found = read(chosen, text.encode())
    assert found[0] == [r[0] for r in truth]
    for number in range(2, len(chosen.sources)):
        assert found[number] == [r[number] or None for r in truth]


@pytest.mark.parametrize("size", range(1, 9))
def test_no_block_ends_within_a_character_or_before_a_line_feed(size):
    data = "a€\r\n𝄞é\r\r\n€€€\0€".encode()
    guarded = page_csv.Guarded(Page(data))
    blocks = list(iter(lambda: guarded.read(size), b""))
    assert b"".join(blocks) == data.replace(b"\0", guarded.STAND_IN)
    assert not [b for b in blocks[1:] if b.startswith(b"\n")]
    assert guarded.is_text
    assert guarded.nuls
    assert guarded.given == len(data)


@pytest.mark.parametrize(
    "bad",
    [b"\xff", b"\xc3", b"\xe2\x82", b"\x80", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"],
)
@pytest.mark.parametrize("place", [0, 4000, 4096 * 3 - 30])
def test_bytes_that_are_no_text_are_found_wherever_they_are(bad, place, monkeypatch):
    monkeypatch.setattr(page_csv, "SMALLEST_BLOCK", 4096)
    chosen = selection(["Text__c"])
    filler = b"".join(b'"%018d","%b","%b"\n' % (i, STAMP.encode(), b"x" * 20) for i in range(300))
    start = filler.index(b"x" * 20, place)
    data = b'"Id","SystemModstamp","Text__c"\n' + filler[:start] + bad + filler[start:]
    with pytest.raises(LakehouseError):
        read(chosen, data)


def test_a_page_that_ends_within_a_character():
    guarded = page_csv.Guarded(Page(b"abc\xe2\x82"))
    assert b"".join(iter(lambda: guarded.read(4), b"")) == b"abc\xe2\x82"
    assert not guarded.is_text
