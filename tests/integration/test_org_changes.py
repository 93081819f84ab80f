"""An administrator changes fields, records go without a trace: through the deployed pipeline."""

from typing import Any

import pytest

pytestmark = [pytest.mark.local_aws, pytest.mark.timeout(900)]

OBJECTS = "Account,Contact"


def last_outcomes(lakehouse: Any) -> Any:
    return lakehouse.outcomes(lakehouse.executions()[0]["name"])


def test_reconcile_finds_what_went_and_no_changed_field_stops_it(lakehouse: Any, org: Any) -> None:
    gone = org.call("POST", "records", object="Account", operation="purge", count=2)["ids"]
    org.call("POST", "fields", do="hide", object="Contact", name="Department")
    org.call("POST", "fields", object="Account", name="Region__c", default="EMEA")
    org.call("POST", "fields", do="retype", object="Account", name="Discount__c", type="string")
    result = lakehouse.run("run", "--mode", "reconcile", "--objects", OBJECTS, "--plain")
    assert result.status == 0, result.out + result.err

    rows = lakehouse.raw("account", "id", "_change", "_is_deleted", "_deleted_at")
    tombstones = [r for r in rows if r["_change"] == "hard_delete"]
    assert {r["id"] for r in tombstones} == set(gone)
    assert all(r["_is_deleted"] and r["_deleted_at"] for r in tombstones)
    account, contact = (last_outcomes(lakehouse)[name] for name in OBJECTS.split(","))
    assert account["tombstones"] == len(gone)
    told = " ".join(account["schema_changes"])
    assert "discount__c was double and is string now" in told
    assert "region__c is new" in told
    assert contact["status"] != "failed"
    marts = lakehouse.outputs["MartsDatabase"]
    dimension = lakehouse.catalog().load_table((marts, "dim_account")).scan().to_arrow()
    current = {r["account_id"] for r in dimension.to_pylist() if r["is_current"]}
    assert current
    assert not current & set(gone)


def test_a_field_that_became_readable_is_filled(lakehouse: Any, org: Any) -> None:
    """After the test above: the new field has its default, the hidden one comes back."""
    org.call("POST", "fields", do="grant", object="Contact", name="Department")
    result = lakehouse.run("run", "--mode", "full", "--objects", OBJECTS, "--plain")
    assert result.status == 0, result.out + result.err
    newest: dict[str, Any] = {}
    for row in lakehouse.raw("account", "id", "_batch", "_is_deleted", "region__c"):
        if row["id"] not in newest or newest[row["id"]]["_batch"] < row["_batch"]:
            newest[row["id"]] = row
    assert {r["region__c"] for r in newest.values() if not r["_is_deleted"]} == {"EMEA"}
    assert all(not o["unfilled"] for o in last_outcomes(lakehouse).values())
