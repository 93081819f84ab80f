"""Where the stacks of an assembly go."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from lakehouse_tools.deploy import cdk
from tests.synth.conftest import Synthesize


@pytest.fixture
def placed(tmp_path: Path, checkout: Path) -> Path:
    """A checkout whose config/dev.json names an account and a region."""
    project = Path(shutil.copytree(checkout, tmp_path / "checkout"))
    config = project / "config" / "dev.json"
    place = {"account": "999999999999", "region": "eu-central-1"}
    config.write_text(json.dumps(json.loads(config.read_text()) | place))
    return project


@pytest.mark.parametrize(
    ("any_account", "place"),
    [(False, "aws://999999999999/eu-central-1"), (True, "aws://unknown-account/unknown-region")],
)
def test_the_account_of_the_config_unless_any_is_meant(
    tmp_path: Path, placed: Path, synthesize: Synthesize, any_account: bool, place: str
) -> None:
    # The CDK CLI hands on what is said with --context.
    arguments = cdk.app_arguments(any_account=any_account)
    said = arguments[arguments.index("--context") + 1] if any_account else ""
    context: dict[str, Any] = dict([said.split("=")]) if said else {}

    done = synthesize(tmp_path / "out", checkout=placed, CDK_CONTEXT_JSON=json.dumps(context))

    assert done.returncode == 0, done.stdout + done.stderr
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["artifacts"]["LakehouseDev"]["environment"] == place
