"""One record from Salesforce's fields to the marts, on tables that PyIceberg wrote."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner
from pyiceberg.catalog import Catalog
from pyiceberg.table import Table

from lakehouse_jobs.contract.raw_log import SystemColumn, TableProperty
from lakehouse_tools import stack as stacks
from lakehouse_tools.cli.history import command
from lakehouse_tools.environment import Environment
from lakehouse_tools.stack import Stack
from lakehouse_tools.versions.raw_table import find
from lakehouse_tools.versions.reading import statement
from tests.local_catalog import local_catalog
from tests.unit.tools.conftest import STACK

pytestmark = pytest.mark.local_aws

ACME = "0015g00000XyZabAAF"
OTHER = "0015g00000XyZacAAF"
CONTACT = "0035g00000QwErtAAF"
USER = "0055g00000AbCdeAAF"
TASK = "00T5g00000TaskAAAW"
TIME = pa.timestamp("us", "UTC")
LONG = "All that was said on the phone, word by word, until the line was cut: "


def at(hours: float) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours)


FIELDS = {
    "id": (pa.string(), "Id (id): Account ID"),
    "name": (pa.string(), "Name (string): Account Name"),
    "description": (pa.string(), "Description (textarea): Account Description"),
    "score__c": (pa.float64(), "Score__c (string): Score"),
    "score__c__string": (pa.string(), "Score__c (string): Score"),
    "former__c": (pa.string(), "Former__c (string): Former (no longer read)"),
    "systemmodstamp": (TIME, "SystemModstamp (datetime): System Modstamp"),
    "lastmodifiedbyid": (pa.string(), "LastModifiedById (reference): Last Modified By ID"),
}
SYSTEM = {
    SystemColumn.ORG_ID: pa.string(),
    SystemColumn.SOURCE: pa.string(),
    SystemColumn.RUN_ID: pa.string(),
    SystemColumn.EXTRACTED_AT: TIME,
    SystemColumn.BATCH: pa.int64(),
    SystemColumn.CHANGE: pa.string(),
    SystemColumn.IS_DELETED: pa.bool_(),
    SystemColumn.DELETED_AT: TIME,
}
# In the order of the batches; the second version of Acme comes after its third.
BATCHES: Sequence[Sequence[dict[str, Any]]] = (
    [
        {"id": ACME, "name": "Acme", "score__c": 7.0, "systemmodstamp": at(1), "former__c": "x"},
        {"id": OTHER, "name": "Other", "systemmodstamp": at(1)},
    ],
    [{"id": ACME, "name": "Acme Ltd", "score__c__string": "high", "systemmodstamp": at(5)}],
    [{"id": ACME, "name": "Acme", "score__c": 8.5, "systemmodstamp": at(3)}],
    [
        {"id": ACME, "name": "Acme Ltd", "score__c__string": "high", "systemmodstamp": at(5)}
        | {"description": LONG + "A", SystemColumn.CHANGE: "resync"},
        {"id": OTHER, "name": "Other", "systemmodstamp": at(6), SystemColumn.IS_DELETED: True}
        | {SystemColumn.DELETED_AT: at(6)},
    ],
    [
        {"id": ACME, "name": "Acme Ltd", "score__c__string": "high", "systemmodstamp": at(9)}
        | {"description": LONG + "B"},
        {"id": OTHER, "name": "Other", "systemmodstamp": at(8)},
    ],
)


@pytest.fixture(scope="module")
def history_stack(local_aws: Any) -> Stack:
    """A lake with the raw log of two accounts and a contact, and marts of one of them."""
    catalog = local_catalog(local_aws.home.endpoint)
    local_aws.client("s3").create_bucket(Bucket="history-tests")
    local_aws.create_work_group(STACK.athena_work_group_name, results="s3://history-tests/athena/")
    for name in (STACK.raw_database, STACK.staging_database, STACK.marts_database):
        local_aws.client("glue").create_database(
            DatabaseInput={"Name": name, "LocationUri": f"s3://history-tests/{name}/"}
        )
    make(catalog, "Account", BATCHES)
    make(catalog, "Contact", [[{"id": CONTACT, "name": "Ann", "systemmodstamp": at(1)}]])
    make(catalog, "Lead", [])
    rows = [
        {"account_key": "k1", "account_id": ACME, "valid_from": at(1), "valid_to": at(5)}
        | {"is_current": False, "_batch": 3},
        {"account_key": "k2", "account_id": ACME, "valid_from": at(5), "valid_to": None}
        | {"is_current": True, "_batch": 5},
    ]
    mart(catalog, STACK.staging_database, "stg_salesforce__accounts", [
        {"account_id": ACME, "is_deleted": False, "_batch": 5}
    ])  # fmt: skip
    mart(catalog, STACK.marts_database, "dim_account", rows)
    make(catalog, "Task", [[{"id": TASK, "name": "Call", "systemmodstamp": at(1)}]])
    mart(catalog, STACK.staging_database, "stg_salesforce__tasks", [
        {"task_id": TASK, "what_id": ACME, "_batch": 1}
    ])  # fmt: skip
    # Its key is that of tasks and of events.
    mart(catalog, STACK.marts_database, "fct_activities", [
        {"activity_id": TASK, "what_id": ACME, "_batch": 1},
        {"activity_id": "00U", "what_id": ACME, "_batch": 7},
    ])  # fmt: skip
    mart(catalog, STACK.marts_database, "dim_account_hierarchy", [
        {"account_id": "001", "ancestor_ids": [ACME, OTHER], "_batch": 1},
        {"account_id": "002", "ancestor_ids": [ACME], "_batch": 1},
        {"account_id": ACME, "ancestor_ids": [], "_batch": 1},
        {"account_id": OTHER, "ancestor_ids": None, "_batch": 1},
    ])  # fmt: skip
    mart(catalog, STACK.marts_database, "fct_opportunities", [
        {"opportunity_id": "006", "account_id": ACME, "owner_id": USER},
        {"opportunity_id": "007", "account_id": ACME, "owner_id": USER},
        {"opportunity_id": "008", "account_id": OTHER, "owner_id": USER},
    ])  # fmt: skip
    return STACK


@pytest.fixture
def accounts(local_aws: Any, history_stack: Stack) -> Table:
    return local_catalog(local_aws.home.endpoint).load_table((STACK.raw_database, "account"))


def make(catalog: Catalog, name: str, batches: Sequence[Sequence[dict[str, Any]]]) -> None:
    """A raw table, one commit a batch, as the extractor leaves it."""
    fields = [pa.field(n, t, metadata={"doc": doc}) for n, (t, doc) in FIELDS.items()]
    schema = pa.schema([*fields, *SYSTEM.items()])
    table = catalog.create_table(
        (STACK.raw_database, name.lower()),
        schema=schema,
        location=f"s3://history-tests/{STACK.raw_database}/{name.lower()}",
        properties={TableProperty.OBJECT: name},
    )
    for batch, rows in enumerate(batches, start=1):
        always = {
            "lastmodifiedbyid": USER,
            SystemColumn.RUN_ID: f"run-{batch}",
            SystemColumn.EXTRACTED_AT: at(10 * batch),
            SystemColumn.BATCH: batch,
            SystemColumn.CHANGE: "read",
            SystemColumn.IS_DELETED: False,
        }
        with table.transaction() as change:
            # As the extractor's commit has it: the snapshot's summary names the batch.
            of_batch = {TableProperty.BATCH.value: str(batch)}
            data = pa.Table.from_pylist([always | dict(row) for row in rows], schema)
            change.append(data, snapshot_properties=of_batch)
            change.set_properties(of_batch)
        # Somebody else's rows are no batch, nor is a commit of the watermark alone.
        table.append(schema.empty_table())
        with table.transaction() as change:
            change.set_properties({TableProperty.WATERMARK: at(10 * batch).isoformat()})


def mart(catalog: Catalog, database: str, name: str, rows: list[dict[str, Any]]) -> None:
    """A table that dbt would have made."""
    data = pa.Table.from_pylist(rows)
    catalog.create_table(
        (database, name), schema=data.schema, location=f"s3://history-tests/{database}/{name}"
    ).append(data)


@pytest.fixture
def ask(local_aws: Any, history_stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Calls the command; its output, or the error."""
    monkeypatch.setattr(stacks, "read_stack", lambda _: history_stack)
    monkeypatch.setenv("LAKEHOUSE_HOME", str(local_aws.home.root))
    monkeypatch.setenv("LAKEHOUSE_LOCAL_PORT", str(local_aws.home.port))

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(command, arguments)
        return str(done.exception) if done.exception else done.output

    return run


