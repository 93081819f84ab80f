import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from lakehouse_jobs.build.dbt import RUN_RESULTS, Project


def operated(callbacks: Sequence[Any]) -> SimpleNamespace:
    """A macro that warns, speaks and breaks off, as dbt tells of it."""
    for name, text in (("JinjaLogWarning", "a: gone"), ("JinjaLogInfo", "b: 3 snapshots expired")):
        event = SimpleNamespace(info=SimpleNamespace(name=name), data=SimpleNamespace(msg=text))
        for callback in callbacks:
            callback(event)
    failed = SimpleNamespace(message="Database Error\n  no session\n  more")
    return SimpleNamespace(success=False, exception=None, result=SimpleNamespace(results=[failed]))


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The arguments of each call to dbt, which is not installed here; it knows two sources."""
    told: list[list[str]] = []

    class Runner:
        def __init__(self, manifest: Any = None, callbacks: Sequence[Any] = ()) -> None:
            self.callbacks = callbacks

        def invoke(self, arguments: list[str]) -> SimpleNamespace:
            told.append(arguments)
            if arguments[0] == "run-operation":
                return operated(self.callbacks)
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
    macros = {"macro.lakehouse.upkeep": SimpleNamespace(name="upkeep")}
    return SimpleNamespace(sources=sources, macros=macros)


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


def test_a_macro_is_run_and_its_warnings_are_told(calls: list[list[str]], tmp_path: Path) -> None:
    project = Project(tmp_path)

    assert project.has_macro("upkeep")
    assert not project.has_macro("other")
    assert project.operate("upkeep", {"minutes": 3}) == ["a: gone", "upkeep broke off: no session"]
    operation = calls[-1]
    assert operation[:2] == ["run-operation", "upkeep"]
    assert json.loads(operation[operation.index("--args") + 1]) == {"minutes": 3}
