import pytest

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
