"""What README says a run costs is what the program prints for the shipped configuration."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_readme_quotes_what_the_program_prints(environment: str) -> None:
    printed = _printed("--env", environment)
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())

    assert f"US$ {_figure(printed, 'one execution')} per run of both groups" in readme
    assert f"{_figure(printed, 'at rest, a month')} a month at rest" in readme
    hourly = round(float(_figure(printed, "hourly, a month")))
    assert f"{hourly} a month at an hourly schedule" in readme
    scheduled = round(float(_figure(printed, "as scheduled")))
    assert f"{scheduled} a month as `{environment}` is scheduled" in readme


@pytest.mark.parametrize("table", ["--by-objects", "--by-models"])
def test_the_page_of_figures_has_the_tables_that_the_program_prints(table: str) -> None:
    page = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    rows = [line for line in _printed(table).splitlines() if line.startswith("|")]

    assert rows
    assert [row for row in rows if row not in page.splitlines()] == []


def _printed(*arguments: str) -> str:
    program = ROOT / "benchmarks" / "cost_of_a_run.py"
    done = subprocess.run(
        [sys.executable, program, *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout


def _figure(printed: str, line: str) -> str:
    found = re.search(rf"^{line} +([\d.]+)", printed, re.MULTILINE)
    assert found, line
    return found[1]
