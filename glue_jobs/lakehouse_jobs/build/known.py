"""What a build knows before dbt starts: the lake, what it leaves out of it, what of it is old."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from lakehouse_jobs.build import freshness, selection
from lakehouse_jobs.build.catalog import Columns, Table
from lakehouse_jobs.build.dbt import Project
from lakehouse_jobs.build.selection import LeftOut, Source
from lakehouse_jobs.build.settings import BuildSettings

Tables = Mapping[str, Mapping[str, Table]]  # database -> name -> table


@dataclass(frozen=True, kw_only=True)
class Known:
    """The lake as the catalog had it at one moment.

    Runs may commit to raw while the build goes on: what it reads ends at these batches, with these
    columns.
    """

    tables: Tables
    raw: Mapping[str, Table]  # those of the raw database
    sources: tuple[Source, ...]
    left_out: tuple[LeftOut, ...]
    stale: tuple[str, ...]  # a sentence for each source that is older than it may be

    @property
    def excluded(self) -> list[str]:
        """Names of the sources that are left out."""
        return [each.source.name for each in self.left_out]

    @property
    def columns(self) -> dict[str, Columns]:
        """``database.table`` -> columns. What is registered without any is described instead."""
        return {
            f"{database}.{name}": table.columns
            for database, found in self.tables.items()
            for name, table in found.items()
            if table.columns
        }

    @property
    def batches(self) -> dict[str, int]:
        """Raw table -> its newest batch."""
        return {name: table.batch for name, table in self.raw.items() if table.batch is not None}

    @property
    def watermarks(self) -> dict[str, datetime]:
        """Raw table -> up to when it is known, UTC."""
        return {
            name: table.watermark for name, table in self.raw.items() if table.watermark is not None
        }

    @property
    def read(self) -> dict[str, int]:
        """The batches up to which a build of everything reads: those of sources not left out."""
        kept = {s.table for s in self.sources} - {each.source.table for each in self.left_out}
        return {table: batch for table, batch in self.batches.items() if table in kept}


def learn(project: Project, settings: BuildSettings, *, tables: Tables, now: datetime) -> Known:
    """What follows for this build from the catalog's answer. ``now``: UTC."""
    raw, sources = tables[settings.raw_database], tuple(project.sources)
    left_out = selection.left_out(sources, raw_tables=raw, failed_objects=settings.failed_objects)
    return Known(
        tables=tables,
        raw=raw,
        sources=sources,
        left_out=tuple(left_out),
        stale=tuple(freshness.stale(sources, raw_tables=raw, now=now)),
    )
