import pytest
from botocore.stub import Stubber

from lakehouse_local.home import Home
from lakehouse_tools.deploy import cdk, local
from lakehouse_tools.environment import Environment


@pytest.fixture
def environment(tmp_path) -> Environment:
    return Environment("local", Home(root=tmp_path, port=5792))


@pytest.fixture
def calls(monkeypatch, tmp_path):
    found: list[dict] = []
    monkeypatch.setattr(cdk, "command", lambda _: ["node", "cdk"])
    monkeypatch.setattr(cdk, "run_logged", lambda argv, **kw: found.append({"argv": argv, **kw}))
    monkeypatch.setattr(local, "find_project", lambda: tmp_path)
    return found


def toolkit(environment, status=None):
    stubber = Stubber(environment.client("cloudformation"))
    if status is None:
        stubber.add_client_error("describe_stacks", "ValidationError", "does not exist")
    else:
        stack = {"StackName": "CDKToolkit", "CreationTime": 0, "StackStatus": status}
        stubber.add_response("describe_stacks", {"Stacks": [stack]})
    stubber.activate()


@pytest.mark.parametrize("status", [None, "ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS"])
def test_bootstraps_outside_the_app_when_it_was_not_done_or_half_done(environment, calls, status):
    toolkit(environment, status)
    local.deploy(environment, report=lambda _: None)
    bootstrap, deploy = calls
    assert bootstrap["argv"] == ["node", "cdk", "bootstrap", "aws://123456789012/us-east-1"]
    assert bootstrap["cwd"] == environment.home.instance
    assert deploy["argv"][:4] == ["node", "cdk", "deploy", "LakehouseDev"]


def test_bootstraps_once(environment, calls):
    toolkit(environment, "CREATE_COMPLETE")
    local.deploy(environment, report=lambda _: None)
    assert [c["argv"][2] for c in calls] == ["deploy"]


def test_two_lakehouses_do_not_share_assembly_outputs_or_log(environment, calls):
    toolkit(environment, "CREATE_COMPLETE")
    local.deploy(environment, report=lambda _: None)
    (deploy,) = calls
    argv, own = deploy["argv"], str(environment.home.instance)
    for option in ("--output", "--outputs-file"):
        assert argv[argv.index(option) + 1].startswith(own)
    assert str(deploy["log"]).startswith(own)
    assert deploy["env"]["AWS_ENDPOINT_URL"] == "http://127.0.0.1:5792"
    assert argv[argv.index("--require-approval") + 1] == "never"
