"""LakehouseDelivery is there once a repository is named, and passes the same checks."""

import json
import shutil
from pathlib import Path

from cfnlint import lint_file

from tests.synth.conftest import Synthesize


def test_a_repository_brings_the_stack(
    tmp_path: Path, checkout: Path, synthesize: Synthesize, assembly: Path
) -> None:
    assert not (assembly / "LakehouseDelivery.template.json").exists()
    project = tmp_path / "project"
    shutil.copytree(checkout, project)
    settings = project / "config" / "delivery.json"
    gate = {
        "database": "lakehouse_prod_raw",
        "bucket": "the-lake",
        "key": "arn:aws:kms:eu-central-1:123456789012:key/1234abcd",
    }
    shipped = json.loads(settings.read_text())
    settings.write_text(json.dumps({**shipped, "repository": "acme/lake", "gate": gate}))

    done = synthesize(tmp_path / "cdk.out", checkout=project)

    assert done.returncode == 0, done.stdout + done.stderr
    found = lint_file(tmp_path / "cdk.out" / "LakehouseDelivery.template.json")
    assert [str(match) for match in found] == []
    report = json.loads((tmp_path / "cdk.out" / "validation-report.json").read_text())
    assert [r["violations"] for r in report["pluginReports"]] == [[]]
    template = json.loads((tmp_path / "cdk.out" / "LakehouseDelivery.template.json").read_text())
    assert {name for name in template["Outputs"] if name.endswith("Arn")} == {
        "ReviewRoleArn",
        "DevRoleArn",
        "ProdRoleArn",
    }
