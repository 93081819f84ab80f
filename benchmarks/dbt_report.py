"""What make bench-dbt prints of the builds that it measured."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from dbt_scans import Scan

PLACE = ("_file", "_pos", "_spec_id", "_partition")  # where a row lies; not in the file


@dataclass(frozen=True, kw_only=True)
class Built:
    """What one build used; bytes as S3 served and took them."""

    wall: float  # seconds of the build, dbt's own start included
    dbt: float  # CPU seconds of dbt
    spark: float  # CPU seconds of the session
    statements: int
    taken: int  # bytes that Spark took of what S3 answered, metadata too
    models: dict[str, float]  # wall seconds by model
    tests: dict[str, float]  # wall seconds of the data tests by kind
    read: dict[str, int]  # bytes of data files by table
    written: int  # data and delete files
    metadata: int  # Iceberg's own files, read and written

    @property
    def cpu(self) -> float:
        """CPU seconds of all."""
        return self.dbt + self.spark


def report_of_threads(built: dict[int, list[Built]], size: int, changed: int) -> str:
    """Medians by the number of threads; on AWS each is a session that is paid for."""
    rounds = len(next(iter(built.values())))
    lines = [
        f"{changed:,} changed records of each large object of {size:,}; medians of {rounds},",
        f"the sessions' start in them, {os.cpu_count()} cores for all sessions.\n",
        "| threads | build, wall seconds | threads × seconds |",
        "|---:|---:|---:|",
    ]
    for threads, of in built.items():
        wall = median(each.wall for each in of)
        lines.append(f"| {threads} | {wall:.1f} | {wall * threads:.0f} |")
    return "\n".join(lines)


def report(built: dict[int, list[Built]], changed: int) -> str:
    """Medians by size, their ratio, and what each model took."""
    sizes = list(built)
    head = " | ".join(f"{size:,} rows" for size in sizes)
    lines = [
        f"{changed:,} changed records of each large object; medians of {len(built[sizes[0]])}.\n",
        f"| | {head} | ratio |",
        "|---|" + "---:|" * (len(sizes) + 1),
    ]

    def row(name: str, values: list[float], form: str) -> None:
        ratio = values[-1] / values[0] if values[0] else float("nan")
        shown = " | ".join(format(value, form) for value in values)
        lines.append(f"| {name} | {shown} | {ratio:.2f} |")

    def mid(of: Any) -> list[float]:
        return [median(of(each) for each in built[size]) for size in sizes]

    row("build, wall seconds", mid(lambda b: b.wall), ".1f")
    row("build, CPU seconds", mid(lambda b: b.cpu), ".1f")
    row("Spark, CPU seconds", mid(lambda b: b.spark), ".1f")
    row("models, wall seconds", mid(lambda b: sum(b.models.values())), ".1f")
    row("data tests, wall seconds", mid(lambda b: sum(b.tests.values())), ".1f")
    row("data files written, kB", mid(lambda b: b.written / 1e3), ",.0f")
    row("data files read, kB", mid(lambda b: sum(b.read.values()) / 1e3), ",.0f")
    row("of all that S3 answered Spark took, kB", mid(lambda b: b.taken / 1e3), ",.0f")
    row("metadata read and written, kB", mid(lambda b: b.metadata / 1e3), ",.0f")
    row("statements", mid(lambda b: b.statements), ".0f")

    def rows(name: str, of: Callable[[Built], Mapping[str, float]], form: str) -> None:
        lines.extend(["", f"| {name} | {head} | ratio |", "|---|" + "---:|" * (len(sizes) + 1)])
        largest = [of(each) for each in built[sizes[-1]]]
        for key in sorted(largest[0], key=lambda k: -median(each.get(k, 0) for each in largest)):
            row(f"`{key}`", mid(lambda b, key=key: of(b).get(key, 0)), form)

    rows("model, wall seconds", lambda b: b.models, ".2f")
    rows("data tests of a kind, wall seconds", lambda b: b.tests, ".2f")
    rows("table, kB read", lambda b: {k: v / 1e3 for k, v in b.read.items()}, ",.0f")
    return "\n".join(lines)


def report_of_scans(read: Iterable[Scan], size: int, changed: int) -> str:
    """Which columns one build read of more rows than ten times what changed, and how often."""
    of, times = Counter[tuple[str, tuple[str, ...]]](), Counter[tuple[str, tuple[str, ...]]]()
    for scan in read:
        if scan.rows > 10 * changed:
            key = scan.table, tuple(c for c in scan.columns if c not in PLACE)
            of[key] += scan.rows
            times[key] += 1
    lines = [
        f"\nOne build of {size:,}: columns read of more than {10 * changed:,} rows.\n",
        "| table | columns | reads | rows |",
        "|---|---|---:|---:|",
    ]
    for (table, columns), rows in sorted(of.items(), key=lambda each: -each[1] * len(each[0][1])):
        lines.append(f"| `{table}` | {', '.join(columns)} | {times[table, columns]} | {rows:,} |")
    return "\n".join(lines)
