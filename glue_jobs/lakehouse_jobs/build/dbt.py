"""dbt in this process: read the project once, then build with what was learned from it."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from lakehouse_jobs.build.catalog import Columns
from lakehouse_jobs.build.erased import Model
from lakehouse_jobs.build.errors import DbtError
from lakehouse_jobs.build.results import first_line
from lakehouse_jobs.build.selection import Source

RUN_RESULTS = Path("target") / "run_results.json"


class Project:
    """The dbt project in a folder, read. dbt prints each node's result as it finishes."""

    def __init__(self, folder: Path) -> None:
        """Read the project. Raises :class:`DbtError`."""
        from dbt.cli.main import dbtRunner  # type: ignore[import-not-found]

        self._folder = folder
        self._arguments = ["--project-dir", str(folder), "--profiles-dir", str(folder)]
        answer = dbtRunner().invoke(["--quiet", "parse", *self._arguments])
        if not answer.success:
            raise DbtError(f"dbt cannot read the project in {folder}: {answer.exception}")
        self._manifest = answer.result

    @property
    def sources(self) -> list[Source]:
        """The source tables that the project declares."""
        return [
            Source(
                source=node.source_name,
                table=node.identifier,
                fresh_for=_warn_after(node.freshness),
            )
            for node in self._manifest.sources.values()
        ]

    @property
    def models(self) -> list[Model]:
        """The models that have a table of their own."""
        return [
            Model(
                name=node.name,
                database=node.schema,
                table=node.alias,
                sources=tuple(self._sources_of(node)),
            )
            for node in self._manifest.nodes.values()
            if node.resource_type == "model" and node.config.materialized != "ephemeral"
        ]

    def _sources_of(self, node: Any) -> list[str]:
        """The raw tables that a node stands on, through whatever models."""
        found: dict[str, None] = {}
        for each in node.depends_on_nodes:
            if each in self._manifest.sources:
                found[self._manifest.sources[each].identifier] = None
            elif each in self._manifest.nodes:
                found |= dict.fromkeys(self._sources_of(self._manifest.nodes[each]))
        return list(found)

    def build(
        self,
        *,
        select: Sequence[str],
        leave_out: Sequence[Source],
        known_columns: Mapping[str, Columns],
        raw_batches: Mapping[str, int],
        raw_watermarks: Mapping[str, datetime],
        tested_batches: Mapping[str, int],
        full_refresh: bool,
        data_tests: bool = True,
    ) -> tuple[bool, list[dict[str, Any]]]:
        """Run models, seeds and data tests: whether all went well, and each node's result.

        ``known_columns`` (see the macro ``columns_of``) spares a statement per table.
        Of a raw table in ``raw_batches`` nothing newer is read (see ``newer_batches``), and
        one in ``raw_watermarks`` is known up to there, UTC (see ``known_until``); what came
        of one in ``tested_batches`` is tested up to there (see ``untested_since``).
        Raises :class:`DbtError` where dbt broke off before its first node.
        """
        from dbt.cli.main import dbtRunner  # type: ignore[import-not-found]

        results = self._folder / RUN_RESULTS
        results.unlink(missing_ok=True)
        arguments = [
            "build",
            *self._arguments,
            "--exclude-resource-type",
            "unit_test",
            "--vars",
            json.dumps(
                {
                    "known_columns": known_columns,
                    "raw_batches": raw_batches,
                    "raw_watermarks": {
                        table: moment.isoformat() for table, moment in raw_watermarks.items()
                    },
                    "tested_batches": tested_batches,
                }
            ),
        ]
        if not data_tests:
            arguments += ["--exclude-resource-type", "test"]
        if full_refresh:
            arguments.append("--full-refresh")
        if select:
            # A test that also reads a model which is left out would find no table.
            arguments += ["--select", *select, "--indirect-selection", "cautious"]
        if leave_out:
            arguments += ["--exclude", *(source.selector for source in leave_out)]
        answer = dbtRunner(manifest=self._manifest).invoke(arguments)
        if not results.is_file():
            raise DbtError(f"dbt broke off: {answer.exception or 'it left no results'}")
        return answer.success, json.loads(results.read_text(encoding="utf-8"))["results"]

    def has_macro(self, name: str) -> bool:
        """Whether the project, or what it is made of, has such a macro."""
        return any(macro.name == name for macro in self._manifest.macros.values())

    def operate(self, macro: str, arguments: Mapping[str, Any]) -> list[str]:
        """Run a macro by itself; its warnings and, where it broke off, why, a sentence each."""
        from dbt.cli.main import dbtRunner  # type: ignore[import-not-found]

        said: list[str] = []

        def listen(event: Any) -> None:
            if event.info.name == "JinjaLogWarning":
                said.append(event.data.msg)

        answer = dbtRunner(manifest=self._manifest, callbacks=[listen]).invoke(
            ["run-operation", macro, *self._arguments, "--args", json.dumps(arguments)]
        )
        if not answer.success:
            results = getattr(answer.result, "results", None) or [None]
            why = answer.exception or getattr(results[0], "message", None) or "dbt does not say why"
            said.append(f"{macro} broke off: {first_line(str(why))}")
        return said


def _warn_after(freshness: Any) -> timedelta | None:
    limit = freshness.warn_after if freshness else None
    if limit is None or not limit.count or not limit.period:
        return None
    unit = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
    return limit.count * unit[str(limit.period.value)]
