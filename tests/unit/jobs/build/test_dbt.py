import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from lakehouse_jobs.build.dbt import RUN_RESULTS, Project


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The arguments of each call to dbt, which is not installed here; it knows two sources."""
    told: list[list[str]] = []

    class Runner:
        def __init__(self, manifest: Any = None) -> None:
            pass

        def invoke(self, arguments: list[str]) -> SimpleNamespace:
            told.append(arguments)
            results = tmp_path / RUN_RESULTS
            results.parent.mkdir(exist_ok=True)
            results.write_text('{"results": []}')
            return SimpleNamespace(success=True, result=manifest(), exception=None)

    main = ModuleType("dbt.cli.main")
    main.__dict__["dbtRunner"] = Runner
    for name in ("dbt", "dbt.cli"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, "dbt.cli.main", main)
    return told


def manifest() -> SimpleNamespace:
    """As dbt has it: a source that declares when it is old, one that does not, one for errors."""

    def source(name: str, freshness: Any) -> SimpleNamespace:
        return SimpleNamespace(source_name="salesforce", identifier=name, freshness=freshness)

    hours = SimpleNamespace(count=25, period=SimpleNamespace(value="hour"))
    nothing = SimpleNamespace(count=None, period=None)
    sources = {
        "a": source("account", SimpleNamespace(warn_after=hours)),
        "b": source("case", None),
        "c": source("lead", SimpleNamespace(warn_after=nothing)),
    }
    return SimpleNamespace(sources=sources)


def test_a_source_says_how_old_it_may_be(calls: list[list[str]], tmp_path: Path) -> None:
    found = {source.table: source.fresh_for for source in Project(tmp_path).sources}

    assert found == {"account": timedelta(hours=25), "case": None, "lead": None}


@pytest.mark.parametrize("wanted", [True, False])
def test_a_build_takes_its_bounds_and_a_full_refresh_to_dbt(
    calls: list[list[str]], tmp_path: Path, wanted: bool
) -> None:
    Project(tmp_path).build(
        select=["tag:daily"] if wanted else [],
        leave_out=[],
        known_columns={"raw.account": {"id": "string"}},
        raw_batches={"account": 6},
        raw_watermarks={"account": datetime(2026, 1, 4, 3, tzinfo=UTC)},
        tested_batches={"account": 5},
        full_refresh=wanted,
    )

    build = calls[-1]
    assert ("--full-refresh" in build) == wanted
    assert ("--select" in build) == wanted
    if wanted:
        # Only tests that read nothing else.
        start = build.index("--select") + 1
        assert build[start : start + 3] == ["tag:daily", "--indirect-selection", "cautious"]
    assert json.loads(build[build.index("--vars") + 1]) == {
        "known_columns": {"raw.account": {"id": "string"}},
        "raw_batches": {"account": 6},
        "raw_watermarks": {"account": "2026-01-04T03:00:00+00:00"},
        "tested_batches": {"account": 5},
    }
