import json
from pathlib import Path

import pytest

from lakehouse_local.home import Home
from lakehouse_tools.deploy import deployed, governance, network, preflight, synthesis
from lakehouse_tools.environment import Environment
from lakehouse_tools.errors import DeployError
from lakehouse_tools.review.assembly import Assembly

ARN = "arn:aws:sts::123456789012:assumed-role/Deployer/me"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A checkout whose ``config/dev.json`` a test may write."""
    (tmp_path / "config").mkdir()
    objects = {"groups": {"sales": {"include": ["Account"]}}}
    (tmp_path / "config" / "salesforce_objects.json").write_text(json.dumps(objects))
    (tmp_path / "config" / "dev.json").write_text(
        json.dumps({"account": "123456789012", "region": "us-east-1"})
    )
    monkeypatch.setattr(preflight, "find_project", lambda: tmp_path)
    return tmp_path


@pytest.fixture
def assembly(tmp_path) -> Assembly:
    folder = tmp_path / "cdk.out"
    folder.mkdir()
    role = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/cdk-q1-cfn-exec-role-${AWS::Region}"
    properties = {
        "requiresBootstrapStackVersion": 6,
        "bootstrapStackVersionSsmParameter": "/cdk-bootstrap/q1/version",
        "cloudFormationExecutionRoleArn": role,
    }
    stacks = ("LakehouseDev", "LakehouseProd")
    manifest = {"artifacts": {stack: {"properties": properties} for stack in stacks}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    variables = [
        {"Name": "DBT_SESSION_WORKER_TYPE", "Value": "G.2X"},
        {"Name": "DBT_SESSION_WORKERS", "Value": "3"},
        {"Name": "DBT_THREADS", "Value": "2"},
    ]
    build = {
        "Type": "AWS::CodeBuild::Project",
        "Properties": {"Environment": {"EnvironmentVariables": variables}},
    }
    template = {"Resources": {"Build": build}}
    for stack in stacks:
        (folder / f"{stack}.template.json").write_text(json.dumps(template))
    return Assembly.at(folder)


@pytest.fixture
def look(account, stub, monkeypatch, project, assembly, tmp_path):
    """All checks by name, in an account of which everything but the bootstrap is made up."""
    asked: dict = {}
    monkeypatch.setattr(
        preflight, "_version", lambda argv: asked.get(Path(argv[0]).name, "v22.1.0")
    )
    monkeypatch.setattr(preflight.cdk, "command", lambda _: ["cdk"])
    monkeypatch.setattr(deployed, "ready", lambda _: "UPDATE_COMPLETE")
    monkeypatch.setattr(synthesis, "synthesize", lambda *_, report: assembly)
    monkeypatch.setattr(
        governance, "lake_formation", lambda *_, executor: asked.setdefault("executor", executor)
    )
    monkeypatch.setattr(
        governance, "quotas", lambda *_, session_dpus: f"{session_dpus} DPUs for dbt"
    )
    monkeypatch.setattr(governance, "builds", lambda _: "1 of 60 builds at once")

    def run(*, version="21", cdk_version=None, bootstrap_asked=True, environment=None, **options):
        asked["cdk"] = f"{cdk_version or synthesis.pinned_version()} (build abc)"
        stub("sts").add_response(
            "get_caller_identity", {"Account": "123456789012", "Arn": ARN, "UserId": "u"}
        )
        name = {"Name": "/cdk-bootstrap/q1/version"}
        if not bootstrap_asked:
            pass
        elif version is None:
            stub("ssm").add_client_error("get_parameter", "ParameterNotFound", expected_params=name)
        else:
            stub("ssm").add_response("get_parameter", {"Parameter": {"Value": version}}, name)
        checks = preflight.Preflight(
            environment or account,
            Home(root=tmp_path, port=5794),
            folder=tmp_path / "cdk.out",
            report=lambda _: None,
            **options,
        ).checks()
        return {c.name: c for c in checks}

    return run


def test_everything_in_order(look):
    found = look()
    assert [c.name for c in found.values() if not c.passed] == []
    assert list(found) == [
        *("Node", "CDK CLI", "identity", "account", "stack"),
        *("synthesis", "bootstrap", "schedules", "Lake Formation", "quotas", "builds"),
    ]
    assert found["identity"].text == ARN
    assert found["Lake Formation"].text == (
        "arn:aws:iam::123456789012:role/cdk-q1-cfn-exec-role-us-east-1"
    )
    assert found["quotas"].text == "12 DPUs for dbt"  # 3 workers of 2 DPU, for 2 threads


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"account": "999999999999"}, "config/dev.json says 999999999999"),
        ({"region": "eu-central-1"}, "lead to region us-east-1"),
    ],
)
def test_credentials_of_another_place(look, project, config, told):
    (project / "config" / "dev.json").write_text(json.dumps(config))
    found = look()
    assert found["account"].passed is False
    assert told in found["account"].text
    assert "AWS_PROFILE" in (found["account"].remedy or "")


def test_a_config_that_names_no_place_is_worth_saying(look, project):
    (project / "config" / "dev.json").write_text("{}")
    found = look()
    assert found["account"].passed is None
    assert "names no account and no region" in found["account"].text


def test_the_local_aws_is_no_account_that_the_config_could_name(look, account, project, tmp_path):
    (project / "config" / "dev.json").write_text(json.dumps({"account": "999999999999"}))
    local = Environment("local", Home(root=tmp_path, port=5794), account._clients)
    assert look(environment=local)["account"].passed is True


@pytest.mark.parametrize(("version", "told"), [("5", "needed: 6"), (None, "is not bootstrapped")])
def test_a_bootstrap_that_is_missing_or_old(look, version, told):
    found = look(version=version)
    assert found["bootstrap"].passed is False
    assert told in found["bootstrap"].text
    command = "make cdk ARGS='bootstrap aws://123456789012/us-east-1'"
    assert command in (found["bootstrap"].remedy or "")


@pytest.mark.parametrize(
    ("kinds", "passed", "told"),
    [
        (["AWS::SNS::Topic"], None, "nobody is subscribed"),
        (["AWS::SNS::Topic", "AWS::SNS::Subscription"], True, "1 address: it has to confirm"),
        (
            ["AWS::SNS::Topic", *["AWS::SNS::Subscription"] * 2],
            True,
            "2 addresses: each has to confirm",
        ),
        ([], True, "a topic that was there already"),
    ],
)
def test_alerts_that_reach_nobody_are_worth_saying_in_production(
    look, account, assembly, project, kinds, passed, told
):
    (project / "config" / "prod.json").write_text("{}")
    resources = {f"R{n}": {"Type": kind} for n, kind in enumerate(kinds)}
    path = assembly.folder / "LakehouseProd.template.json"
    path.write_text(json.dumps({"Resources": resources}))
    found = look(environment=Environment("prod", None, account._clients))
    assert (found["alerts"].passed, told in found["alerts"].text) == (passed, True)
    assert ("alerts.emails" in (found["alerts"].remedy or "")) == (passed is None)


@pytest.mark.parametrize(
    ("schedules", "passed", "told"),
    [
        ([{"groups": ["sales"]}, {"mode": "reconcile"}], None, "group others has no incremental"),
        ([{"mode": "full", "groups": ["sales"]}], None, "groups sales, others have no incremental"),
        ([{"groups": ["sales"], "mode": "incremental"}, {}], True, "each group's changes"),
        ([], True, "has none: runs are started by hand"),
    ],
)
def test_a_group_that_no_schedule_reads_is_worth_saying(look, project, schedules, passed, told):
    config = json.loads((project / "config" / "dev.json").read_text())
    (project / "config" / "dev.json").write_text(json.dumps(config | {"schedules": schedules}))
    objects = {"groups": {"sales": {"include": ["Account"]}, "others": {"include": ["Lead"]}}}
    (project / "config" / "salesforce_objects.json").write_text(json.dumps(objects))
    found = look()["schedules"]
    assert (found.passed, told in found.text) == (passed, True), found.text
    assert ("config/dev.json" in (found.remedy or "")) == (passed is None)


@pytest.mark.parametrize("skip", [(), ("vpc",)])
def test_the_vpc_that_the_config_names_is_looked_at(look, project, monkeypatch, skip):
    asked = []
    monkeypatch.setattr(
        network, "vpc", lambda _, wanted, *, workers: asked.append((wanted, workers)) or "open"
    )
    config = json.loads((project / "config" / "dev.json").read_text())
    (project / "config" / "dev.json").write_text(json.dumps(config | {"vpc": {"id": "vpc-1"}}))
    found = look(skip=skip)
    # Two workers of the one group, and three for each of dbt's two threads.
    assert asked == ([] if skip else [({"id": "vpc-1"}, 8)])
    assert ("VPC" in found) == (not skip)


def test_another_cdk_cli(look):
    found = look(cdk_version="3.0.0")
    assert found["CDK CLI"].passed is False
    assert "lakehouse setup" in (found["CDK CLI"].remedy or "")


def test_a_template_that_cannot_be_made_ends_it(look, monkeypatch):
    def broken(*_, report):
        raise DeployError("cdk synth failed: config/dev.json: prefix: got 7")

    monkeypatch.setattr(synthesis, "synthesize", broken)
    found = look(bootstrap_asked=False)
    assert list(found)[-1] == "synthesis"
    assert "prefix: got 7" in found["synthesis"].text


def test_what_is_to_be_left_out(look):
    found = look(skip=("quotas", "lake-formation"))
    assert list(found)[-1] == "schedules"


def test_the_gate_of_a_lake_that_is_not_there_says_in_which_order_to_go(
    look, project, stub, monkeypatch
):
    shipped = Path(preflight.__file__).parents[3] / "config"
    for name in ("comparison.json", "cutover_checklist.json"):
        (project / "config" / name).write_text((shipped / name).read_text())
    stub("cloudformation").add_client_error(
        "describe_stacks", "ValidationError", "Stack with id LakehouseDev does not exist"
    )
    found = look(gate=True)
    assert list(found).index("gate") == list(found).index("stack") + 1
    assert found["gate"].passed is False
    assert "stack LakehouseDev is not deployed" in found["gate"].text
    assert "deploy without --gate first" in (found["gate"].remedy or "")
    assert found["quotas"].passed  # the other checks are made all the same
