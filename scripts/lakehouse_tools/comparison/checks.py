"""What the gate looks at: one figure against its limit, and a status."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Final

from lakehouse_tools.comparison.counts import RowCounts, percent, percent_up
from lakehouse_tools.comparison.model import ComparisonConfig, Pair

UNEXPLAINED: Final = "unexplained keys"  # the one check that an acceptance can turn


class Status(StrEnum):
    """What came of a check, or of all of them."""

    PASS = "pass"  # noqa: S105 - no password
    WARN = "warn"
    FAIL = "fail"
    NOT_COMPARED = "not compared"


@dataclass(frozen=True, kw_only=True)
class Check:
    """One figure of one table; ``table`` is empty for what concerns all."""

    table: str
    name: str
    status: Status
    figure: str
    limit: str = ""
    text: str = ""  # what to do, or what it means, where it is not a pass


def verdict(checks: Iterable[Check]) -> Status:
    """The worst: a failure, then what was not compared, then a warning. Nothing is no pass."""
    found = {check.status for check in checks}
    for status in (Status.FAIL, Status.NOT_COMPARED, Status.WARN, Status.PASS):
        if status in found:
            return status
    return Status.NOT_COMPARED


def judged(failed: bool, *, warn: bool = False) -> Status:
    """The status of a check that can only hold or not; ``warn``: it does not stop the gate."""
    if not failed:
        return Status.PASS
    return Status.WARN if warn else Status.FAIL


def row_checks(config: ComparisonConfig, pair: Pair, found: RowCounts, today: date) -> list[Check]:
    """The gate's checks of one pair's rows."""
    checks = [compare_record_counts(config, pair, found), _rows(config, pair, found)]
    checks += _columns(config, pair, found)
    broken = found.null_old + found.null_new
    duplicated = f"{found.duplicated_old:,} old, {found.duplicated_new:,} new"
    checks.append(
        Check(
            table=pair.name,
            name="keys once and not null",
            status=judged(bool(found.duplicated or broken)),
            figure=f"duplicated {duplicated}; null {found.null_old:,} and {found.null_new:,} rows",
            limit="0",
            text="a key that is not unique cannot be compared: see the keys below",
        )
    )
    checks += _known(pair, found, today)
    checks.append(_unexplained(pair, found))
    return checks


def compare_record_counts(config: ComparisonConfig, pair: Pair, found: RowCounts) -> Check:
    """Rows of both sides, aligned; rows that a known difference explains are taken off."""
    old = found.rows_old - (found.only_old - found.only_old_unexplained)
    new = found.rows_new - (found.only_new - found.only_new_unexplained)
    apart = Fraction(abs(new - old), max(old, 1))
    limit = config.thresholds.count_difference
    explained = "" if (old, new) == (found.rows_old, found.rows_new) else (
        f"; without explained rows {old:,} and {new:,}"
    )  # fmt: skip
    return Check(
        table=pair.name,
        name="record counts",
        status=judged(apart > limit),
        figure=f"{found.rows_old:,} old, {found.rows_new:,} new{explained}: {percent_up(apart)}",
        limit=f"at most {percent_up(limit)}",
        text="rows are missing on one side: the keys are below",
    )


def _rows(config: ComparisonConfig, pair: Pair, found: RowCounts) -> Check:
    limit = pair.accuracy or config.thresholds.row_accuracy
    raw, adjusted = found.accuracy(adjusted=False), found.accuracy()
    both = "" if raw == adjusted else f" (raw {percent(raw)})"
    least = "" if found.exact else "at least "
    return Check(
        table=pair.name,
        name="row accuracy",
        status=judged(adjusted <= limit),
        figure=f"{least}{percent(adjusted)}{both} of {found.keys:,} keys",
        limit=f"above {percent(limit)}",
        text="see which columns and keys differ",
    )


def _columns(config: ComparisonConfig, pair: Pair, found: RowCounts) -> list[Check]:
    """The columns below their limit, or the worst of them."""
    limits = {c.name: c.accuracy or config.thresholds.column_accuracy for c in pair.columns}
    ordered = sorted(found.columns, key=lambda c: (c.accuracy(), c.name))
    low = [c for c in ordered if c.accuracy() <= limits[c.name]]
    return [
        Check(
            table=pair.name,
            name=f"column accuracy, {column.name}",
            status=judged(column in low),
            figure=f"{percent(column.accuracy())}"
            + (
                f" ({column.unexplained:,} of {column.compared:,} values differ)"
                if column.compared is not None
                else ""
            ),
            limit=f"above {percent(limits[column.name])}",
            text="see its samples",
        )
        for column in (low or ordered[:1])
    ]


def _known(pair: Pair, found: RowCounts, today: date) -> list[Check]:
    checks = []
    for rule in pair.known_differences:
        number = found.explained[rule.name]
        expired, many = rule.expires <= today, number > rule.at_most
        status = judged(expired or many) if expired or many else judged(number == 0, warn=True)
        text = "it explains nothing: take it out"
        if expired:
            text = f"it expired: {rule.owner} has to renew or remove it"
        elif many:
            text = f"it explains more than {rule.owner} expected: look at them, then raise at_most"
        checks.append(
            Check(
                table=pair.name,
                name=f"known difference, {rule.name}",
                status=status,
                figure=f"{number:,} keys, until {rule.expires}",
                limit=f"1 to {rule.at_most:,} keys",
                text=text,
            )
        )
    return checks


def _unexplained(pair: Pair, found: RowCounts) -> Check:
    return Check(
        table=pair.name,
        name=UNEXPLAINED,
        status=judged(found.unexplained > 0),
        figure=f"{found.unexplained:,} of {found.keys:,} keys differ without a known difference",
        limit="0, or accepted by a person for this run",
        text="mend it, write a known difference, or accept it (`lakehouse gate` says how)",
    )
