"""Objects of odd shapes: without SystemModstamp, IsDeleted or Bulk, and with odd names."""

from datetime import timedelta

import pytest

pytestmark = pytest.mark.local_aws


def ago(org, **time):
    return (org.now - timedelta(**time)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


SHAPES = {
    "Thing__History": {"Id": "id", "CreatedDate": "datetime", "NewValue": "anyType"},
    "ThingShare": {"Id": "id", "LastModifiedDate": "datetime", "IsDeleted": "boolean"},
    "Setting__mdt": {"Id": "id", "SystemModstamp": "datetime", "DeveloperName": "string"},
}
STAMPS = {"Thing__History": "CreatedDate", "ThingShare": "LastModifiedDate"}


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("bulk", [True, False], ids=["bulk", "rest"])
def test_an_object_is_followed_by_the_time_it_has(lab, name, bulk):
    org, stamp = lab.org, STAMPS.get(name, "SystemModstamp")
    org.add_object(name, SHAPES[name])
    lab.config["groups"]["sales"]["include"] = [name]
    if not bulk:
        org.no_bulk.add(name)
    blank = dict.fromkeys(SHAPES[name])
    org.records[name].append({**blank, "Id": "a00000000000001AAA", stamp: ago(org, hours=2)})
    first = lab.run()[name]
    assert (first["status"], first["rows"]) == ("landed", 1), first["message"]
    org.now += timedelta(minutes=30)
    org.records[name].append({**blank, "Id": "a00000000000002AAA", stamp: ago(org, minutes=5)})
    assert lab.run()[name]["rows"] == 1
    assert lab.run(mode="full")[name]["rows"] == 0
    rows = lab.rows(name.lower())
    assert [r["systemmodstamp"] for r in rows] == [r[stamp.lower()] for r in rows]
    assert {r["_is_deleted"] for r in rows} == {False}


def test_a_wide_object_that_only_rest_reads_is_read_in_parts(lab):
    names = [f"A_rather_long_name_of_a_field_{n:03d}__c" for n in range(420)]
    fields = {"Id": "id", "SystemModstamp": "datetime", **dict.fromkeys(names, "string")}
    lab.org.add_object("Wide__mdt", fields)
    for number in range(3):
        lab.org.row("Wide__mdt", **{name: f"{name} {number}" for name in names})
    lab.org.no_bulk.add("Wide__mdt")
    lab.config["groups"]["sales"]["include"] = ["Wide__mdt"]
    outcome = lab.run()["Wide__mdt"]
    assert (outcome["rows"], outcome["api"]) == (3, "rest"), outcome["message"]
    rows = {r["id"]: r for r in lab.rows("wide__mdt")}
    for record in lab.org.records["Wide__mdt"]:
        assert all(rows[record["Id"]][n.lower()] == record[n] for n in names)


def test_names_that_cannot_be_columns_are_left_out_and_told(account_lab):
    fields = account_lab.org.describes["Account"]["fields"]
    fields += [
        {"name": "_Batch", "type": "string", "label": "Batch"},
        {"name": "NAME", "type": "string", "label": "Name again"},
    ]
    outcome = account_lab.run()["Account"]
    assert outcome["status"] == "landed"
    assert outcome["left_out"][-2:] == [
        "_Batch: _batch is kept for the extractor's own columns",
        "NAME: its column name is that of Name",
    ]
