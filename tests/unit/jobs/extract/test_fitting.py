"""Text into typed columns: what fits, what is kept of the rest, and what is said of it."""

import hashlib

import pyarrow as pa
import pytest

from lakehouse_jobs.contract.objects import FieldRules
from lakehouse_jobs.errors import ValueRefusedError
from lakehouse_jobs.extract.columns import select
from lakehouse_jobs.extract.fitting import fit, fitted, in_range, whole
from lakehouse_jobs.salesforce.describe import read_description


def selection(*, hashed=(), **fields):
    described = [
        {"name": name, "type": kind}
        for name, kind in {"Id": "id", "SystemModstamp": "datetime", **fields}.items()
    ]
    description = read_description({"name": "Account", "fields": described})
    return select(description, FieldRules(hash=frozenset(hashed)))


def texts(values):
    return pa.array([v.encode() if isinstance(v, str) else v for v in values], pa.binary())


def one(kind, values):
    array, misfits = fit(selection(Field__c=kind).sources[-1], texts(values))
    return array.to_pylist(), {m.row: m.value for m in misfits}


@pytest.mark.parametrize(
    ("kind", "values", "odd"),
    [
        ("double", ["1.5", " 2 ", "1.0E7", "1e-3", "-0", None], []),
        ("double", ["12 apples", "1,5", "NaN", "1e400", "0x10"], [0, 1, 2, 3, 4]),
        ("int", ["5", "5.0", "-7.000", "1.0E3", "9007199254740993.0", None], []),
        ("int", ["5.5", "1e30", "many", "9223372036854775808", "NaN"], [0, 1, 2, 3, 4]),
        ("boolean", ["true", "false", None], []),
        ("boolean", ["TRUE", "1", "yes"], [0, 1, 2]),
        ("date", ["2024-02-29", "0001-01-01", "9999-12-31", None], []),
        ("date", ["2023-02-29", "0000-01-01", "10000-01-01", "today"], [0, 1, 2, 3]),
        ("datetime", ["2024-01-01T00:00:00.000Z", "2024-01-01T00:00:00.000+0000"], []),
        ("datetime", ["2024-01-01T25:00:00.000Z", "0000-01-01T00:00:00.000Z", "now"], [0, 1, 2]),
        ("string", ["nul \0 inside", "日本語", None], []),
    ],
)
def test_what_fits_a_type(kind, values, odd):
    found, misfits = one(kind, values)
    assert misfits == {row: values[row] for row in odd}
    assert [found[row] for row in odd] == [None] * len(odd)
    kept = [i for i, v in enumerate(values) if v is not None and i not in odd]
    assert all(found[i] is not None for i in kept)


def test_large_whole_numbers_are_not_rounded():
    assert one("int", ["9007199254740993.0", "1.0E3"])[0] == [9007199254740993, 1000]
    assert whole(pa.array(["9007199254740993.0", "5"])).to_pylist() == [9007199254740993, 5]


def test_bytes_that_are_no_text_are_kept_escaped():
    found, misfits = one("string", ["good", b"caf\xe9 \\ 1", "next"])
    assert found == ["good", "caf\ufffd \\ 1", "next"]
    assert misfits == {1: "caf\\xe9 \\ 1"}


def test_a_few_odd_values_among_many():
    values = [str(i) for i in range(5000)]
    values[17], values[4999] = "x", "y"
    found, misfits = one("double", values)
    assert misfits == {17: "x", 4999: "y"}
    assert (found[16], found[17], found[18]) == (16.0, None, 18.0)


def test_a_misfit_knows_its_version_and_a_hashed_one_shows_no_value():
    chosen = selection(hashed=["name"], Name="string", Amount__c="double")
    rows = [["001A"], ["2024-01-01T00:00:00.000Z"], [b"se\xffcret"], ["much"]]
    arrays, found = fitted([texts(r) for r in rows], chosen)
    assert [a.to_pylist()[0] for a in arrays[2:]] == ["se\ufffdcret", None]
    assert [(r.id, r.stamp, r.field) for r in found] == [
        ("001A", "2024-01-01T00:00:00.000Z", "Name"),
        ("001A", "2024-01-01T00:00:00.000Z", "Amount__c"),
    ]
    assert found[0].value == hashlib.sha256(b"se\\xffcret").hexdigest()
    assert found[1].value == "much"
    assert found[1].reason == "does not parse as double, though describe says double"


def test_without_a_stamp_a_record_has_no_place():
    chosen = selection()
    with pytest.raises(ValueRefusedError, match=r"^SystemModstamp: ") as refused:
        fitted([texts(["001A"]), texts(["yesterday"])], chosen)
    assert "yesterday" not in str(refused.value)


def test_times_before_year_one_are_out_of_range():
    days = pa.array([-719163, 0], pa.int32()).cast(pa.date32())  # 0000-12-31
    assert not in_range(days)
    assert in_range(days.slice(1))
    assert in_range(pa.array([None], pa.date32()))