def test_versions_stand_in_their_order_with_what_changed(ask: Any) -> None:
    told = json.loads(ask("--json", "account", ACME[:15]))

    assert (told["object"], told["id"]) == ("Account", ACME)
    found = told["versions"]
    assert [(version["batch"], *version["marks"]) for version in found] == [
        (1, "first known"),
        (3, "came late, after a newer version"),
        (2,),
        (4, "resync"),
        (5,),
    ]
    assert found[0]["values"] == {"Name": "Acme", "Score__c": 7.0, "Former__c": "x"}
    changes = [{c["field"]: (c["old"], c["new"]) for c in v["changes"]} for v in found]
    assert changes == [
        {},
        {"Score__c": (7.0, 8.5), "Former__c": ("x", None)},
        {"Name": ("Acme", "Acme Ltd"), "Score__c": (8.5, "high")},
        {"Description": (None, LONG + "A")},
        {"Description": (LONG + "A", LONG + "B")},
    ]
    assert {version["run"] for version in found} == {f"run-{n}" for n in range(1, 6)}


def test_each_batch_has_its_snapshot(ask: Any, accounts: Table) -> None:
    told = json.loads(ask("--json", "Account", ACME))

    kept = accounts.scan().to_arrow().group_by("_batch").aggregate([]).to_pylist()
    assert len(kept) == len(BATCHES)
    for version in told["versions"]:
        snapshot = version["snapshot"]["id"]
        brought = accounts.scan(snapshot_id=snapshot).to_arrow()["_batch"].to_pylist()
        assert max(brought) == version["batch"]


