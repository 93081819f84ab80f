"""Models from the raw tables that the job itself made, beside those from the org's describe."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from lakehouse_jobs.contract.objects import ObjectsConfig
from lakehouse_tools.cli import cli
from lakehouse_tools.dbt_models.columns import columns_of
from lakehouse_tools.dbt_models.facts import from_describe
from lakehouse_tools.dbt_models.org import rules_of
from lakehouse_tools.dbt_models.plan import make_plan
from lakehouse_tools.dbt_models.project import FOLDER, read_project
from lakehouse_tools.dbt_models.raw_tables import from_tables
from lakehouse_tools.stack import OUTPUTS
from tests.dbt.wide_org import WIDE, describes

pytestmark = pytest.mark.local_aws

ROOT = Path(__file__).parents[4]
SHIPPED = {
    "Id": "id",
    "IsDeleted": "boolean",
    "Name": "string",
    "AnnualRevenue": "currency",
    "Rating": "picklist",
    "Tier__c": "picklist",
    "CreatedDate": "datetime",
    "SystemModstamp": "datetime",
}


@pytest.fixture
def wide_lab(lab):
    """An org with a shipped object and one of 300 odd fields, extracted once."""
    [wide] = [answer for answer in describes() if answer["name"] == WIDE]
    lab.org.describes[WIDE], lab.org.records[WIDE] = wide, []
    lab.org.row(WIDE, Name="One")
    lab.org.add_object("Account", SHIPPED)
    lab.org.row("Account", Name="Two")
    lab.config["groups"]["sales"]["include"] = ["Account", WIDE, "Nowhere__c"]
    lab.config["objects"] = {WIDE: {"fields": {"exclude": ["Date__c"], "hash": ["Amount__c"]}}}
    lab.run()
    return lab


def read(config):
    return ObjectsConfig.from_text(json.dumps(config), where="a test")


def from_raw(lab):
    """What the raw tables tell, by name."""
    tables = lab.client("glue").get_tables(DatabaseName=lab.database)["TableList"]
    found, left_out = from_tables(tables, read(lab.config))
    return {facts.name: facts for facts in found}, left_out


def columns(facts):
    return columns_of(facts.fields, entity="wide_load", given=())


def test_names_types_and_groups_are_those_of_the_org(wide_lab):
    rules = rules_of(read(wide_lab.config), WIDE)
    org = columns(from_describe(wide_lab.org.describes[WIDE], rules))
    found, left_out = from_raw(wide_lab)
    raw = columns(found[WIDE])

    assert len(raw) > 290
    assert [(c.name, c.field, c.type, c.group) for c in raw] == [
        (c.name, c.field, c.type, c.group) for c in org
    ]
    others = {c.name: (c.data_type, o.data_type) for c, o in zip(raw, org, strict=True)}
    assert {pair for pair in others.values() if pair[0] != pair[1]} == set()
    assert others["amount"] == ("string", "string")  # its hash
    assert left_out == {"Nowhere__c": "it has no raw table yet"}


def test_fields_that_changed_or_went(wide_lab):
    fields = {f["name"]: f for f in wide_lab.org.describes[WIDE]["fields"]}
    fields["Batch__c"]["type"] = "string"
    wide_lab.org.describes[WIDE]["fields"].remove(fields["Share_of__c"])
    for record in wide_lab.org.records[WIDE]:
        record["Batch__c"] = "A1"
    wide_lab.run()

    [facts] = [f for name, f in from_raw(wide_lab)[0].items() if name == WIDE]

    types = {field.name: field.type for field in facts.fields}
    assert {"batch__c", "batch__c__string"} <= {
        f.name for f in wide_lab.table(WIDE.lower()).schema().fields
    }
    assert types["Batch__c"] == "string"
    assert facts.retyped == ("Batch__c",)
    assert "Share_of__c" not in types
    [row] = [
        row
        for row in make_plan(read_project(ROOT / "dbt_project"), [facts], left_out={}).rows
        if row.object == WIDE
    ]
    assert row.notes == (
        "Batch__c changed its type; taken as string: generate from the org to be sure",
    )


def test_a_table_whose_comments_tell_nothing_is_left_out():
    table = {
        "Name": "account",
        "Parameters": {"lakehouse.object": "Account"},
        "StorageDescriptor": {"Columns": [{"Name": "id"}, {"Name": "name", "Comment": "A name"}]},
    }

    found, left_out = from_tables([table], read({"groups": {"all": {"include": ["Account"]}}}))

    assert found == []
    assert left_out["Account"].startswith("no comment of its raw table names Id")


@pytest.fixture
def place(wide_lab, tmp_path):
    """A project, the configuration, and a deployed stack that names the raw database."""
    ignore = shutil.ignore_patterns("target", "logs")
    shutil.copytree(ROOT / "dbt_project", tmp_path / "dbt_project", ignore=ignore)
    (tmp_path / "objects.json").write_text(json.dumps(wide_lab.config))
    (tmp_path / "secret.json").write_text(json.dumps(wide_lab.org.secret))
    values = dict.fromkeys(OUTPUTS.values(), "x") | {"RawDatabase": wide_lab.database}
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {name: {"Value": value} for name, value in values.items()},
    }
    stacks = wide_lab.client("cloudformation")
    stacks.create_stack(StackName="LakehouseDev", TemplateBody=json.dumps(template))
    stacks.get_waiter("stack_create_complete").wait(
        StackName="LakehouseDev", WaiterConfig={"Delay": 0.1, "MaxAttempts": 100}
    )
    yield tmp_path
    stacks.delete_stack(StackName="LakehouseDev")


def generate(folder, *arguments):
    argv = ["dbt", "generate", "--config", folder / "objects.json", "--env", "dev"]
    argv += ["--project", folder / "dbt_project", *arguments]
    result = CliRunner().invoke(cli, [str(each) for each in argv])
    assert result.exit_code == 0, result.output
    return result.stdout


def rows(output):
    return {row["object"]: row for row in json.loads(output)["objects"]}


def text(folder, name):
    return (folder / "dbt_project" / FOLDER / name).read_text()


def test_the_command_writes_once_and_the_org_knows_more(place):
    shipped = text(place, "stg_salesforce__accounts.yml")
    first = generate(place, "--source", "raw")
    assert "Raw tells no help texts, decimals, picklists or references" in first
    assert "Nowhere__c: it has no raw table yet" in first
    wide = text(place, "stg_salesforce__wide_loads.yml")
    assert "generated_from: raw" in wide
    assert "Überschrift „neu“" in wide
    # A shipped model gains columns; those it has keep their names and descriptions.
    gained = text(place, "stg_salesforce__accounts.yml")
    assert "{field: Tier__c, type: picklist}" in gained
    lost = [line for line in shipped.splitlines()[4:] if line not in gained.splitlines()]
    assert [line.strip() for line in lost] == ["generated_from: shipped"]

    assert json.loads(generate(place, "--source", "raw", "--json"))["files"] == []

    secret = ("--secret-file", place / "secret.json")
    assert rows(generate(place, *secret, "--json"))[WIDE]["outcome"] == "updated"
    known = text(place, "stg_salesforce__wide_loads.yml")
    assert "generated_from: describe" in known
    assert "listed_values_stg_salesforce__wide_loads" in known
    again = json.loads(generate(place, "--source", "raw", "--json"))
    assert again["files"] == []
