import subprocess
import sys
import urllib.request

import pytest

from lakehouse_local import loopback
from lakehouse_local.home import Home
from lakehouse_local.salesforce_org import lifecycle
from lakehouse_local.salesforce_org.lifecycle import OrgError


@pytest.fixture
def home(tmp_path):
    home = Home(root=tmp_path, port=2_510)
    yield home
    lifecycle.stop(home)


def test_the_org_starts_twice_changes_stops_and_keeps_what_it_has(home):
    details = lifecycle.start(home, records=500)
    assert lifecycle.start(home, records=9) == details
    assert details.client_secret not in repr(details)
    status = lifecycle.status(home)
    assert status.running
    assert status.org_id == details.org_id
    assert f"{status.records['Account']:,}" in str(status)
    changed = lifecycle.change(home, updates=0.1)
    assert changed.edits["Account"]["updated"] > 0
    assert "Account.Renewal_Risk__c" in str(changed)
    with pytest.raises(OrgError, match="nope: got 1; allowed: hours"):
        lifecycle.change(home, nope=1)
    assert lifecycle.stop(home)
    assert not list(home.org.glob("*-wal")), "the data were not closed"
    assert not lifecycle.stop(home)
    assert not lifecycle.status(home).running
    with pytest.raises(OrgError, match="does not run"):
        lifecycle.change(home)
    again = lifecycle.start(home, records=9)
    assert again == details
    assert lifecycle.status(home).records["Account"] > status.records["Account"]
    lifecycle.delete(home)
    assert not home.org.exists()


def test_its_port_is_kept_and_a_clash_is_told(home):
    details = lifecycle.start(home, records=300)
    lifecycle.stop(home)
    port = int(details.url.rpartition(":")[2])
    told = f"port {port} of the demo org is used"
    with loopback.listen(port), pytest.raises(OrgError, match=told):
        lifecycle.start(home)


def test_a_proxy_of_the_user_s_does_not_stand_between(home, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setattr(urllib.request, "_opener", None)  # urlopen's own, made at its first use
    lifecycle.start(home, records=300)
    assert lifecycle.status(home).running


def test_two_orgs_do_not_disturb_each_other(home, tmp_path):
    other = Home(root=tmp_path, port=2_511)
    one = lifecycle.start(home, records=300)
    try:
        two = lifecycle.start(other, records=300)
        assert one.url != two.url
        assert one.org_id != two.org_id
    finally:
        lifecycle.stop(other)


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "lakehouse_local.salesforce_org", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_alone_it_says_what_is_wrong_in_one_line(home, tmp_path):
    details = lifecycle.start(home, records=300)
    port = details.url.rpartition(":")[2]
    taken = run("--port", port, "--data", str(tmp_path / "x"))
    assert taken.returncode == 1
    assert taken.stderr.splitlines() == [
        f"port {port}: Address already in use; choose another --port"
    ]
    served = run("--data", str(home.org))
    assert served.returncode == 1
    assert "another process serves this org" in served.stderr
    assert run("--data", str(tmp_path / "x"), "--records", "0").returncode == 2


def test_it_listens_on_the_loopback_address_only(home):
    details = lifecycle.start(home, records=300)
    assert details.url.startswith("http://127.0.0.1:")
    with urllib.request.urlopen(f"{details.url}/services/data", timeout=5) as answer:
        assert answer.status == 200
