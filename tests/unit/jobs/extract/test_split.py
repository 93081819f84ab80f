"""Queries that are too long: columns over several queries, rows put together by Id and stamp."""

import re
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from lakehouse_jobs.contract.objects import FieldRules
from lakehouse_jobs.errors import UnsupportedObjectError
from lakehouse_jobs.extract import split as splitting
from lakehouse_jobs.extract.columns import select
from lakehouse_jobs.extract.split import halves, join, split
from lakehouse_jobs.salesforce.describe import read_description

WIDE = [f"Field_{n:03d}__c" for n in range(40)]


def selection(*names):
    kinds = {"Id": "id", "SystemModstamp": "datetime", "IsDeleted": "boolean"}
    fields = [{"name": n, "type": kinds.get(n, "string")} for n in [*kinds, *names]]
    return select(read_description({"name": "Wide__c", "fields": fields}), FieldRules())


def test_every_field_is_in_one_part_and_the_keys_in_each():
    parts = [[s.field.name for s in part] for part in split(selection(*WIDE), 200)]
    assert len(parts) > 3
    keys = ["Id", "SystemModstamp", "IsDeleted"]
    assert all(part[:3] == keys for part in parts)
    assert [name for part in parts for name in part[3:]] == WIDE
    assert all(len(", ".join(part)) <= 200 for part in parts)


def test_halves_have_the_keys_too():
    one, two = halves(selection("A__c", "B__c", "C__c"))
    assert [s.field.name for s in one] == ["Id", "SystemModstamp", "IsDeleted", "A__c"]
    assert [s.field.name for s in two][3:] == ["B__c", "C__c"]
    assert halves(selection("A__c")) is None


def test_a_field_that_no_query_can_name_is_told():
    with pytest.raises(UnsupportedObjectError, match="Field_000__c: no query"):
        split(selection(*WIDE), 40)


def part(rows, column):
    """Rows of (id, minute, value)."""
    moments = [datetime(2026, 1, 1, 0, minute, tzinfo=UTC) for _, minute, _ in rows]
    return pa.table(
        {
            "id": pa.array([r[0] for r in rows], pa.string()),
            "systemmodstamp": pa.array(moments, pa.timestamp("us", tz="UTC")),
            "_is_deleted": pa.array([False] * len(rows), pa.bool_()),
            column: pa.array([r[2] for r in rows], pa.string()),
        }
    )


def joined(one, two):
    tables = [part(one, "x"), part(two, "y")]
    schema = pa.schema([*tables[0].schema, tables[1].schema.field("y")])
    rows, odd = join(tables, schema)
    return [(r["id"], r["x"], r["y"]) for r in rows.to_pylist()], sorted(odd)


def test_rows_are_joined_whatever_their_order():
    one = [("a", 1, "x1"), ("b", 2, None), ("c", 3, "x3")]
    two = [("c", 3, "y3"), ("a", 1, "y1"), ("b", 2, "y2")]
    assert joined(one, two) == ([("a", "x1", "y1"), ("b", None, "y2"), ("c", "x3", "y3")], [])


def test_what_changed_between_the_queries_does_not_agree():
    one = [("a", 1, "x"), ("old", 2, "x"), ("gone", 3, "x"), ("twice", 4, "x"), ("twice", 5, "x")]
    two = [("a", 1, "y"), ("old", 9, "y"), ("new", 9, "y"), ("twice", 5, "y")]
    assert joined(one, two) == ([("a", "x", "y")], ["gone", "new", "old", "twice"])


def test_a_part_may_be_empty():
    assert joined([], [("a", 1, "y")]) == ([], ["a"])


@pytest.fixture
def wide_lab(lab, monkeypatch):
    """An object of 40 text fields, whose query is twice as long as is allowed."""
    fields = {
        "Id": "id",
        "SystemModstamp": "datetime",
        "IsDeleted": "boolean",
        "Amount__c": "double",
    }
    lab.org.add_object("Wide__c", {**fields, **dict.fromkeys(WIDE, "string")})
    for number in range(50):
        values = {name: f"{name} of {number}" for name in WIDE}
        lab.org.row("Wide__c", Amount__c=str(number), **values)
    lab.config["groups"]["sales"]["include"] = ["Wide__c"]
    lab.org.page_rows = 20
    monkeypatch.setattr(splitting, "LONGEST_SOQL", 400)
    return lab


