"""dbt's own documentation site as one file, made without AWS and without a session.

dbt-glue would fill the catalog of columns with one statement a table in a Glue session, and
only of one database; contracts and the generated yml say the types already, so the catalog is
written here from what dbt read. The Code tab shows the model as written: compiling it would
ask the catalog which columns are there.
"""

import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from lakehouse_jobs.contract.arguments import BuildVariable
from lakehouse_tools.errors import MachineError, ModelsError

# Each environment has names of its own; the page names the layers.
_VARIABLES: Final = {
    BuildVariable.LAKE_BUCKET: "lake",
    BuildVariable.RAW_DATABASE: "raw",
    BuildVariable.STAGING_DATABASE: "staging",
    BuildVariable.INTERMEDIATE_DATABASE: "intermediate",
    BuildVariable.MARTS_DATABASE: "marts",
    BuildVariable.SESSION_ROLE_ARN: "none",
}
# Where dbt's page takes what `dbt docs generate --static` puts in.
_PLACES: Final = {
    "manifest": '"MANIFEST.JSON INLINE DATA"',
    "catalog": '"CATALOG.JSON INLINE DATA"',
}
_CATALOG: Final = "AwsDataCatalog"  # Athena's name of what dbt-glue has no database for
_SECONDS: Final = 900


def make(project: Path, *, dbt: Path) -> str:
    """The page of the dbt project in a folder; ``dbt`` is the program.

    Raises MachineError where dbt is missing, ModelsError where it cannot read the project.
    """
    if not (project / "dbt_project.yml").is_file():
        raise ModelsError(f"docs: no dbt_project.yml in {project}: name the folder with --project")
    if not dbt.is_file():
        raise MachineError(f"docs: dbt is not in {dbt.parent}: `lakehouse setup` brings it")
    with tempfile.TemporaryDirectory(prefix="lakehouse-docs-") as folder:
        target = Path(folder) / "target"
        _generate(project, dbt, target)
        page = (target / "index.html").read_text(encoding="utf-8")
        manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    for node in (*manifest["nodes"].values(), *manifest["sources"].values()):
        node.pop("root_path", None)  # of seeds: a folder of this machine
        node["database"] = _CATALOG
    for name, data in (("manifest", manifest), ("catalog", catalog(manifest))):
        # Within a script element: no text of a description may end it.
        page = page.replace(_PLACES[name], json.dumps(data).replace("<", "\\u003c"))
    return page


def catalog(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What dbt's catalog would say of columns, from the types that the project declares."""
    return {
        "metadata": {},
        "nodes": {
            key: _table(node)
            for key, node in manifest["nodes"].items()
            if node["resource_type"] in ("model", "seed")
        },
        "sources": {key: _table(node) for key, node in manifest["sources"].items()},
        "errors": None,
    }


def _table(node: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "unique_id": node["unique_id"],
        "metadata": {
            "type": node.get("config", {}).get("materialized", "table"),
            "database": _CATALOG,
            "schema": node["schema"],
            "name": node["name"],
            "owner": None,
            "comment": None,
        },
        "columns": {
            name: {"name": name, "index": index, "type": column.get("data_type"), "comment": None}
            for index, (name, column) in enumerate(node["columns"].items(), start=1)
        },
        "stats": {},
    }


def _generate(project: Path, dbt: Path, target: Path) -> None:
    """Leave manifest.json and dbt's empty page in ``target``; nothing is asked of AWS."""
    places = ("--project-dir", str(project), "--profiles-dir", str(project))
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "DBT_"))}
    own = {"DBT_TARGET_PATH": str(target), "DBT_LOG_PATH": str(target.parent / "logs")}
    try:
        done = subprocess.run(
            # Nothing is selected, so nothing is compiled; that alone makes dbt write the manifest.
            [
                str(dbt),
                "--quiet",
                "docs",
                "generate",
                "--empty-catalog",
                "--select",
                "tag:none",
                *places,
            ],
            env=kept | _VARIABLES | own | {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
            cwd=target.parent,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ModelsError(
            f"docs: dbt did not read {project} within {_SECONDS} seconds: try `dbt parse` there"
        ) from None
    if done.returncode != 0:
        said = " ".join(done.stdout.split())[-300:]
        raise ModelsError(
            f"docs: dbt cannot read {project} ({said}): correct the file that it names"
        )
