import sys

import pytest

from lakehouse_tools.deploy import cdk
from lakehouse_tools.errors import DeployError, MachineError

TRACEBACK = """\
Traceback (most recent call last):
  File "app.py", line 45, in main
lakehouse_jobs.contract.errors.ConfigError: config/dev.json: prefix: got 7; allowed: a string
python app.py: Subprocess exited with error 1
"""


def run(tmp_path, program, report=lambda _: None):
    cdk.run_logged(
        [sys.executable, "-c", program],
        what="cdk deploy LakehouseDev",
        cwd=tmp_path,
        env={},
        log=tmp_path / "logs" / "cdk-deploy.log",
        report=report,
    )


def test_output_goes_into_the_log_and_each_line_is_reported(tmp_path):
    seen: list[str] = []
    run(tmp_path, "print('\\x1b[32mone\\x1b[0m'); print(); print('two')", seen.append)
    assert seen == ["one", "two"]
    assert "two" in (tmp_path / "logs" / "cdk-deploy.log").read_text()


def test_a_failure_is_the_line_that_says_why(tmp_path):
    with pytest.raises(DeployError) as caught:
        run(tmp_path, f"print({TRACEBACK!r}); raise SystemExit(1)")
    assert str(caught.value) == (
        "cdk deploy LakehouseDev failed with exit status 1:"
        " config/dev.json: prefix: got 7; allowed: a string"
        f" (all of it: {tmp_path}/logs/cdk-deploy.log)"
    )


def test_a_failure_of_the_app_is_its_last_line(tmp_path):
    said = "config/dev.json: prefix: got 7; allowed: a string"
    program = f"print({said!r}); print('python app.py: Subprocess exited with error 1')"
    with pytest.raises(DeployError) as caught:
        run(tmp_path, f"print('[WARNING] old'); {program}; raise SystemExit(1)")
    assert f"exit status 1: {said} (all of it: " in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_failure_that_says_nothing_clear_shows_its_last_lines(tmp_path):
    with pytest.raises(DeployError, match=r"last lines:\n  line 8\n(.*\n)*  line 19"):
        run(tmp_path, "[print('line', n) for n in range(20)]; raise SystemExit(3)")


def test_an_interrupted_cli_does_not_go_on(tmp_path):
    def stop(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, "import time; print('up', flush=True); time.sleep(60)", stop)


def test_none_of_the_users_aws_settings_reach_the_local_deployment(tmp_path):
    env = cdk.child_environment(
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:5791"},
        cache=tmp_path,
        drop_aws=True,
        environ={"AWS_PROFILE": "real", "PATH": "/bin", "NO_PROXY": "corp", "HOME": "/h"},
    )
    assert [k for k in env if k.startswith("AWS_")] == ["AWS_ENDPOINT_URL"]
    assert env["NO_PROXY"] == "corp,127.0.0.1"
    assert env["HOME"] == "/h"
    assert env["PATH"].split(":")[-1] == "/bin"


def test_a_missing_cli_says_how_to_get_it(tmp_path):
    with pytest.raises(MachineError, match="`lakehouse setup`"):
        cdk.command(tmp_path)
