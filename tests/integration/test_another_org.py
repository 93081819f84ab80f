"""An org that is not the demo goes the whole way: recorded describes, public records.

The lakehouse is told nothing but an address and credentials, through the AWS API.
"""

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lakehouse_local.salesforce_org import lifecycle
from lakehouse_local.salesforce_org.foreign import make_foreign

RECORDED = Path(__file__).parents[3] / "shared" / "salesforce"
OBJECTS = ("Account", "Contact", "Opportunity", "Campaign", "CampaignMember", "User")

pytestmark = [
    pytest.mark.local_aws,
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        not RECORDED.is_dir(), reason="the recorded describes and records are not beside the repo"
    ),
]


@pytest.fixture(scope="module")
def recorded_org(fresh_lakehouse: Any) -> Iterator[lifecycle.OrgDetails]:
    """An org with the recorded fields and the public records."""
    home = fresh_lakehouse.home
    make_foreign(home.org, describes=RECORDED / "describe", records=RECORDED / "records")
    details = lifecycle.start(home)
    yield details
    lifecycle.stop(home)


def rows_of(name: str) -> list[dict[str, str]]:
    with (RECORDED / "records" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_an_unfilled_secret_is_said_in_one_line(fresh_lakehouse: Any) -> None:
    result = fresh_lakehouse.run("run", "--objects", "Account", "--plain")
    assert result.status == 1
    assert "lakehouse secret set" in result.last_error
    assert "Traceback" not in result.err


def test_it_goes_the_whole_way(fresh_lakehouse: Any, recorded_org: lifecycle.OrgDetails) -> None:
    fresh_lakehouse.fill_secret(
        instance_url=recorded_org.url,
        client_id=recorded_org.client_id,
        client_secret=recorded_org.client_secret,
    )
    result = fresh_lakehouse.run("run", "--objects", ",".join(OBJECTS), "--plain")
    assert result.status == 0, result.out + result.err

    accounts = rows_of("Account")
    raw = fresh_lakehouse.raw("account")
    assert Counter(r["name"] for r in raw) == Counter(a["Name"] for a in accounts)
    # A field that only this org has is a column as well.
    kind = "npe01__SYSTEM_AccountType__c"
    assert Counter(r[kind.lower()] for r in raw) == Counter(a[kind] or None for a in accounts)

    marts = fresh_lakehouse.outputs["MartsDatabase"]
    catalog = fresh_lakehouse.catalog()
    dimension = catalog.load_table((marts, "dim_account")).scan().to_arrow().to_pylist()
    live = Counter(r["name"] for r in raw if not r["_is_deleted"])
    assert Counter(r["account_name"] for r in dimension if r["is_current"]) == live
    facts = catalog.load_table((marts, "fct_opportunities")).scan().to_arrow().to_pylist()
    opportunities = rows_of("Opportunity")
    assert len(facts) == len(opportunities)
    assert round(sum(r["amount"] or 0 for r in facts), 2) == pytest.approx(
        round(sum(float(o["amount"] or 0) for o in opportunities), 2), abs=0.01
    )


def test_running_again_brings_nothing(
    fresh_lakehouse: Any, recorded_org: lifecycle.OrgDetails
) -> None:
    before = len(fresh_lakehouse.raw("account", "id"))
    result = fresh_lakehouse.run("run", "--objects", ",".join(OBJECTS), "--plain")
    assert result.status == 0, result.err
    assert len(fresh_lakehouse.raw("account", "id")) == before
