import json

import pytest
from click.testing import CliRunner

from lakehouse_local.salesforce_org.administer import hide
from lakehouse_local.salesforce_org.org import make, open_org
from lakehouse_local.salesforce_org.server import serving
from lakehouse_local.salesforce_org.settings import Birth
from lakehouse_tools.cli import cli


@pytest.fixture(scope="module")
def demo_org(tmp_path_factory):
    """The demo org behind its socket; the credentials for it, as a file."""
    folder = tmp_path_factory.mktemp("org")
    make(folder / "data", Birth(records=600, now=1_790_000_000.0))
    org = open_org(folder / "data")
    with serving(org) as url:
        secret = {
            "instance_url": url,
            "client_id": org.store.meta("client_id"),
            "client_secret": org.store.meta("client_secret"),
        }
        file = folder / "secret.json"
        file.write_text(json.dumps(secret))
        hide(org.store, org.store.catalog.find("Account"), "Rating")
        yield file


def invoke(*arguments, **more):
    return CliRunner().invoke(cli, ["discover", *map(str, arguments)], **more)


def test_an_org_without_any_stack(demo_org, tmp_path):
    result = invoke("--secret-file", demo_org, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0].split() == [
        "object",
        "rows",
        "by",
        "formula",
        "personal",
        "hidden",
        "first",
        "load",
    ]
    rows = {line.split()[0]: line.split() for line in lines[1:] if line.strip()}
    assert rows["Account"][1].startswith("~")
    assert rows["Account"][2] == "Bulk"
    assert (rows["Account"][5], rows["Contact"][5]) == ("1", "0")
    assert "hidden from the user\n  Account: Rating\n" in result.stdout
    assert "--all shows them" in result.stdout
    assert "API calls and" in result.stdout
    assert [line for line in lines if line != line.rstrip()] == []
    assert (tmp_path / "out" / "salesforce_objects.json").exists()
    assert (tmp_path / "out" / "salesforce" / "package.xml").exists()
    secret = json.loads(demo_org.read_text())["client_secret"]
    assert secret not in result.output


def test_json_and_everything(demo_org, tmp_path):
    result = invoke("--secret-file", demo_org, "--out", tmp_path, "--json", "--all")
    found = json.loads(result.stdout)
    objects = {o["name"]: o for o in found["objects"]}
    assert all(o["looked_into"] for o in objects.values())
    assert objects["Contact"]["personal"]["Email"] == "an e-mail address (type email)"
    assert objects["AccountHistory"]["folded"] == "the field history of another object"
    assert objects["Account"]["hidden"] == ["Rating"]
    assert found["notes"] == []
    assert found["estimate"]["every"] == "hourly"
    assert found["written"][0] == str(tmp_path / "salesforce_objects.json")


def test_files_that_are_there_cost_no_call(demo_org, tmp_path):
    (tmp_path / "salesforce_objects.json").write_text("mine")
    result = invoke("--secret-file", "/nowhere", "--out", tmp_path)
    assert result.exit_code == 2
    assert "is there already" in result.stderr
    assert (tmp_path / "salesforce_objects.json").read_text() == "mine"


def test_credentials_are_asked_for(demo_org, tmp_path):
    values = json.loads(demo_org.read_text())
    typed = "".join(f"{values[k]}\n" for k in ("instance_url", "client_id", "client_secret"))
    result = invoke("--ask", "--out", tmp_path, "--json", input=typed)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["org_id"]
    assert values["client_secret"] not in result.output


def test_without_credentials_it_says_where_they_may_come_from(tmp_path, monkeypatch):
    monkeypatch.setenv("LAKEHOUSE_HOME", str(tmp_path))
    monkeypatch.setenv("LAKEHOUSE_LOCAL_PORT", "5794")
    result = invoke("--out", tmp_path)
    assert result.exit_code == 1
    assert "no credentials of an org: the local AWS does not answer" in result.stderr
    assert "--ask or --secret-file" in result.stderr


def test_options_that_do_not_go_together(tmp_path):
    assert invoke("--ask", "--secret-file", "x").exit_code == 2
    assert invoke("--jwt").exit_code == 2
