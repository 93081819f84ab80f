"""The contract imports without the packages of jobs, tools or CDK."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEAVY = ("aws_cdk", "boto3", "botocore", "jsii", "pyarrow", "pyiceberg", "requests", "rich")


def test_importing_the_contract_loads_no_heavy_package() -> None:
    modules = [
        f"lakehouse_jobs.contract.{p.stem}"
        for p in (ROOT / "glue_jobs/lakehouse_jobs/contract").glob("[!_]*.py")
    ]
    program = f"import sys, {', '.join(modules)}; print(*(set({HEAVY!r}) & set(sys.modules)))"
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.split()
    assert loaded == []