def test_deletion_and_return(ask: Any) -> None:
    marks = [v["marks"] for v in json.loads(ask("--json", "Account", OTHER))["versions"]]

    assert marks == [["first known"], ["deleted"], ["undeleted"]]


def test_what_a_person_reads(ask: Any) -> None:
    told = ask("Account", ACME)

    lines = [" ".join(line.split()) for line in told.splitlines()]
    assert lines[0] == f"Account {ACME}: 5 versions in raw"
    assert "3 2026-01-01 05:00:00 UTC" in lines
    assert "Name Acme → Acme Ltd" in lines
    assert "Score__c 8.5 → high" in lines
    # A long text is shown from where it differs.
    assert "Description …ne was cut: A → …ne was cut: B" in lines
    assert "stg_salesforce__accounts version 5" in lines
    assert "dim_account 2026-01-01 01:00:00 UTC 2026-01-01 05:00:00 UTC version 2" in lines
    assert "2026-01-01 05:00:00 UTC current version 5" in lines
    assert "fct_opportunities account_id 2" in lines


def test_a_task_became_its_row_among_the_activities(ask: Any) -> None:
    told = json.loads(ask("--json", "Task", TASK))

    rows = {each["table"]: each["rows"] for each in told["own"]}
    assert [row["activity_id"] for row in rows["fct_activities"]] == [TASK]
    assert [row["task_id"] for row in rows["stg_salesforce__tasks"]] == [TASK]
    assert told["carriers"] == []


def test_what_stands_below_an_account_carries_its_id(ask: Any) -> None:
    lines = [" ".join(line.split()) for line in ask("Account", ACME).splitlines()]

    assert "dim_account_hierarchy ancestor_ids 2" in lines
    assert "fct_activities what_id 2" in lines
    assert "dim_account_hierarchy version 1" in lines  # its own place
    assert f"where contains(ancestor_ids, '{ACME}')" in lines[-1]  # to paste


def test_some_fields(ask: Any) -> None:
    told = json.loads(ask("--json", "Account", ACME, "--fields", "name, SCORE__C"))

    assert told["fields"] == ["Name", "Score__c"]
    assert [len(v["changes"]) for v in told["versions"]] == [0, 1, 2, 0, 0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("Acount", ACME), "the object 'Acount'; raw has Account, Contact, Lead, Task: another"),
        (("Account", "001"), "got the id '001'; allowed: a Salesforce record id, 15 or 18"),
        (("Account", "0015g00000XyZadAAF"), "raw has no version of Account 0015g00000XyZadAAF:"),
        (
            ("Account", CONTACT),
            f"{CONTACT} is no Account: its id would begin with 001, and 003 are the ids of Contact:"
            f" ask `lakehouse history Contact {CONTACT}`",
        ),
        (("Account", "0065g00000XyZadAAF"), "006 are the ids of an object that raw does not have"),
        (("Lead", ACME), "raw has no version of any Lead yet: bring some with `lakehouse run`"),
        (("Account", ACME, "--fields", "Nme"), "--fields: got 'Nme'; raw has of Account: "),
    ],
)
def test_what_raw_does_not_have(ask: Any, arguments: tuple[str, ...], said: str) -> None:
    assert said in ask(*arguments)


def test_only_what_is_asked_for_is_read(ask: Any) -> None:
    table = find(Environment.named("local"), STACK, "Account")

    sql = statement(table, STACK, ["Name"], ACME)

    assert "description" not in sql
    assert sql.endswith(f"where id = '{ACME}'")
