import pytest

from lakehouse_local.home import Home
from lakehouse_local.salesforce_org import lifecycle
from lakehouse_local.salesforce_org.lifecycle import OrgDetails
from lakehouse_tools import secret
from lakehouse_tools.demo import org
from lakehouse_tools.errors import RequestError

DETAILS = OrgDetails(
    url="http://127.0.0.1:8794", client_id="c", client_secret="s", username="u", org_id="00D"
)


@pytest.fixture
def stored(monkeypatch):
    found: list[dict] = []
    monkeypatch.setattr(secret, "put", lambda _environment, _stack, values: found.append(values))
    return found


@pytest.mark.parametrize("present", [None, DETAILS.url])
def test_the_demo_org_goes_into_an_empty_secret_or_its_own(
    account, stack, stored, monkeypatch, present
):
    monkeypatch.setattr(secret, "filled_for", lambda *_: present)
    org.fill_secret(account, stack, DETAILS)
    assert stored == [
        {"instance_url": DETAILS.url, "client_id": "c", "client_secret": "s"},
    ]


def test_another_orgs_credentials_are_not_replaced(account, stack, stored, monkeypatch):
    monkeypatch.setattr(secret, "filled_for", lambda *_: "https://acme.my.salesforce.com")
    with pytest.raises(RequestError, match=r"acme\.my\.salesforce\.com.*LAKEHOUSE_LOCAL_PORT"):
        org.fill_secret(account, stack, DETAILS)
    assert stored == []


@pytest.mark.parametrize(("records", "told"), [(None, 0), (5_000, 0), (6_000, 1)])
def test_records_that_come_too_late_are_said_not_to_count(monkeypatch, tmp_path, records, told):
    monkeypatch.setattr(lifecycle, "kept_records", lambda _: 5_000)
    monkeypatch.setattr(lifecycle, "start", lambda *_, **__: DETAILS)
    said: list[str] = []
    org.start(Home(root=tmp_path), records=records, say=said.append)
    assert len(said) == told
    assert all("made with 5,000 records" in line for line in said)
