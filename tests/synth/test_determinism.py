"""Two syntheses of one commit give identical assemblies, byte for byte."""

import json
import os
import shutil
import subprocess
from pathlib import Path

# Another day for Python and for Node, which are all that a synthesis runs.
_DAYS = 400
_PYTHON_CLOCK = f"""
import time
_time = time.time
time.time = lambda: _time() + {_DAYS} * 86400
"""
_NODE_CLOCK = f"""
const now = Date.now;
const Today = Date;
globalThis.Date = class extends Today {{
  constructor(...given) {{ given.length ? super(...given) : super(now() + {_DAYS} * 86400e3); }}
  static now() {{ return now() + {_DAYS} * 86400e3; }}
}};
"""


def test_another_folder_day_and_machine_change_nothing(
    tmp_path: Path, assembly: Path, checkout: Path, synthesize
) -> None:
    littered = Path(shutil.copytree(checkout, tmp_path / "elsewhere"))
    _litter(littered)
    clocks = _other_clocks(tmp_path)
    again = tmp_path / "cdk.out"

    before = os.umask(0o077)
    try:
        # Writes bytecode, too, into the folders that travel.
        result = synthesize(
            again,
            checkout=littered,
            paths=(clocks,),
            NODE_OPTIONS=f"--require {clocks / 'clock.js'}",
            TZ="Pacific/Kiritimati",
            LC_ALL="C",
            PYTHONHASHSEED="3",
            SOURCE_DATE_EPOCH="1000000000",
        )
    finally:
        os.umask(before)

    assert result.returncode == 0, result.stdout + result.stderr
    assert list((littered / "glue_jobs").rglob("__pycache__"))
    assert _contents(again) == _contents(assembly)


def test_the_installed_wheel_gives_what_the_checkout_gives(
    tmp_path: Path, assembly: Path, checkout: Path, synthesize, environment: Path
) -> None:
    # The app as another folder has it: without the packages that the wheel brings.
    app = Path(shutil.copytree(checkout, tmp_path / "app", ignore=_packages(checkout)))
    packages = environment.parents[1].glob("lib/python*/site-packages/lakehouse_*")
    subprocess.run([environment, "-m", "compileall", "-q", *packages], check=True)
    again = tmp_path / "cdk.out"

    result = synthesize(again, checkout=app, python=environment)

    assert result.returncode == 0, result.stdout + result.stderr
    assert not (app / "constructs").exists()
    assert _contents(again) == _contents(assembly)


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
    for path in checkout.rglob("*"):
        os.utime(path, (0, 1_000_000_000))
    for name in ("glue_jobs/lakehouse_jobs/__pycache__/x.pyc", "dbt_project/target/manifest.json"):
        path = checkout / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("left over")
    for path in (checkout / "dbt_project").rglob("*.sql"):
        path.chmod(0o755)


def _other_clocks(folder: Path) -> Path:
    """A folder that moves the clocks of Python and Node, each by its own way to load it."""
    clocks = folder / "clocks"
    clocks.mkdir()
    (clocks / "sitecustomize.py").write_text(_PYTHON_CLOCK)
    (clocks / "clock.js").write_text(_NODE_CLOCK)
    return clocks


def _packages(checkout: Path):
    """What ``copytree`` leaves out: the sources of what the wheel carries."""

    def ignored(folder: str, names: list[str]) -> set[str]:
        carried = {"constructs", "glue_jobs", "dbt_project"}
        return carried.intersection(names) if Path(folder) == checkout else set()

    return ignored


def _contents(assembly: Path) -> dict[str, bytes]:
    return {
        path.relative_to(assembly).as_posix(): path.read_bytes()
        for path in assembly.rglob("*")
        if path.is_file()
    }
