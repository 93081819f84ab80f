"""How the script that Glue starts begins."""

import gc
import importlib
import subprocess
import sys
from pathlib import Path

import lakehouse_jobs

# The file that the constructs upload, run as Glue runs it. What an import finds and what the
# run finds is told on standard output.
OBSERVED = """
import gc, runpy, sys

class Witness:
    def find_spec(self, name, path=None, target=None):
        if name in ("boto3", "pyarrow", "pyiceberg"):
            print(name, gc.isenabled())

sys.meta_path.insert(0, Witness())
script, *sys.argv[1:] = sys.argv[1:]
try:
    runpy.run_path(script, run_name="__main__")
except SystemExit as failed:
    print(failed)
print("run", gc.isenabled())
"""


def test_garbage_is_collected_in_the_run_and_not_in_its_imports():
    [root] = lakehouse_jobs.__path__
    script = Path(root) / "entry" / "salesforce_extractor.py"
    names = (
        "lake_bucket",
        "raw_database",
        "salesforce_secret_arn",
        "objects_config",
        "execution_name",
        "group",
    )
    arguments = [part for name in names for part in (f"--{name}", "nothing")]
    ended = subprocess.run(
        [sys.executable, "-c", OBSERVED, str(script), *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    *imports, refusal, after = ended.stdout.splitlines()
    assert sorted(imports) == ["boto3 False", "pyarrow False", "pyiceberg False"]
    assert "allowed: a secret's ARN" in refusal
    assert after == "run True"


def test_who_imports_the_script_keeps_the_collection():
    importlib.import_module("lakehouse_jobs.entry.salesforce_extractor")
    assert gc.isenabled()
