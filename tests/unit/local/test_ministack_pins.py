"""An upgrade of ministack that moves what an adapter replaces stops the server, by name."""

import subprocess
import sys

import pytest

PROGRAM = """
import importlib, sys
module, function, adapter = sys.argv[1:]
module = importlib.import_module(module)
delattr(module, function)
from lakehouse_local.local_aws.patching import MinistackChangedError
from lakehouse_local.home import Home
from pathlib import Path
class Context:
    home = Home(root=Path("nowhere"), port=1)
    endpoint = "http://127.0.0.1:1"
try:
    importlib.import_module("lakehouse_local.local_aws." + adapter).install(Context())
except MinistackChangedError as error:
    print(error)
"""
SERVICES = "ministack.services"
CLOUDFORMATION = f"{SERVICES}.cloudformation.provisioners"


@pytest.mark.parametrize(
    ("module", "function", "adapter"),
    [
        (f"{SERVICES}.stepfunctions", "_run_execution", "step_functions"),
        (f"{SERVICES}.stepfunctions", "_invoke_resource", "step_functions"),
        (f"{SERVICES}.athena", "_execute_query", "athena"),
        (f"{SERVICES}.s3", "_resolve_sse_write_headers", "s3_encryption"),
        (f"{SERVICES}.glue", "_create_table", "glue_catalog"),
        (CLOUDFORMATION, "_sm_secret_create", "secrets"),
        (f"{SERVICES}.cloudformation.changesets", "_import_changes", "cloudformation_imports"),
        (CLOUDFORMATION, "_s3_apply_configurations", "cloudformation"),
    ],
)
def test_what_is_gone_is_named(tmp_path, module: str, function: str, adapter: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, module, function, adapter],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"{module}.{function}(" in done.stdout
    assert "1.5.33" in done.stdout
