"""One validation: every configured object against Salesforce, every mart against its rules."""

import tempfile
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from time import monotonic
from typing import Any

from lakehouse_jobs.contract.objects import ObjectsConfig
from lakehouse_jobs.errors import SalesforceError
from lakehouse_jobs.salesforce import Org
from lakehouse_tools.comparison.checks import Check, judged
from lakehouse_tools.comparison.engines.duck import DuckDbEngine
from lakehouse_tools.comparison.errors import NotComparedError
from lakehouse_tools.comparison.model import ComparisonConfig
from lakehouse_tools.comparison.quality import not_compared
from lakehouse_tools.comparison.run import Kind, Progress, Report, TableReport, quiet
from lakehouse_tools.comparison.sides import Sides
from lakehouse_tools.comparison.sql.sides import PairSql
from lakehouse_tools.validation.earlier import last_of, profile_checks, records_check
from lakehouse_tools.validation.marts import look_at, open_marts
from lakehouse_tools.validation.raw import RawTable, count_current, open_raw
from lakehouse_tools.validation.salesforce import bracket, count_check
from lakehouse_tools.validation.sample import sample_check, take_sample


def validate(
    config: ComparisonConfig,
    objects: ObjectsConfig,
    names: list[str],
    engine: DuckDbEngine,
    sides: Sides,
    org: Org,
    *,
    run: str,
    sample: int,
    subject: str,
    runs: list[dict[str, Any]],
    now: datetime,
    progress: Progress = quiet,
) -> Report:
    """Look at the new side. ``names``: of objects; ``runs``: earlier reports, oldest first.

    ``subject`` names environment and org: only earlier reports of the same are compared with.
    ``now`` is the org's clock, by which the stamps in the data go.
    """
    report = Report(
        run=run,
        made_at=datetime.now(UTC),
        engine=f"{engine.name} {engine.version}",
        config=config.where,
        fingerprint=config.fingerprint,
        tables=[],
        checks=[],
        kind=Kind.VALIDATION,
        subject=subject,
    )
    runs = [one for one in runs if one.get("subject") == subject]
    marts = open_marts(engine, sides, config, now)
    targets = {name: sql for name, sql in marts.items() if isinstance(sql, PairSql)}
    new = {pair.name: str(pair.new) for pair in config.pairs}

    def look_at_raw(table: TableReport) -> None:
        raw = open_raw(engine, sides, table.name)
        table.pins = (f"org {org.org_id}", raw.found.pin)
        table.cutoff = f"{raw.watermark:%Y-%m-%d %H:%M:%S.%f}"
        before = last_of(runs, table.name)
        look_at_object(engine, org, raw, objects, table, sample=sample, before=before)

    def look_at_mart(table: TableReport) -> None:
        sql, before = marts[table.name], last_of(runs, table.name)
        if isinstance(sql, str):
            raise NotComparedError(sql)
        look_at(engine, sql, table, targets, config.thresholds, now, before)
        table.checks += profile_checks(engine, sql, table, before, config.thresholds)

    looks = [
        *((TableReport(name=n, old="Salesforce", new=f"raw.{n.lower()}"), look_at_raw)
          for n in names),
        *((TableReport(name=n, old="its own rules", new=new[n]), look_at_mart) for n in marts),
    ]  # fmt: skip
    for done, (table, look) in enumerate(looks):
        progress(done, len(looks), table.name)
        report.tables.append(table)
        began = monotonic()
        try:
            look(table)
        except (NotComparedError, SalesforceError) as error:
            table.checks.append(not_compared(table.name, "validation", str(error)))
        table.seconds = monotonic() - began
    return report


def look_at_object(
    engine: DuckDbEngine,
    org: Org,
    raw: RawTable,
    objects: ObjectsConfig,
    table: TableReport,
    *,
    sample: int,
    before: dict[str, Any] | None = None,
) -> None:
    """Freshness, counts and sampled records of one object, into its report.

    ``before``: what the last run said of it. The sample comes last: it takes long, by which the
    data would seem older, and where it fails the others are known.
    """
    rules = objects.rules(raw.name)
    description = org.describe(raw.name)
    table.checks.append(_freshness(org, raw, rules.stale_after_minutes))
    table.records = count_current(engine, raw)
    # At once: what fails later must not let a loss become the next run's baseline.
    table.checks += records_check(table, before, Fraction(repr(rules.max_delete_share)))
    table.checks.append(count_check(table.records, bracket(org, description, raw), raw))
    with tempfile.TemporaryDirectory(prefix="lakehouse-") as folder:
        found = take_sample(
            engine, org, description, rules.fields, raw, size=sample, folder=Path(folder)
        )
    table.checks.append(sample_check(raw.name, found))


def _freshness(org: Org, raw: RawTable, limit: int | None) -> Check:
    age = max((org.server_time() - raw.watermark).total_seconds() / 60, 0)
    return Check(
        table=raw.name,
        name="freshness",
        status=judged(limit is not None and age > limit),
        figure=f"read up to {raw.watermark:%Y-%m-%d %H:%M:%S} UTC, {age:,.0f} minutes ago",
        limit=f"at most {limit:,} minutes" if limit is not None else "",
        text="is its schedule on? `lakehouse status` says what happened",
    )
