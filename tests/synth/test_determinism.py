"""Two syntheses of one commit give identical templates and asset hashes."""

import json
import os
import shutil
from pathlib import Path

STACKS = ("LakehouseDev", "LakehouseProd")


def test_another_folder_time_and_left_over_files_change_nothing(
    tmp_path: Path, assembly: Path, checkout: Path, synthesize
) -> None:
    littered = Path(shutil.copytree(checkout, tmp_path / "elsewhere"))
    _litter(littered)
    again = tmp_path / "cdk.out"

    # Writes bytecode, too, into the folders that travel.
    result = synthesize(again, checkout=littered)

    assert result.returncode == 0, result.stdout + result.stderr
    assert list((littered / "glue_jobs").rglob("__pycache__"))
    for stack in STACKS:
        for kind in ("template", "assets"):
            name = f"{stack}.{kind}.json"
            assert (again / name).read_bytes() == (assembly / name).read_bytes(), name
    for asset in assembly.glob("asset.*"):
        assert (again / asset.name).read_bytes() == asset.read_bytes(), asset.name


def test_a_changed_job_changes_its_asset_and_nothing_else(
    tmp_path: Path, assembly: Path, checkout: Path, synthesize
) -> None:
    edited = Path(shutil.copytree(checkout, tmp_path / "edited"))
    (edited / "glue_jobs" / "lakehouse_jobs" / "__init__.py").write_text("# changed\n")
    changed = tmp_path / "cdk.out"
    assert synthesize(changed, checkout=edited).returncode == 0

    def assets(folder: Path) -> set[str]:
        return set(json.loads((folder / "LakehouseDev.assets.json").read_text())["files"])

    # The jobs and the template that names them.
    assert len(assets(assembly) - assets(changed)) == 2


def _litter(checkout: Path) -> None:
    for path in checkout.rglob("*.py"):
        os.utime(path, (0, 1_000_000_000))
    for name in ("glue_jobs/lakehouse_jobs/__pycache__/x.pyc", "dbt_project/target/manifest.json"):
        path = checkout / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("left over")
