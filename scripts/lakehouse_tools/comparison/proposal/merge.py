"""A proposal beside what a person wrote: what is there stays, what is new is added."""

import copy
import json
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from sqlglot import exp

from lakehouse_jobs.contract.checked import Section
from lakehouse_tools.comparison.errors import ComparisonFailedError, before_comparing
from lakehouse_tools.comparison.proposal.tables import TableProposal
from lakehouse_tools.comparison.sql.values import parsed


def read_written(path: Path) -> dict[str, Any]:
    """The file as it stands, comments included; empty where there is none.

    Raises ComparisonFailedError for one that could not be added to without a loss.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        for name in names:
            if names.count(name) > 1:  # JSON's reader keeps the last of them alone
                raise ComparisonFailedError(
                    f"{path}: the key {name!r} stands twice in one object: give each its own name"
                )
        return dict(pairs)

    try:
        found = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=once)
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise ComparisonFailedError(f"{path}: it is no JSON: {error}: mend it first") from None
    with before_comparing():
        _check_form(Section(found, where=str(path)))
    return found


def _check_form(file: Section) -> None:
    """What :func:`merged` looks into; what else stands there is checked by the comparison."""
    for table in file.sections("tables"):
        for name in ("old", "new"):
            table.text(name)
        for part in ("key", "columns"):
            columns = table.section(part)
            for name in columns.names():
                columns.section(name)
        left_out = table.section("left_out")
        for side in ("old", "new"):
            left_out.texts(side)
    file.section("tables_left_out")


def write_config(path: Path, found: dict[str, Any]) -> None:
    """Put the file in the place of what is there, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    beside.replace(path)


def merged(
    written: dict[str, Any], proposals: Iterable[TableProposal]
) -> tuple[dict[str, Any], list[str]]:
    """The file with what it lacks, and each addition in a sentence."""
    found = copy.deepcopy(written)
    tables: list[dict[str, Any]] = found.setdefault("tables", [])
    left_out = found.get("tables_left_out", {})
    added: list[str] = []
    for one in proposals:
        there = [table for table in tables if table.get("old") == one.old]
        if one.new is None or one.old in left_out:
            continue
        if not there:
            tables.append(one.entry())
            added.append(f"{one.old} with {one.new}: {len(one.columns)} columns")
        for table in there:
            if table.get("new") == one.new:
                added += _more_columns(table, one)
    return found, added


def _more_columns(table: dict[str, Any], one: TableProposal) -> list[str]:
    columns = {**table.get("key", {}), **table.get("columns", {})}
    known = {name: entry for name, entry in columns.items() if not name.startswith("//")}
    excluded = table.get("left_out", {})
    used = {
        side: [str(entry.get(side, name)).lower() for name, entry in known.items()]
        for side in ("old", "new")
    }
    added = []
    for pair in one.columns:
        if (
            any(
                _mentioned(getattr(pair, side), used[side], excluded.get(side, []))
                for side in ("old", "new")
            )
            or pair.new in known
        ):
            continue
        table.setdefault("columns", {})[pair.new] = pair.entry()
        added.append(f"{one.old}.{pair.old} with {one.new}.{pair.new}")
    return added


def _mentioned(name: str, used: list[str], patterns: list[str]) -> bool:
    # In SQL a column's name is one word of it.
    inside = any(name == text or name in _names(text) for text in used)
    return inside or any(fnmatchcase(name, pattern.lower()) for pattern in patterns)


def _names(sql: str) -> set[str]:
    return {column.name.lower() for column in parsed(sql).find_all(exp.Column)}
