"""What stands on a raw table, as the build after an erasure reads it from the real project."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = """
import json
from pathlib import Path
from lakehouse_jobs.build.dbt import Project
print(json.dumps({m.name: [m.database, *m.sources] for m in Project(Path.cwd()).models}))
"""


def test_models_and_what_they_stand_on(
    dbt: Callable[..., subprocess.CompletedProcess[str]], project: Path
) -> None:
    done = dbt("python", "-c", PROGRAM, folder=project, env={"PYTHONPATH": str(ROOT / "glue_jobs")})
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])

    assert found["dim_contact"] == ["t_marts", "contact"]
    assert found["stg_salesforce__contacts"] == ["t_staging", "contact"]
    # Through models, ephemeral ones too, and beside seeds.
    assert "user" in found["rpt_owner_performance"]
    assert "base_salesforce__contacts" not in found
    on_account = {name for name, (_, *sources) in found.items() if "account" in sources}
    assert {"stg_salesforce__accounts", "int_accounts_climbed", "dim_account"} <= on_account
    assert "dim_user" not in on_account
