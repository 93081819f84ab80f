"""A month in a small org as the raw log tells it, in five deliveries of unequal length or daily.

Versions come late and out of order, records are deleted and undeleted, a hard delete is found
weeks later, and a resync brings formula values that changed without a new stamp.
"""

import random
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pyarrow as pa

Row = dict[str, Any]
START: Final = datetime(2026, 3, 1, tzinfo=UTC)
# Days after the start, when each delivery was extracted.
DELIVERIES: Final = (3.0, 4.0, 12.25, 19.5, 30.0)
DAILY: Final = tuple(float(number) for number in range(1, 31))
RESYNC: Final = 19.5  # the day of the resync that finds what a formula gives now
TIME: Final = pa.timestamp("us", "UTC")
STAGES: Final = ("Prospecting", "Qualification", "Our own stage", "Closed Won", "Closed Lost")


def day(days: float) -> datetime:
    """So many days after the start, in whole minutes."""
    return START + timedelta(minutes=round(days * 1440))


def record(prefix: str, number: int) -> str:
    """The id of a record."""
    return f"{prefix}{number:012}AAA"


@dataclass(frozen=True, kw_only=True)
class Kind:
    """An object of the org. ``draw`` gives its values anew; ``fixed`` ones are never edited."""

    table: str
    prefix: str
    count: int
    fields: dict[str, pa.DataType]
    draw: Callable[[random.Random], Row]
    fixed: tuple[str, ...] = ()

    @property
    def schema(self) -> pa.Schema:
        """What the raw table has beside the system columns."""
        stamps = {"createddate": TIME, "systemmodstamp": TIME}
        return pa.schema(list(({"id": pa.string()} | self.fields | stamps).items()))


def _some(dice: random.Random, prefix: str, count: int, share: float = 0.9) -> str | None:
    return record(prefix, dice.randrange(count)) if dice.random() < share else None


def _opportunity(dice: random.Random) -> Row:
    stage = dice.choice(STAGES)
    return {
        "name": dice.choice("ABC"),
        # One more than there are: an owner whom the integration user may not see.
        "ownerid": _some(dice, "005", 9),
        "stagename": stage,
        "amount": dice.choice([None, round(dice.random() * 1e5, 2)]),
        "probability": float(dice.randrange(0, 101, 5)),
        "isclosed": stage.startswith("Closed"),
        "iswon": stage == "Closed Won",
        "closedate": day(dice.randrange(-40, 60)).date(),
    }


def _history(dice: random.Random) -> Row:
    return {
        "opportunityid": record("006", dice.randrange(30)),
        "stagename": dice.choice(STAGES),
        "amount": float(dice.randrange(100)),
    }


def _case(dice: random.Random) -> Row:
    closed = dice.random() < 0.5
    return {
        "status": dice.choice(["New", "Working"]),
        "isclosed": closed,
        "closeddate": day(dice.random() * 30) if closed else None,
    }


def _member(dice: random.Random) -> Row:
    responded = dice.random() < 0.5
    return {
        "campaignid": record("701", dice.randrange(3)),
        "contactid": _some(dice, "003", 20, 0.5),
        "leadid": _some(dice, "00Q", 20, 0.5),
        "hasresponded": responded,
        "firstrespondeddate": day(dice.randrange(30)).date() if responded else None,
    }


def _lead(dice: random.Random) -> Row:
    converted = dice.random() < 0.4
    return {
        "status": dice.choice(["Open", "Working"]),
        "isconverted": converted,
        "converteddate": day(dice.randrange(30)).date() if converted else None,
        "convertedopportunityid": _some(dice, "006", 30, 0.5) if converted else None,
    }


