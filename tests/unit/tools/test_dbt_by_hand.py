"""What `lakehouse dbt env` prints, taken by a real shell."""

import os
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from lakehouse_jobs.build.sessions import stop_sessions
from lakehouse_local.home import Home
from lakehouse_tools import dbt_by_hand
from lakehouse_tools.cli import cli
from lakehouse_tools.environment import Environment
from lakehouse_tools.errors import MachineError, NotDeployedError
from lakehouse_tools.stack import OUTPUTS

ROOT = Path(__file__).parents[3]
VARIABLES = {
    "LAKE_BUCKET": "lake",
    "MARTS_DATABASE": 'it\'s a "mart"; $(exit 3) `exit 3`\nof two lines',
    "DBT_SESSION_PREFIX": "lakehouse-dev-dbt",
    "LAKEHOUSE_SELECT": "tag:core",  # of the program around dbt
    "LD_PRELOAD": "somebody.so",
}


@pytest.fixture
def project(stub):
    """The build's CodeBuild project, as deployed."""

    def answer(found):
        of_build = {"type": "LINUX_CONTAINER", "image": "i", "computeType": "BUILD_GENERAL1_SMALL"}
        of_build["environmentVariables"] = [{"name": k, "value": v} for k, v in VARIABLES.items()]
        projects = [{"environment": of_build}] if found else []
        stub("codebuild").add_response(
            "batch_get_projects", {"projects": projects}, {"names": ["dbt"]}
        )

    return answer


@pytest.fixture
def local(tmp_path) -> Environment:
    return Environment("local", Home(root=tmp_path, port=5791))


