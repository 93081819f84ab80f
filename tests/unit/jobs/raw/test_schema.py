"""Schemas that change: which columns come, which stay, and what their rows lack."""

import json
from datetime import timedelta

import pytest
from pyiceberg.schema import Schema
from pyiceberg.types import DoubleType, NestedField, StringType

from lakehouse_jobs.extract.resync.backfill import Backfill, Filling
from lakehouse_jobs.raw.schema import GONE, RawColumn, evolution
from lakehouse_jobs.raw.unfilled import marked, read_unfilled, unfilled_text


@pytest.fixture(autouse=True)
def nothing_is_filled(monkeypatch):
    """Marks stay, as they do without a budget; filling has tests of its own."""
    monkeypatch.setattr(
        Backfill, "run", lambda self: Filling(unfilled=self.subject.raw.state.unfilled)
    )


def column(name, kind="string", comment=None):
    return RawColumn(name=name, type=kind, comment=comment or f"{name} ({kind}): {name}")


def schema(*columns):
    types = {"string": StringType(), "double": DoubleType()}
    return Schema(
        *(
            NestedField(i, c.name, types[c.type], required=False, doc=c.comment)
            for i, c in enumerate(columns, start=1)
        )
    )


def test_columns_that_rows_lack_are_the_new_ones_and_those_read_again():
    gone = column("back", comment=f"back (string): back{GONE}")
    plan = evolution(
        schema(column("id"), gone, column("amount")),
        [column("id"), column("back"), column("amount", "double"), column("new")],
    )
    assert plan.readable == ("back", "amount__double", "new")
    assert [c.name for c in plan.commented] == ["back"]
    assert plan.changes == (
        "back is read again: back (string): back",
        "amount was string and is double now: new values go to amount__double",
        "new is new: new (string): new",
    )


def test_a_new_label_makes_no_column_readable():
    plan = evolution(schema(column("id")), [column("id", comment="id (string): Key")])
    assert (plan.readable, plan.changes) == ((), ())
    assert [c.name for c in plan.commented] == ["id"]


def test_marks_go_with_their_column():
    before = {"kept": 5, "gone": None}
    after = marked(before, readable=["new"], present=["id", "kept", "new"])
    assert after == {"kept": 5, "new": None}
    assert read_unfilled({"lakehouse.unfilled": unfilled_text(after)}) == after
    assert unfilled_text({}) == ""


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_a_property_that_cannot_be_read_marks_nothing(text):
    assert read_unfilled({"lakehouse.unfilled": text}) == {}


def add_field(lab, name, kind="string"):
    field = {"name": name, "type": kind, "label": name, "length": 20}
    lab.org.describes["Account"]["fields"].append(field)
    return field


@pytest.mark.local_aws
def test_the_run_that_sees_a_column_marks_it_in_the_evolving_commit(account_lab):
    first = account_lab.run()["Account"]
    assert first["unfilled"] == {}
    assert "lakehouse.unfilled" not in account_lab.table("account").properties
    add_field(account_lab, "Rating__c", "double")
    account_lab.org.now += timedelta(minutes=30)
    outcome = account_lab.run()["Account"]
    assert outcome["unfilled"] == {"rating__c": None}
    marks = account_lab.table("account").properties["lakehouse.unfilled"]
    assert json.loads(marks) == {"rating__c": None}


@pytest.mark.local_aws
def test_a_mark_goes_when_its_field_does_and_comes_back_with_it(account_lab):
    fields = account_lab.org.describes["Account"]["fields"]
    account_lab.run()
    field = add_field(account_lab, "Rating__c")
    assert account_lab.run()["Account"]["unfilled"] == {"rating__c": None}
    fields.remove(field)
    hidden = account_lab.run()["Account"]
    assert hidden["unfilled"] == {}
    assert hidden["schema_changes"] == ["rating__c is no longer read: kept, null from now on"]
    fields.append(field)
    again = account_lab.run()["Account"]
    assert again["unfilled"] == {"rating__c": None}
    assert again["schema_changes"] == ["rating__c is read again: Rating__c (string): Rating__c"]


@pytest.mark.local_aws
def test_columns_of_a_table_without_rows_need_no_filling(account_lab):
    account_lab.org.records["Account"].clear()
    account_lab.run()
    add_field(account_lab, "Rating__c")
    assert account_lab.run()["Account"]["unfilled"] == {}


@pytest.mark.local_aws
@pytest.mark.parametrize(
    ("first", "then", "value", "name", "found"),
    [
        ("int", "double", "5.5", "value__c__double", 5.5),
        ("double", "int", "7", "value__c__long", 7),
        ("double", "string", "many", "value__c__string", "many"),
        ("string", "boolean", "true", "value__c__boolean", True),
        ("boolean", "string", "true", "value__c__string", "true"),
        ("string", "picklist", "open", "value__c", "open"),
        ("currency", "percent", "0.5", "value__c", 0.5),
    ],
)
def test_every_way_to_another_type(account_lab, first, then, value, name, found):
    org = account_lab.org
    field = add_field(account_lab, "Value__c", first)
    account_lab.run()
    field |= {"type": then, "length": 4000}
    org.now += timedelta(minutes=30)
    moment = (org.now - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    org.records["Account"][0] |= {"Value__c": value, "SystemModstamp": moment}
    outcome = account_lab.run()["Account"]
    assert (outcome["status"], outcome["rejected"]) == ("landed", 0)
    rows = [r for r in account_lab.rows("account") if r["_batch"] == 2]
    assert [r[name] for r in rows] == [found]
    fields = {f.name: f.doc for f in account_lab.table("account").schema().fields}
    assert fields["value__c"].startswith("Value__c (")
    assert fields[name].startswith(f"Value__c ({then})")
    assert outcome["unfilled"] == ({name: None} if name != "value__c" else {})


def test_a_second_column_takes_no_other_fields_place():
    table = schema(column("id"), column("total"), column("total__double"))
    plan = evolution(table, [column("id"), column("total", "double"), column("total__double")])
    assert [c.name for c in plan.columns] == ["id", "total__double__double", "total__double"]
    again = evolution(
        schema(*table_columns(table), column("total__double__double", "double")),
        [column("id"), column("total", "double"), column("total__double")],
    )
    assert (again.added, again.changes) == ((), ())


def table_columns(table):
    return [column(f.name, str(f.field_type), f.doc) for f in table.fields]
