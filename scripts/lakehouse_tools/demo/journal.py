"""Every version that the org ever reported against every row of raw."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lakehouse_jobs.contract.raw_log import table_name
from lakehouse_local import loopback
from lakehouse_tools.environment import Environment
from lakehouse_tools.iceberg_catalog import catalog
from lakehouse_tools.stack import Stack

Version = tuple[str, int, bool]  # id, systemmodstamp in milliseconds since 1970, deleted


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What stands in the org's journal and in raw."""

    objects: int
    reported: int  # versions in the journal
    rows: int  # in raw
    lost: int  # versions without a row
    twice: int  # rows that repeat a version
    unknown: int  # rows of no version

    @property
    def equal(self) -> bool:
        """Whether each version is there exactly once and nothing else."""
        return not (self.lost or self.twice or self.unknown)


def compare_with_journal(
    environment: Environment, stack: Stack, *, org_url: str, names: Iterable[str]
) -> Comparison:
    """Compare (id, systemmodstamp, deleted) of the objects, one by one.

    It holds where the pipeline ran after each change of the org: what changed twice in
    between was never there to be read.
    """
    tables = catalog(environment)
    journal = _journal(org_url)
    totals: Counter[str] = Counter()
    for name in names:
        reported = journal.get(name, set())
        held = Counter(_raw(tables, (stack.raw_database, table_name(name))))
        totals["objects"] += 1
        totals["reported"] += len(reported)
        totals["rows"] += held.total()
        totals["lost"] += len(reported - held.keys())
        totals["unknown"] += len(held.keys() - reported)
        totals["twice"] += held.total() - len(held)
    keys = ("objects", "reported", "rows", "lost", "twice", "unknown")
    return Comparison(**{key: totals[key] for key in keys})


def _journal(org_url: str) -> dict[str, set[Version]]:
    """The org's versions by object."""
    found: dict[str, set[Version]] = {}
    with loopback.ask(f"{org_url}/_org/versions", timeout=60) as answer:
        for line in answer:
            version = json.loads(line)
            if not version["systemmodstamp"]:
                continue  # custom metadata: nothing tells when it changed
            at = datetime.fromisoformat(version["systemmodstamp"]).timestamp()
            key = (version["id"], round(at * 1000), version["isdeleted"])
            found.setdefault(version["object"], set()).add(key)
    return found


def _raw(tables: Any, name: tuple[str, str]) -> Iterator[Version]:
    scan = tables.load_table(name).scan(
        row_filter="_change != 'hard_delete'",
        selected_fields=("id", "systemmodstamp", "_is_deleted"),
    )
    for batch in scan.to_arrow_batch_reader():
        stamps = batch.column("systemmodstamp").cast("int64").to_pylist()
        ids, deleted = (batch.column(c).to_pylist() for c in ("id", "_is_deleted"))
        for id_, stamp, gone in zip(ids, stamps, deleted, strict=True):
            yield id_, stamp // 1000, gone