def evaluated(lines, *names, **environ):
    """What a shell has of these variables after it took the lines; None: not set."""
    shown = "; ".join(f'printf "%s\\0%s\\0" "${{{name}-}}" "${{{name}+set}}"' for name in names)
    done = subprocess.run(
        ["sh", "-euc", f'eval "$1"; {shown}', "sh", lines],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    told = done.stdout.split("\0")
    return [value if there else None for value, there in zip(told[::2], told[1::2], strict=False)]


def test_a_shell_takes_the_settings_of_the_build_as_they_are(
    account, stack, project, monkeypatch, tmp_path
):
    project(found=True)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_PROFILE", "acme-dev")
    monkeypatch.setattr(Environment, "region_variables", lambda _: {"AWS_REGION": "eu-west-1"})
    monkeypatch.setenv("DBT_SESSION_CONNECTIONS", "of-another-environment")
    bin = tmp_path / "it's here" / "bin"

    change = dbt_by_hand.change(account, dbt_by_hand.settings(account, stack))
    lines = change.as_shell(path=bin)

    names = ("LAKE_BUCKET", "MARTS_DATABASE", "AWS_REGION", "PATH", "AWS_PROFILE")
    assert evaluated(lines, *names, PATH="/usr/bin:/bin", AWS_PROFILE="acme-dev") == [
        "lake", VARIABLES["MARTS_DATABASE"], "eu-west-1", f"{bin}:/usr/bin:/bin", "acme-dev",
    ]  # fmt: skip
    gone = ("DBT_SESSION_CONNECTIONS", "LAKEHOUSE_SELECT", "LD_PRELOAD")
    assert evaluated(lines, *gone, PATH="/bin", DBT_SESSION_CONNECTIONS="other") == [None] * 3
    assert "AWS_ACCESS_KEY_ID" not in lines


def test_on_the_local_aws_nothing_of_the_users_account_is_left(local, monkeypatch):
    theirs = {
        "AWS_PROFILE": "nobody",
        "AWS_SESSION_TOKEN": "real",
        "AWS_ACCESS_KEY_ID": "AKIAREAL",
        "AWS_ENDPOINT_URL_GLUE": "https://elsewhere.example",
        "no_proxy": "intranet.example",
    }
    for name, value in theirs.items():
        monkeypatch.setenv(name, value)

    change = dbt_by_hand.change(local, {"LAKE_BUCKET": "lake"})

    names = [*theirs, "NO_PROXY", "AWS_ENDPOINT_URL", "LAKE_BUCKET"]
    after = [
        *(None, None, "test", None, "intranet.example,127.0.0.1"),
        *("intranet.example,127.0.0.1", "http://127.0.0.1:5791", "lake"),
    ]
    lines = change.as_shell(path=local.home.build_bin)
    assert evaluated(lines, *names, **theirs, PATH="/bin") == after
    applied = change.applied(os.environ)
    assert [applied.get(name) for name in names] == after


def test_a_build_of_the_pipeline_stops_no_session_by_hand(account, stack, project):
    project(found=True)
    prefix = dbt_by_hand.settings(account, stack)["DBT_SESSION_PREFIX"]
    ids = [f"{each}__role__1" for each in (prefix, VARIABLES["DBT_SESSION_PREFIX"])]

    class Glue:
        def list_sessions(self):
            return {"Sessions": [{"Id": id, "Status": "READY"} for id in ids]}

        def stop_session(self, **_): ...

    assert stop_sessions(VARIABLES["DBT_SESSION_PREFIX"], client=Glue()) == ids[1:]
    assert prefix.startswith(VARIABLES["DBT_SESSION_PREFIX"])  # what the build's rights name


def test_a_project_that_is_gone_is_told_with_what_to_do(account, stack, project):
    project(found=False)
    words = "no CodeBuild project dbt, which stack LakehouseDev names: .*`lakehouse up --env dev`"
    with pytest.raises(NotDeployedError, match=words):
        dbt_by_hand.settings(account, stack)


def test_sources_without_a_raw_table_are_named_as_dbt_leaves_them_out():
    declared = {"account", "lead", "case"}
    assert dbt_by_hand.tables_to_leave_out(declared, raw=[*declared, "_runs"]) == ""
    assert dbt_by_hand.tables_to_leave_out(declared, raw=["account"]) == (
        "--exclude source:salesforce.case+ source:salesforce.lead+"
    )


def test_no_other_program_of_dbts_comes_before_the_shells(account, monkeypatch, tmp_path):
    monkeypatch.setenv("LAKEHOUSE_HOME", str(tmp_path))
    there = Home.from_environment().build_bin
    there.mkdir(parents=True)
    for name in ("dbt", "python"):
        (there / name).write_text("#!/bin/sh\necho " + name)
        (there / name).chmod(0o755)

    for _ in range(2):  # the second time it is there
        program = dbt_by_hand.program(account)
        assert [each.name for each in program.parent.iterdir()] == ["dbt"]
        assert subprocess.check_output([program], text=True) == "dbt\n"

    there.rename(there.with_name("elsewhere"))
    with pytest.raises(MachineError, match="`lakehouse setup` brings it"):
        dbt_by_hand.program(account)


def test_what_the_shell_takes_is_apart_from_what_a_person_reads(
    account, stub, project, monkeypatch, tmp_path
):
    monkeypatch.setenv("LAKEHOUSE_HOME", str(tmp_path))
    program = Home.from_environment().build_bin / "dbt"
    program.parent.mkdir(parents=True)
    program.touch()
    monkeypatch.setattr(Environment, "named", lambda _: account)
    monkeypatch.setattr(Environment, "region_variables", lambda _: {})
    told = {output: output for output in OUTPUTS.values()} | {"DbtProjectName": "dbt"}
    deployed = {
        "StackName": "LakehouseDev",
        "CreationTime": "2026-01-01T00:00:00Z",
        "StackStatus": "CREATE_COMPLETE",
        "Outputs": [{"OutputKey": k, "OutputValue": v} for k, v in told.items()],
    }
    stub("cloudformation").add_response("describe_stacks", {"Stacks": [deployed]})
    project(found=True)
    raw = {"TableList": [{"Name": "account"}]}
    stub("glue").add_response("get_tables", raw, {"DatabaseName": "RawDatabase"})

    result = CliRunner().invoke(
        cli, ["dbt", "env", "--env", "dev", "--project", str(ROOT / "dbt_project")]
    )

    assert result.exit_code == 0, result.stderr
    assert evaluated(result.stdout, "LAKE_BUCKET", PATH="/bin") == ["lake"]
    assert result.stderr.startswith("raw lacks tables; dbt can build the rest: dbt build --exclude")
    assert " source:salesforce.lead+ " in result.stderr
    assert "salesforce.account+" not in result.stderr


def test_without_dbt_the_command_says_how_to_get_it_and_the_shell_stops(monkeypatch, tmp_path):
    monkeypatch.setenv("LAKEHOUSE_HOME", str(tmp_path))
    result = CliRunner().invoke(cli, ["dbt", "env", "--env", "dev"])
    assert result.exit_code == 1
    assert result.stderr.startswith("lakehouse: dbt is not in ")
    assert result.stderr.endswith(": `lakehouse setup` brings it\n")
    # Otherwise `eval "$(lakehouse dbt env)" && dbt build` would go on.
    with pytest.raises(subprocess.CalledProcessError):
        evaluated(result.stdout, "LAKE_BUCKET", PATH="/bin")
