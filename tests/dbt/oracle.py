"""What the marts must say of the month, worked out from the versions in plain loops.

Two builds that are wrong in the same way equal each other; neither equals this.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from tests.dbt.month import Row

Versions = Mapping[str, Sequence[Row]]  # of an object, by id, in the order of versions
CENT = Decimal("0.01")
MONEY = ("amount", "annualrevenue")


@dataclass(frozen=True, kw_only=True)
class Dimension:
    """A history: of which object, and what each tracked field is called in it."""

    table: str
    key: str
    columns: Mapping[str, str]


DIMENSIONS = {
    "dim_account": Dimension(
        table="account",
        key="account_id",
        columns={
            "name": "account_name",
            "parentid": "parent_account_id",
            "annualrevenue": "annual_revenue",
        },
    ),
    "dim_campaign": Dimension(
        table="campaign", key="campaign_id", columns={"name": "campaign_name"}
    ),
    "dim_contact": Dimension(
        table="contact", key="contact_id", columns={"email": "email", "accountid": "account_id"}
    ),
    "dim_opportunity": Dimension(
        table="opportunity",
        key="opportunity_id",
        columns={
            "name": "opportunity_name",
            "ownerid": "owner_id",
            "stagename": "stage_name",
            "amount": "amount",
            "probability": "probability_percent",
            "outcome": "outcome",
            "closedate": "close_date",
        },
    ),
    "dim_product": Dimension(
        table="product2",
        key="product_id",
        columns={"name": "product_name", "isactive": "is_active"},
    ),
    "dim_user": Dimension(
        table="user", key="user_id", columns={"name": "user_name", "managerid": "manager_id"}
    ),
}
FACTS = {
    "fct_activities": ("task", "event"),
    "fct_campaign_members": ("campaignmember",),
    "fct_cases": ("case",),
    "fct_leads": ("lead",),
    "fct_opportunities": ("opportunity",),
    "fct_opportunity_line_items": ("opportunitylineitem",),
}


@dataclass(frozen=True, kw_only=True)
class Period:
    """A time in which nothing tracked changed."""

    id: str
    valid_from: datetime
    valid_to: datetime | None
    deleted: bool  # what ends it
    values: Row


def versions(brought: Sequence[Sequence[Row]]) -> Versions:
    """The deliveries of an object as the versions of each record; ``_batch`` counts from 1."""
    found: dict[str, list[Row]] = defaultdict(list)
    for place, rows in enumerate(brought):
        for row in rows:
            if "iswon" in row:
                row = row | {"outcome": _outcome(row)}
            money = {name: cents(row[name]) for name in MONEY if row.get(name) is not None}
            found[row["id"]].append(row | money | {"_batch": place + 1})
    return {
        id: sorted(rows, key=lambda row: (row["systemmodstamp"], row["_batch"]))
        for id, rows in found.items()
    }


def _outcome(opportunity: Row) -> str:
    return "Won" if opportunity["iswon"] else "Lost" if opportunity["isclosed"] else "Open"


def current(of: Versions) -> dict[str, Row]:
    """The version of each record that counts now."""
    return {id: rows[-1] for id, rows in of.items()}


def histories(of: Versions, tracked: Iterable[str]) -> list[Period]:
    """The periods of all records, by the rules of the macro ``slowly_changing``."""
    names = list(tracked)
    return [period for id, rows in of.items() for period in _history(id, _moments(rows), names)]


def _moments(rows: Sequence[Row]) -> list[tuple[datetime, Row]]:
    """When each version begins; of those that begin at one moment the last."""
    begin = rows[0]["createddate"]
    found = {begin: rows[0]}
    for place, row in enumerate(rows[1:], start=1):
        begin = max(begin, _begins(row, rows[place - 1], rows[place + 1 :]))
        found[begin] = row
    return list(found.items())


def _history(
    id: str, moments: Sequence[tuple[datetime, Row]], tracked: Sequence[str]
) -> Iterator[Period]:
    since, row = moments[0]
    values: Row | None = None  # None while it is deleted
    if row["_is_deleted"]:  # from its creation to its deletion
        ends = [_moment(row), *(begin for begin, other in moments if not other["_is_deleted"])]
        if since < min(ends):
            known = {name: row[name] for name in tracked}
            yield Period(id=id, valid_from=since, valid_to=min(ends), deleted=True, values=known)
    for begin, row in moments:
        state = None if row["_is_deleted"] else {name: row[name] for name in tracked}
        if state != values:
            if values is not None:
                deleted = state is None
                yield Period(
                    id=id, valid_from=since, valid_to=begin, deleted=deleted, values=values
                )
            since, values = begin, state
    if values is not None:
        yield Period(id=id, valid_from=since, valid_to=None, deleted=False, values=values)


def _begins(row: Row, before: Row, after: Sequence[Row]) -> datetime:
    """When a version begins that is not the first."""
    if _moment(row) > _moment(before):
        return _moment(row)
    # It came without a stamp of its own: when it was seen, but before the next stamp.
    later = [r["systemmodstamp"] for r in after if r["systemmodstamp"] > row["systemmodstamp"]]
    return min([max(row["_extracted_at"], _moment(row)), *later])


def _moment(row: Row) -> datetime:
    return row["_deleted_at"] or row["systemmodstamp"]


def pipeline(
    periods: Sequence[Period], first: date, last: date
) -> dict[tuple[date, str], tuple[int, Decimal, Decimal]]:
    """Open opportunities, amount and weighted amount at each day's end, by day and stage."""
    found: dict[tuple[date, str], tuple[int, Decimal, Decimal]] = {}
    day = first
    while day <= last:
        for period in periods:
            ends = period.valid_to.date() if period.valid_to else date.max
            if period.valid_from.date() <= day < ends and period.values["outcome"] == "Open":
                amount = period.values["amount"] or Decimal(0)
                weighted = cents(amount * Decimal(period.values["probability"]) / 100)
                key = (day, period.values["stagename"])
                count, amounts, weights = found.get(key, (0, Decimal(0), Decimal(0)))
                found[key] = (count + 1, amounts + amount, weights + weighted)
        day += timedelta(days=1)
    return found


def cents(amount: float | Decimal) -> Decimal:
    """An amount as staging casts it."""
    return Decimal(str(amount)).quantize(CENT, ROUND_HALF_UP)
