"""schema_changes: what comes into raw by itself, and what waits with the line that lets it in."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from lakehouse_jobs.contract.objects import FieldRules, ObjectsConfig, SchemaChanges
from lakehouse_jobs.extract.columns import select
from lakehouse_jobs.extract.schema_policy import admit, waiting_object
from lakehouse_jobs.raw.schema import SYSTEM_COLUMNS, new_schema
from lakehouse_jobs.salesforce.describe import read_description

NO_RULES = FieldRules()


def chosen(fields, rules=NO_RULES):
    described = [
        {"name": name, "type": kind}
        for name, kind in {"Id": "id", "SystemModstamp": "datetime", **fields}.items()
    ]
    return select(read_description({"name": "Account", "fields": described}), rules)


def admitted(before, now, *, policy=SchemaChanges.BLOCK, rules=NO_RULES):
    schema = new_schema([*chosen(before).wanted, *SYSTEM_COLUMNS])
    return admit(
        chosen(now, rules), schema, policy=policy, own=rules, rules=rules, object_name="Account"
    )


def names(admission):
    return [s.field.name for s in admission.selection.sources]


OLD = {"Name": "string", "Amount__c": "currency"}
NEW = {"Name": "picklist", "Amount__c": "string", "Rating__c": "double", "IsDeleted": "boolean"}


def test_blocked_fields_are_not_asked_for_and_name_the_line_that_lets_them_in():
    found = admitted(OLD, NEW)
    assert names(found) == ["Id", "SystemModstamp", "Name", "IsDeleted"]
    assert [b["message"] for b in found.blocked] == [
        "Amount__c was double in raw and is string now",
        "Rating__c (double) is new",
    ]
    assert "Rating__c: kept out by schema_changes" in found.selection.left_out
    assert found.note == "schema_changes keeps out Amount__c, Rating__c, see blocked"
    for blocked in found.blocked:
        line = json.loads("{" + blocked["accept"] + "}")
        config = {"groups": {"sales": {"include": ["Account"]}}, **line}
        rules = ObjectsConfig.from_text(json.dumps(config), where="test").rules("Account")
        assert rules.fields.accept == {blocked["what"].lower()}


def test_the_line_keeps_what_was_accepted_before():
    found = admitted(OLD, NEW, rules=FieldRules(accept=frozenset({"amount__c"})))
    assert "Amount__c" in names(found)
    assert found.blocked[0]["accept"] == (
        '"objects": {"Account": {"fields": {"accept": ["amount__c", "Rating__c"]}}}'
    )


@pytest.mark.parametrize("policy", [SchemaChanges.ALLOW, SchemaChanges.ALLOW_COLUMNS])
def test_other_policies_let_columns_in(policy):
    found = admitted(OLD, NEW, policy=policy)
    assert found.blocked == ()
    assert len(names(found)) == 6


def test_a_type_once_let_in_stays_so():
    both = {**OLD, "Amount__c__string": "string"}  # the second column, as raw has it
    assert "Amount__c" in names(admitted(both, NEW))


def test_a_field_that_the_configuration_hashes_is_no_change_of_an_administrator():
    found = admitted(OLD, OLD, rules=FieldRules(hash=frozenset({"amount__c"})))
    assert found.blocked == ()


CONFIG = ObjectsConfig.from_text(
    json.dumps(
        {
            "groups": {"all": {"include": ["Named", "*"]}},
            "defaults": {"schema_changes": "allow_columns"},
            "objects": {"Free": {"schema_changes": "allow"}},
        }
    ),
    where="test",
)


def waits(name, *, has_table=False):
    return waiting_object(CONFIG, group="all", object_name=name, has_table=has_table)


def test_an_object_that_only_a_pattern_brings_waits():
    found = waits("New__c")
    assert found is not None
    assert found["accept"] == '"groups": {"all": {"include": ["Named", "*", "New__c"]}}'
    assert waits("New__c", has_table=True) is None
    assert waits("named") is None
    assert waits("Free") is None


def add_field(lab, name, kind="string", of="Account"):
    field = {"name": name, "type": kind, "label": name, "length": 20}
    lab.org.describes[of]["fields"].append(field)
    return field


@pytest.mark.local_aws
def test_block_keeps_out_until_accepted_and_then_fills_what_is_missing(account_lab):
    org = account_lab.org
    account_lab.config["defaults"]["schema_changes"] = "block"
    first = account_lab.run()["Account"]
    assert (first["rows"], first["blocked"]) == (2, [])
    add_field(account_lab, "Rating__c", "double")
    next(f for f in org.describes["Account"]["fields"] if f["name"] == "Amount__c")["type"] = "int"
    org.now += timedelta(minutes=30)
    org.row("Account", Name="Three", Rating__c="4.5", Amount__c="7")
    org.records["Account"][-1]["SystemModstamp"] = "2026-03-01T12:20:00.000Z"
    outcome = account_lab.run()["Account"]
    assert (outcome["status"], outcome["rows"], outcome["unfilled"]) == ("landed", 1, {})
    assert [b["what"] for b in outcome["blocked"]] == ["Amount__c", "Rating__c"]
    assert outcome["message"] == "schema_changes keeps out Amount__c, Rating__c, see blocked"
    assert "rating__c" not in account_lab.table("account").schema().column_names
    account_lab.config["objects"] = {"Account": {"fields": {"accept": ["rating__c", "Amount__c"]}}}
    org.now += timedelta(minutes=30)
    accepted = account_lab.run()["Account"]
    assert accepted["blocked"] == []
    assert accepted["unfilled"] == {}  # the run filled what it marked
    rows = {r["name"]: r for r in account_lab.rows("account") if r["_batch"] == 3}
    assert (rows["Three"]["rating__c"], rows["Three"]["amount__c__long"]) == (4.5, 7)


def test_a_column_of_a_field_that_went_away_is_no_proof_that_a_field_is_known():
    before = [*chosen(OLD).wanted, *SYSTEM_COLUMNS]
    before[3] = replace(before[3], comment=f"{before[3].comment} (no longer read)")
    found = admit(
        chosen(OLD),
        new_schema(before),
        policy=None,
        own=NO_RULES,
        rules=NO_RULES,
        object_name="Account",
        gone=("ssn__c",),
    )
    assert before[3].name == "amount__c"
    assert [b["what"] for b in found.blocked] == ["Amount__c"]


def rename(lab, old, new):
    """An administrator gives a field another name."""
    field = next(f for f in lab.org.describes["Account"]["fields"] if f["name"] == old)
    field["name"] = new
    for record in lab.org.records["Account"]:
        if old in record:
            record[new] = record.pop(old)
        record["SystemModstamp"] = lab.org.now.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    lab.org.now += timedelta(minutes=30)


@pytest.mark.local_aws
@pytest.mark.parametrize("key", ["exclude", "hash"])
def test_a_hidden_field_that_is_renamed_neither_fails_the_object_nor_goes_in_clear(
    account_lab, key
):
    account_lab.config["objects"] = {"Account": {"fields": {key: ["Name"]}}}
    account_lab.run()
    rename(account_lab, "Name", "Title__c")
    outcome = account_lab.run()["Account"]
    assert (outcome["status"], outcome["rows"]) == ("landed", 2)
    assert outcome["message"] == (
        "fields.exclude or fields.hash of Account names name, which Salesforce does not show: "
        "check the spelling in salesforce_objects.json, or remove it; that keeps out Title__c, "
        "see blocked"
    )
    assert "Title__c: kept out by the rule for name, which it may be" in outcome["left_out"]
    (blocked,) = outcome["blocked"]
    assert blocked["message"] == "Title__c (string) is new and may be name, renamed"
    assert "title__c" not in account_lab.table("account").schema().column_names
    account_lab.config["objects"] = {"Account": {"fields": {key: ["Title__c"]}}}
    assert account_lab.run()["Account"]["blocked"] == []
    assert all(r.get("title__c") not in ("One", "Two") for r in account_lab.rows("account"))


@pytest.mark.local_aws
def test_new_fields_beside_a_hidden_one_that_is_gone_come_once_accepted(account_lab):
    account_lab.config["objects"] = {"Account": {"fields": {"exclude": ["Name"]}}}
    account_lab.run()
    rename(account_lab, "Name", "Title__c")
    rules = {"exclude": ["Name"], "accept": ["Title__c"]}
    account_lab.config["objects"] = {"Account": {"fields": rules}}
    outcome = account_lab.run()["Account"]
    assert outcome["blocked"] == []
    assert outcome["message"].startswith("fields.exclude or fields.hash of Account names name,")
    assert {"One", "Two"} <= {r["title__c"] for r in account_lab.rows("account")}


@pytest.mark.local_aws
def test_an_object_of_a_pattern_waits_without_a_call_to_salesforce(account_lab):
    account_lab.config["groups"]["sales"]["include"] = ["Account", "*__c"]
    account_lab.config["defaults"]["schema_changes"] = "allow_columns"
    account_lab.org.add_object("New__c", {"Id": "id", "SystemModstamp": "datetime"})
    outcome = account_lab.run()["New__c"]
    assert (outcome["status"], outcome["batch"]) == ("unchanged", None)
    assert outcome["blocked"][0]["what"] == "New__c"
    assert outcome["message"] == (
        "New__c is new, and only a pattern of group sales brings it: "
        "it waits until the configuration names it"
    )
    assert account_lab.org.calls("GET", "New__c") == 0
    tables = [name for _, name in account_lab.catalog.list_tables(account_lab.database)]
    assert "account" in tables
    assert "new__c" not in tables


def ghost(body):
    """A describe with a field that queries do not know any more."""
    return {**body, "fields": [*body["fields"], {"name": "Ghost__c", "type": "string"}]}


@pytest.mark.local_aws
@pytest.mark.parametrize("watermark", [False, True], ids=["bulk", "rest"])
def test_a_field_that_vanishes_after_describe_starts_the_object_anew(account_lab, watermark):
    if watermark:
        account_lab.run()
        account_lab.org.now += timedelta(minutes=30)
        account_lab.org.row("Account", Name="Three", SystemModstamp="2026-03-01T12:20:00.000Z")
    account_lab.org.mood("GET", "describe", times=2, edit=ghost)
    outcome = account_lab.run()["Account"]
    assert (outcome["status"], outcome["rows"]) == ("landed", 1 if watermark else 2)
    assert outcome["unfilled"] == {}
    doc = account_lab.table("account").schema().find_field("ghost__c").doc
    assert doc == "Ghost__c (string): Ghost__c (no longer read)"


@pytest.mark.local_aws
def test_a_field_that_vanishes_while_the_job_runs_starts_the_object_anew(account_lab):
    failed = {"state": "Failed", "errorMessage": "INVALID_FIELD: No such column 'Ghost__c'"}
    account_lab.org.mood("GET", r"jobs/query/\w+$", times=2, body=failed)
    assert account_lab.run()["Account"]["rows"] == 2
    assert account_lab.org.calls("GET", "describe") == 3


@pytest.mark.local_aws
def test_a_field_that_describe_keeps_listing_is_told(account_lab):
    account_lab.org.mood("GET", "describe", times=3, edit=ghost)
    outcome = account_lab.run()["Account"]
    assert outcome["error"] == "FieldVanishedError"
    assert "No such column 'Ghost__c'" in outcome["message"]
    assert "exclude the field if it stays so" in outcome["message"]
