import json
from pathlib import Path

import pytest

from lakehouse_local.salesforce_org.foreign import ForeignError, make_foreign
from lakehouse_local.salesforce_org.foreign_columns import kind
from lakehouse_local.salesforce_org.objects.account import OBJECT as ACCOUNT
from lakehouse_local.salesforce_org.org import open_org
from lakehouse_local.salesforce_org.server import serving
from lakehouse_local.salesforce_org.settings import Birth

from .conftest import Client

# Recorded payloads may lie beside the repository; it carries none of them.
RECORDED = Path(__file__).parents[5] / "shared" / "salesforce"
BORN = 1_790_000_000.0


@pytest.fixture
def folders(tmp_path):
    describes, records = tmp_path / "describe", tmp_path / "records"
    describes.mkdir()
    records.mkdir()
    (describes / "Account.json").write_text(json.dumps(ACCOUNT.sobject().describe))
    (records / "Account.csv").write_text(
        "id,name,BillingPostalCode,legacy_code,parent_id\n"
        '1,"Ä ""quoted""\nname",01234,007,\n2,Zwei,,,1\n',
        encoding="utf-8",
    )
    (records / "Visit.csv").write_text("id,account_id,done,minutes,on\n7,2,true,5,2024-05-01\n")
    return describes, records


def make(tmp_path, folders, **more):
    describes, records = folders
    make_foreign(
        tmp_path / "org", describes=describes, records=records, birth=Birth(now=BORN), **more
    )
    return open_org(tmp_path / "org")


def test_records_find_their_fields_and_each_other(tmp_path, folders):
    org = make(tmp_path, folders)
    with serving(org) as url, Client(url, org) as client:
        one, two = client.query(
            "SELECT Id, Name, BillingPostalCode, legacy_code__c, ParentId, SystemModstamp "
            "FROM Account ORDER BY Id"
        )
        assert one["Name"] == 'Ä "quoted"\nname'
        assert (one["BillingPostalCode"], one["legacy_code__c"]) == ("01234", "007")
        assert one["SystemModstamp"] < "2026-09-21T13:13:21"
        assert two["ParentId"] == one["Id"]
        visit = client.query("SELECT AccountId, Done, Minutes, On FROM Visit")[0]
        assert visit["AccountId"] == two["Id"]
        assert (visit["Done"], visit["Minutes"], visit["On"]) == (True, 5.0, "2024-05-01")
        types = {
            field["name"]: field["type"]
            for field in client.get(f"{client.data}/sobjects/Visit/describe").json()["fields"]
        }
        assert types["AccountId"] == "reference"
        assert types["On"] == "date"
        assert client.control("POST", "change")["edits"]["Account"]["inserted"] == 1


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["true", "", "false"], "boolean"),
        (["1", "2.5", "-3"], "double"),
        (["01234", "12345"], "string"),
        (["2024-01-31"], "date"),
        (["2024-01-31", "2024-13-01"], "string"),
        (["", ""], "string"),
    ],
)
def test_types_are_inferred_only_when_sure(values, expected):
    assert kind(values) == expected


def test_what_does_not_fit_is_named(tmp_path, folders):
    (folders[1] / "Account.csv").write_text("id,AnnualRevenue\n1,much\n")
    with pytest.raises(ForeignError, match=r"Account\.csv, row 2, column AnnualRevenue: 'much'"):
        make(tmp_path, folders)
    (folders[1] / "Account.csv").write_text("name\nx\n")
    with pytest.raises(ForeignError, match="no column id among name"):
        make(tmp_path, folders)


@pytest.mark.skipif(not RECORDED.exists(), reason="no recorded payloads beside the repository")
def test_recorded_payloads_make_an_org(tmp_path):
    folders = (RECORDED / "describe", RECORDED / "records")
    org = make(tmp_path, folders, relations={"Contact.primary_affiliation__c": "Account"})
    with serving(org) as url, Client(url, org) as client:
        counts = client.control("GET", "status")["records"]
        assert counts["Account"] == 1_223
        assert counts["Lead"] == 0
        contact = client.query("SELECT AccountId, Name FROM Contact ORDER BY Id LIMIT 1")[0]
        account = f"SELECT Name FROM Account WHERE Id = '{contact['AccountId']}'"
        assert contact["Name"] == "Amy Diaz"
        assert client.query(account)
        for name in ("Account", "Contact", "Opportunity", "Lead"):
            fields = client.get(f"{client.data}/sobjects/{name}/describe").json()["fields"]
            plain = [f["name"] for f in fields if f["type"] != "address"]
            job = client.finish_job(f"SELECT {', '.join(plain)} FROM {name}", "queryAll")
            assert client.job(job)["numberRecordsProcessed"] == counts[name]