def expected(lab):
    return {
        r["Id"]: (r["SystemModstamp"][:19], *(r[name] for name in WIDE))
        for r in lab.org.records["Wide__c"]
    }


def found(lab, batch=None):
    return {
        r["id"]: (
            r["systemmodstamp"].strftime("%Y-%m-%dT%H:%M:%S"),
            *(r[name.lower()] for name in WIDE),
        )
        for r in lab.rows("wide__c")
        if batch in (None, r["_batch"])
    }


@pytest.mark.local_aws
@pytest.mark.parametrize("api", ["bulk", "rest"])
def test_a_long_query_lands_whole_rows(wide_lab, api):
    if api == "rest":
        wide_lab.org.no_bulk.add("Wide__c")
    outcome = wide_lab.run()["Wide__c"]
    assert (outcome["status"], outcome["rows"], outcome["read"]) == ("landed", 50, 50)
    assert outcome["api"] == api
    assert found(wide_lab) == expected(wide_lab)
    asked = [q for q, *_ in wide_lab.org.jobs.values()]
    asked += [q for q, _ in wide_lab.org.queries]
    assert len(asked) > 2
    assert max(map(len, asked)) <= 400
    if api == "bulk":
        assert wide_lab.run(mode="full")["Wide__c"]["rows"] == 0


@pytest.mark.local_aws
def test_a_record_that_changes_between_the_queries_is_read_again(wide_lab, monkeypatch):
    from tests.unit.jobs.fake_org import FakeOrg

    org, real = wide_lab.org, FakeOrg.select
    changed = org.records["Wide__c"][7]
    left = org.records["Wide__c"][8]

    def changing(self, soql, *, deleted):
        names, rows = real(self, soql, deleted=deleted)
        rows = [dict(r) for r in rows]
        if "FROM Wide__c" in soql and changed["Field_001__c"] != "new":
            changed.update(dict.fromkeys(WIDE, "new"), SystemModstamp="2026-03-01T11:30:00.000Z")
            left.update(dict.fromkeys(WIDE, "later"), SystemModstamp="2026-03-01T11:59:30.000Z")
        return names, rows

    monkeypatch.setattr(FakeOrg, "select", changing)
    assert wide_lab.run()["Wide__c"]["rows"] == 49
    whole = expected(wide_lab)
    moved = left["Id"]
    assert found(wide_lab) == {i: row for i, row in whole.items() if i != moved}
    assert any(re.search("AND Id IN", q) for q, _ in org.queries)
    # It left the window while it was read: the next run has it.
    org.now += timedelta(minutes=30)
    assert wide_lab.run()["Wide__c"]["rows"] == 1
    assert found(wide_lab) == whole


@pytest.mark.local_aws
def test_values_that_do_not_fit_are_told_in_a_split_query_too(wide_lab):
    wide_lab.org.records["Wide__c"][3]["Amount__c"] = "plenty"
    outcome = wide_lab.run()["Wide__c"]
    assert (outcome["rows"], outcome["rejected"]) == (50, 1)
    assert [r["value"] for r in wide_lab.rows("_rejected")] == ["plenty"]


@pytest.mark.local_aws
@pytest.mark.parametrize("told", ["at once", "by the job"])
def test_what_is_too_complicated_is_read_by_fewer_columns(wide_lab, monkeypatch, told):
    monkeypatch.setattr(splitting, "LONGEST_SOQL", 100_000)
    message = (
        "Query is either selecting too many fields or the filter conditions are too complicated"
    )
    if told == "at once":
        refused = [{"errorCode": "QUERY_TOO_COMPLICATED", "message": message}]
        wide_lab.org.mood("POST", "jobs/query", times=2, status=400, body=refused)
    else:
        failed = {"state": "Failed", "errorMessage": f"QUERY_TOO_COMPLICATED: {message}"}
        wide_lab.org.mood("GET", r"jobs/query/\w+$", times=2, body=failed)
    outcome = wide_lab.run()["Wide__c"]
    assert (outcome["status"], outcome["rows"]) == ("landed", 50), outcome["message"]
    assert found(wide_lab) == expected(wide_lab)
