"""What people read when ``app.py`` cannot make a template: one line, exit status 1."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def broken(tmp_path: Path, checkout: Path) -> Path:
    """A copy of the checkout that a test may break."""
    return Path(shutil.copytree(checkout, tmp_path / "checkout"))


def _one_line(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 1, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    (line,) = result.stderr.splitlines()
    return line


def test_an_unknown_key(tmp_path: Path, broken: Path, synthesize) -> None:
    config = broken / "config" / "dev.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "prefx": "x"}))

    line = _one_line(synthesize(tmp_path / "out", checkout=broken))

    assert line.startswith(f"{config}: prefx: got 'x'; allowed: one of the keys ")


def test_an_object_in_two_groups(tmp_path: Path, broken: Path, synthesize) -> None:
    config = broken / "config" / "salesforce_objects.json"
    objects = json.loads(config.read_text())
    objects["groups"]["engagement"]["include"].append("account")
    config.write_text(json.dumps(objects))

    line = _one_line(synthesize(tmp_path / "out", checkout=broken))

    assert "engagement.include: got 'account'" in line
    assert "sales has it too" in line


def test_no_network_for_the_first_wheels(tmp_path: Path, checkout: Path, synthesize) -> None:
    home = tmp_path / "home"
    home.mkdir()

    line = _one_line(
        synthesize(
            tmp_path / "out",
            checkout=checkout,
            home=home,
            PIP_INDEX_URL="http://127.0.0.1:9/simple",
            PIP_RETRIES="0",
            PIP_CONFIG_FILE="/dev/null",
        )
    )

    assert line.startswith("cannot fetch the wheels of glue_wheels.lock: ")
    assert "check the network" in line


def test_a_missing_dbt_project(tmp_path: Path, broken: Path, synthesize) -> None:
    shutil.rmtree(broken / "dbt_project")

    line = _one_line(synthesize(tmp_path / "out", checkout=broken))

    assert str(broken / "dbt_project") in line


def test_a_template_that_breaks_a_rule(tmp_path: Path, broken: Path, synthesize) -> None:
    source = broken / "constructs" / "lakehouse_constructs" / "_lake_key.py"
    text = source.read_text()
    assert "enable_key_rotation=True" in text
    source.write_text(text.replace("enable_key_rotation=True", "enable_key_rotation=False"))

    result = synthesize(tmp_path / "out", checkout=broken)

    assert result.returncode == 1
    assert "AwsSolutions-KMS5" in result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    # The rules are told by the Node process, in parallel: before this line or after it.
    told = [line for line in result.stderr.splitlines() if line.startswith("the template breaks")]
    assert told == ["the template breaks rules, each listed with its construct: nothing to deploy"]


def test_python_without_the_packages(tmp_path: Path, checkout: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-S", "app.py"], cwd=checkout, capture_output=True, text=True, check=False
    )

    line = _one_line(result)
    assert sys.executable in line
    assert "requirements.txt" in line
