"""Roles that ``readers`` names may query the marts, and nothing else of the lake."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.synth.conftest import Synthesize

ROLE = "arn:aws:iam::999999999999:role/team/analysts"


@pytest.fixture
def project(tmp_path: Path, checkout: Path) -> Path:
    """A checkout whose config/prod.json names an account, and a role that reads."""
    copy = Path(shutil.copytree(checkout, tmp_path / "checkout"))
    config = copy / "config" / "prod.json"
    values = {"account": "999999999999", "region": "eu-central-1", "readers": [ROLE]}
    config.write_text(json.dumps(json.loads(config.read_text()) | values))
    return copy


@pytest.fixture
def policies(tmp_path: Path, project: Path, synthesize: Synthesize, request: Any) -> list[Any]:
    """The statements of each policy that is given to the role by name."""
    context = json.dumps(getattr(request, "param", {}))
    done = synthesize(tmp_path / "out", checkout=project, CDK_CONTEXT_JSON=context)
    # cdk-nag's rules are part of the synthesis.
    assert (done.returncode, done.stderr) == (0, "")
    template = json.loads((tmp_path / "out" / "LakehouseProd.template.json").read_text())
    return [
        resource["Properties"]["PolicyDocument"]["Statement"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::IAM::Policy"
        and resource["Properties"]["Roles"] == ["analysts"]
    ]


def test_a_reader_queries_the_marts_alone(policies: list[Any]) -> None:
    (statements,) = policies
    text = json.dumps(statements)

    assert "athena:StartQueryExecution" in text
    assert "table/lakehouse_prod_marts/*" in text
    for hidden in ("lakehouse_prod_raw", "lakehouse_prod_staging", "lakehouse_prod_intermediate"):
        assert hidden not in text
    written = [
        s
        for s in statements
        if "s3:PutObject" in s["Action"] and "athena/lakehouse-prod/" not in json.dumps(s)
    ]
    assert written == []


@pytest.mark.parametrize("policies", [{"lakehouse:any-account": "true"}], indirect=True)
def test_another_account_has_no_such_role(policies: list[Any]) -> None:
    assert policies == []
