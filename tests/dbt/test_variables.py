"""What the project's variables take, by dbt's own parser: no connection is made."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess


def test_a_time_zone_that_there_is_not_is_refused_by_its_name(
    dbt: Callable[..., CompletedProcess[str]], project: Path
) -> None:
    wrong = ("--vars", '{"org_time_zone": "Los Angeles"}')

    done = dbt("dbt", "parse", "--no-partial-parse", *wrong, folder=project)

    assert done.returncode != 0
    assert 'org_time_zone in dbt_project.yml is "Los Angeles"; allowed: ' in done.stdout
    assert "America/Los_Angeles" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
