"""An org that can be scripted, with what `lakehouse discover` asks beyond the job."""

import json
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from lakehouse_jobs.salesforce import read_secret
from lakehouse_tools.discover import census
from lakehouse_tools.discover.access import open_org
from tests.unit.jobs.fake_org import FakeOrg, Handler, serving

RECORDED = Path(__file__).parents[5] / "shared" / "salesforce" / "describe"
NOBODY = [{"errorCode": "INSUFFICIENT_ACCESS", "message": "no View Setup"}]


class WholeOrg(FakeOrg):
    """Rows of describeGlobal, cached counts, and permissions. ``None``: not for this user."""

    def __init__(self) -> None:
        super().__init__()
        self.listed: dict[str, dict] = {}
        self.cached: dict[str, int] | None = {}
        self.counted: dict[str, int] = {}
        self.permitted: dict[str, list[str]] | None = {}  # object -> fields somebody may read
        self.grantable: list[str] | None = []
        self.used = 0

    def add(self, name, fields=None, *, cached=None, counted=None, **row):
        self.listed[name] = {"name": name, "queryable": True, "label": name, **row}
        if fields is not None:
            self.add_object(name, fields)
            self.permitted[name] = [
                f["name"] for f in self.describes[name]["fields"] if f.get("permissionable")
            ]
        if cached is not None:
            self.cached[name] = cached
        if counted is not None:
            self.counted[name] = counted


class WholeHandler(Handler):
    org: WholeOrg

    def _answer(self, method, sent):
        org, parts = self.org, urlsplit(self.path)
        below = re.sub(r"^/services/data/v[0-9.]+", "", parts.path)
        soql = parse_qs(parts.query).get("q", [""])[0]
        if below == "/limits":
            limit = {"Max": org.api_limit, "Remaining": org.api_limit - org.used - len(org.log)}
            return 200, {"DailyApiRequests": limit}, {}
        if below == "/limits/recordCount":
            if org.cached is None:
                return 403, NOBODY, {}
            counts = [{"name": n, "count": c} for n, c in org.cached.items()]
            return 200, {"sObjects": counts}, {}
        if below == "/sobjects":
            return 200, {"sobjects": list(org.listed.values())}, {}
        if below == "/sobjects/ObjectPermissions/describe" and org.grantable is not None:
            values = [{"value": name} for name in org.grantable]
            return 200, {"fields": [{"name": "SobjectType", "picklistValues": values}]}, {}
        if found := re.fullmatch(r"SELECT COUNT\(\) FROM (\w+)", soql):
            if found[1] not in org.counted:
                return 400, [{"errorCode": "QUERY_TIMEOUT", "message": "too long"}], {}
            return 200, {"totalSize": org.counted[found[1]], "done": True, "records": []}, {}
        if "FROM FieldPermissions" in soql:
            return self._permissions(soql)
        return super()._answer(method, sent)

    def _permissions(self, soql):
        if self.org.permitted is None:
            return 400, [{"errorCode": "INVALID_TYPE", "message": "no such object"}], {}
        asked = re.findall(r"'(\w+)'", soql)
        records = [
            {"SobjectType": n, "Field": f"{n}.{f}"} for n in asked for f in self.org.permitted[n]
        ]
        return 200, {"totalSize": len(records), "done": True, "records": records}, {}


@pytest.fixture
def org():
    """An empty org on a port of its own."""
    with serving(WholeOrg(), WholeHandler) as org:
        yield org


def seen(more=None):
    """A field to which field-level security applies."""
    return {"permissionable": True, **(more or {})}


CONTACT = {
    "Id": "id",
    "SystemModstamp": "datetime",
    "LastName": ("string", {"compoundFieldName": "Name"}),
    "Email": ("email", seen()),
    "Birthdate": ("date", seen()),
    "Score__c": ("double", seen({"calculated": True})),
    "AccountId": ("reference", seen({"referenceTo": ["Account"]})),
    "MailingAddress": ("address", seen()),
    "MailingStreet": ("textarea", seen({"compoundFieldName": "MailingAddress"})),
}
PLAIN = {"Id": "id", "SystemModstamp": "datetime", "Tier__c": ("picklist", seen())}


@pytest.fixture
def small(org):
    """A few objects of each kind."""
    org.add("Account", PLAIN, cached=1_000_000, layoutable=True)
    org.add("Contact", CONTACT, cached=2_500, layoutable=True)
    org.add("Order__c", PLAIN, counted=40, custom=True)
    org.add("Empty__c", PLAIN, cached=0, custom=True)
    org.add("AccountFeed", cached=9)
    org.add("AsyncApexJob", PLAIN, counted=3)
    org.permitted["Contact"].append("Salary__c")
    org.grantable += ["Account", "Contact", "Order__c", "Empty__c"]
    return org


@pytest.fixture
def take():
    """Take the census of an org."""

    def run(org, **more):
        secret = read_secret(json.dumps(org.secret), name="test")
        options = {
            "api_version": "62.0",
            "look_into_all": False,
            "share": 0.8,
            "progress": lambda *_: None,
        }
        return census.take(open_org(secret, api_version="62.0"), **{**options, **more})

    return run