TEXT, YES, NUMBER, DATE = pa.string(), pa.bool_(), pa.float64(), pa.date32()
KINDS: Final = (
    Kind(
        table="account",
        prefix="001",
        count=30,
        fields={"name": TEXT, "parentid": TEXT, "annualrevenue": NUMBER, "website": TEXT},
        draw=lambda dice: {
            "name": dice.choice("ABC"),
            "parentid": _some(dice, "001", 31, 0.7),  # circles and a parent that is not there
            "annualrevenue": round(dice.random() * 1e6, 2),
            "website": dice.choice("xyz"),  # not tracked
        },
    ),
    Kind(
        table="contact",
        prefix="003",
        count=20,
        fields={"email": TEXT, "accountid": TEXT},
        draw=lambda dice: {
            "email": dice.choice(["a@example.com", None]),
            "accountid": _some(dice, "001", 30),
        },
    ),
    Kind(
        table="opportunity",
        prefix="006",
        count=30,
        fields={
            "name": TEXT,
            "ownerid": TEXT,
            "stagename": TEXT,
            "amount": NUMBER,
            "probability": NUMBER,
            "isclosed": YES,
            "iswon": YES,
            "closedate": DATE,
        },
        draw=_opportunity,
    ),
    Kind(
        table="opportunityhistory",
        prefix="008",
        count=80,
        fields={"opportunityid": TEXT, "stagename": TEXT, "amount": NUMBER},
        draw=_history,
        fixed=("opportunityid",),
    ),
    Kind(
        table="opportunitylineitem",
        prefix="00k",
        count=20,
        fields={
            "opportunityid": TEXT,
            "product2id": TEXT,
            "quantity": NUMBER,
            "unitprice": NUMBER,
            "totalprice": NUMBER,
        },
        draw=lambda dice: {
            "opportunityid": record("006", dice.randrange(30)),
            "product2id": _some(dice, "01t", 8),
            "quantity": float(dice.randrange(-2, 9)),
            "unitprice": round(dice.random() * 100, 2),
            "totalprice": round(dice.random() * 100, 2),
        },
        fixed=("opportunityid",),
    ),
    Kind(
        table="product2",
        prefix="01t",
        count=8,
        fields={"name": TEXT, "isactive": YES},
        draw=lambda dice: {"name": dice.choice("ABC"), "isactive": dice.random() < 0.8},
    ),
    Kind(
        table="user",
        prefix="005",
        count=8,
        fields={"name": TEXT, "managerid": TEXT, "lastlogindate": TIME},
        draw=lambda dice: {
            "name": dice.choice("ABC"),
            "managerid": _some(dice, "005", 8, 0.7),
            "lastlogindate": day(dice.random() * 30),
        },
    ),
    Kind(
        table="userrole",
        prefix="00E",
        count=12,
        fields={"name": TEXT, "parentroleid": TEXT},
        draw=lambda dice: {
            "name": dice.choice("ABC"),
            "parentroleid": _some(dice, "00E", 12, 0.7),
        },
    ),
    Kind(
        table="lead",
        prefix="00Q",
        count=20,
        fields={
            "status": TEXT,
            "isconverted": YES,
            "converteddate": DATE,
            "convertedopportunityid": TEXT,
        },
        draw=_lead,
    ),
    Kind(
        table="campaign",
        prefix="701",
        count=3,
        fields={"name": TEXT},
        draw=lambda dice: {"name": dice.choice("ABC")},
    ),
    Kind(
        table="campaignmember",
        prefix="00v",
        count=20,
        fields={
            "campaignid": TEXT,
            "contactid": TEXT,
            "leadid": TEXT,
            "hasresponded": YES,
            "firstrespondeddate": DATE,
        },
        draw=_member,
    ),
    Kind(
        table="case",
        prefix="500",
        count=20,
        fields={"status": TEXT, "isclosed": YES, "closeddate": TIME},
        draw=_case,
    ),
    Kind(
        table="task",
        prefix="00T",
        count=20,
        fields={"subject": TEXT, "isclosed": YES, "activitydate": DATE},
        draw=lambda dice: {
            "subject": dice.choice("ABC"),
            "isclosed": dice.random() < 0.5,
            "activitydate": day(dice.randrange(30)).date(),
        },
    ),
    Kind(
        table="event",
        prefix="00U",
        count=20,
        fields={"subject": TEXT, "startdatetime": TIME, "ischild": YES, "groupeventtype": TEXT},
        draw=lambda dice: {
            "subject": dice.choice("ABC"),
            "startdatetime": day(dice.random() * 30),
            "ischild": dice.random() < 0.4,
            "groupeventtype": dice.choice(["0", "1", "3"]),
        },
    ),
)


def deliveries(kind: Kind, ends: Sequence[float] = DELIVERIES, seed: int = 1) -> list[list[Row]]:
    """The versions that each delivery brings of one object."""
    dice = random.Random(f"{seed}/{kind.table}")
    found: list[list[Row]] = [[] for _ in ends]
    for number in range(kind.count):
        for place, row in _life(kind, dice, record(kind.prefix, number), ends):
            row["_extracted_at"] = day(ends[place])
            found[place].append(row)
    for rows in found:
        dice.shuffle(rows)
    return found


def _redrawn(kind: Kind, dice: random.Random, values: Row) -> Row:
    """The values with some of them drawn anew."""
    changed = kind.draw(dice)
    kept = {k for k in changed if k in kind.fixed or dice.random() < 0.3}
    return values | {k: v for k, v in changed.items() if k not in kept}


def _life(kind: Kind, dice: random.Random, id: str, ends: Sequence[float]) -> list[tuple[int, Row]]:
    """What one record goes through: (the delivery's place, version)."""
    newest, resync = len(ends) - 1, bisect_left(ends, RESYNC)
    made = dice.choice([-20.0, -5.0, -0.5, dice.random() * 20])
    gone_unseen = dice.random() < 0.1
    end = min(made + 6.0, 29.0) if gone_unseen else 30.0
    edits = sorted({round(dice.uniform(made, end), 2) for _ in range(dice.randrange(5))})
    # Of a record made before the month, raw's first version is a later one.
    created = made - 2.0 if made < 0 else made
    values = kind.draw(dice)
    versions = []
    is_deleted, late = False, 0
    for when in [made, *(edit for edit in edits if edit > made)]:
        if is_deleted or (when != made and dice.random() < 0.25):
            is_deleted = not is_deleted  # or back from the bin
        elif when != made:
            redrawn = _redrawn(kind, dice, values)
            # Saved as it was: once the late version before it comes, its period begins there.
            values = values if late else redrawn
        row = {"id": id, "createddate": day(created), "systemmodstamp": day(when)} | values
        row |= {"_is_deleted": is_deleted, "_deleted_at": day(when) if is_deleted else None}
        late = (dice.random() < 0.15) * dice.randrange(1, 3) * len(ends) // 5
        versions.append((min(bisect_left(ends, when) + late, newest), row))
    last = versions[-1][1]
    if gone_unseen and not is_deleted:
        # Found by a comparison of all ids, weeks later; at times the day itself is known.
        deleted = dice.choice([day(end), day(ends[newest])])
        gone = {"_is_deleted": True, "_deleted_at": deleted, "_change": "hard_delete"}
        versions.append((newest, last | gone))
    elif not is_deleted and max(place for place, _ in versions) < resync and dice.random() < 0.3:
        # A formula drifted: other values, the same stamp.
        versions.append((resync, _redrawn(kind, dice, last) | {"_change": "resync"}))
    return versions
