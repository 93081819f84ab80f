"""Raw tables of an org of a given size, as the extractor leaves them, without Salesforce.

Written with PyIceberg: the first batch holds every record once, in files of 100,000 rows;
each later batch changes records picked at random, of all or of those made last, and adds a tenth
as many new ones.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.catalog import Catalog

from lakehouse_jobs.contract.raw_log import SystemColumn, TableProperty

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
START_MICROS: Final = int(START.timestamp() * 1e6)
TIME: Final = pa.timestamp("us", "UTC")
FILE_ROWS: Final = 100_000
DAY: Final = 86_400_000_000  # microseconds
STAGES: Final = (
    "Prospecting",
    "Qualification",
    "Proposal/Price Quote",
    "Closed Won",
    "Closed Lost",
)


@dataclass
class Dice:
    """Random arrays, the same for the same seed."""

    seed: int
    _thrown: int = field(default=0, init=False)

    def random(self, rows: int) -> pa.Array:
        """Numbers from 0 to 1."""
        self._thrown += 1
        return pc.random(rows, initializer=1_000 * self.seed + self._thrown)

    def whole(self, below: int, rows: int) -> pa.Array:
        """Whole numbers from 0."""
        return pc.floor(pc.multiply(self.random(rows), float(below))).cast(pa.int64())


Draw = Callable[[Dice, int, int], pa.Array]  # dice, rows, size of the org (for links)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """An object: ``share`` of the org's size is how many records it has."""

    table: str
    prefix: str
    fields: dict[str, Draw]
    share: float = 1.0
    belongs_to: tuple[str, str] | None = None  # field and prefix of the record that it never leaves

    def records(self, size: int) -> int:
        """How many records an org of that size has."""
        return max(20, round(size * self.share))


def ids(prefix: str, numbers: pa.Array) -> pa.Array:
    """Ids of 18 characters; null for null."""
    digits = pc.utf8_lpad(numbers.cast(pa.string()), 12, "0")
    return pc.binary_join_element_wise(prefix, digits, "AAA", "")


def link(table: str, missing: float = 0.1) -> Draw:
    """Ids of another object's records; a share of them is null."""

    def draw(dice: Dice, rows: int, size: int) -> pa.Array:
        kind = next(k for k in KINDS if k.table == table)
        numbers = dice.whole(kind.records(size), rows)
        there = pc.greater_equal(dice.random(rows), missing)
        return ids(kind.prefix, pc.if_else(there, numbers, pa.scalar(None, pa.int64())))

    return draw


def words(*choices: Any) -> Draw:
    """One of the values."""

    def draw(dice: Dice, rows: int, _: int) -> pa.Array:
        return pa.array(choices).take(dice.whole(len(choices), rows))

    return draw


def text(length: int = 16) -> Draw:
    """Text that no encoding makes small, as names, addresses and phones are."""

    def draw(dice: Dice, rows: int, _: int) -> pa.Array:
        parts = [dice.whole(10**8, rows).cast(pa.string()) for _ in range(-(-length // 8))]
        return pc.utf8_slice_codeunits(pc.binary_join_element_wise(*parts, ""), 0, length)

    return draw


def number(most: float) -> Draw:
    """An amount with cents."""

    def draw(dice: Dice, rows: int, _: int) -> pa.Array:
        return pc.round(pc.multiply(dice.random(rows), most), 2)

    return draw


def date(days: int = 400) -> Draw:
    """A day around the start."""

    def draw(dice: Dice, rows: int, _: int) -> pa.Array:
        first = START_MICROS // DAY - days // 2
        return pc.add(dice.whole(days, rows), first).cast(pa.int32()).cast(pa.date32())

    return draw


def moment(days: int = 400) -> Draw:
    """A moment before the start."""

    def draw(dice: Dice, rows: int, _: int) -> pa.Array:
        return pc.subtract(START_MICROS, dice.whole(days * DAY, rows)).cast(TIME)

    return draw


YES: Final = words(True, False)
KINDS: Final = (
    Kind(
        table="account",
        prefix="001",
        fields={
            "name": text(), "type": words("Customer", "Prospect", None),
            "industry": words("Energy", "Banking", "Retail", None), "ownerid": link("user"),
            "parentid": link("account", 0.8), "billingcity": text(8), "billingstreet": text(24),
            "billingpostalcode": text(6), "billingcountry": words("AT", "DE", "US"),
            "phone": text(12), "website": text(20), "annualrevenue": number(1e7),
        },
    ),
    Kind(
        table="contact",
        prefix="003",
        fields={
            "name": text(), "firstname": text(8), "lastname": text(8), "email": text(24),
            "phone": text(12), "accountid": link("account"), "ownerid": link("user"),
            "mailingcity": text(8), "mailingcountry": words("AT", "DE", "US"), "title": text(10),
        },
    ),
    Kind(
        table="opportunity",
        prefix="006",
        fields={
            "name": text(), "accountid": link("account"), "ownerid": link("user"),
            "stagename": words(*STAGES), "amount": number(1e5),
            "probability": words(10.0, 20.0, 50.0, 100.0), "isclosed": YES, "iswon": YES,
            "closedate": date(), "type": words("New", "Renewal"), "leadsource": words("Web", None),
        },
    ),
    Kind(
        table="opportunityhistory",
        prefix="008",
        belongs_to=("opportunityid", "006"),
        fields={
            "stagename": words(*STAGES),
            "amount": number(1e5), "probability": words(10.0, 50.0), "closedate": date(),
        },
    ),
    Kind(
        table="opportunitylineitem",
        prefix="00k",
        fields={
            "opportunityid": link("opportunity", 0), "product2id": link("product2"),
            "quantity": words(1.0, 2.0, 5.0), "unitprice": number(500), "totalprice": number(900),
        },
    ),
    Kind(
        table="lead",
        prefix="00Q",
        fields={
            "name": text(), "company": text(), "email": text(24), "ownerid": link("user"),
            "status": words("Open", "Working"), "isconverted": words(False), "leadsource": text(4),
        },
    ),
    Kind(
        table="campaignmember",
        prefix="00v",
        fields={
            "campaignid": link("campaign", 0), "contactid": link("contact", 0.5),
            "leadid": link("lead", 0.5), "status": words("Sent", "Responded"), "hasresponded": YES,
            "firstrespondeddate": date(),
        },
    ),
    Kind(
        table="case",
        prefix="500",
        fields={
            "casenumber": text(8), "subject": text(30), "accountid": link("account"),
            "contactid": link("contact"), "status": words("New", "Working"), "isclosed": YES,
            "closeddate": moment(), "ownerid": link("user"),
        },
    ),
    Kind(
        table="task",
        prefix="00T",
        fields={
            "subject": text(30), "whoid": link("contact"), "whatid": link("account"),
            "ownerid": link("user"), "status": words("Open", "Completed"), "isclosed": YES,
            "activitydate": date(),
        },
    ),
    Kind(
        table="event",
        prefix="00U",
        fields={
            "subject": text(30), "whoid": link("contact"), "whatid": link("account"),
            "ownerid": link("user"), "startdatetime": moment(), "enddatetime": moment(),
        },
    ),
    Kind(table="campaign", prefix="701", share=1e-3, fields={"name": text()}),
    Kind(
        table="product2", prefix="01t", share=1e-3, fields={"name": text(), "isactive": words(True)}
    ),
    Kind(
        table="user",
        prefix="005",
        share=1e-3,
        fields={"name": text(), "managerid": link("user"), "isactive": words(True)},
    ),
    Kind(
        table="userrole",
        prefix="00E",
        share=1e-4,
        fields={"name": text(), "parentroleid": link("userrole")},
    ),
)  # fmt: skip


def fill(catalog: Catalog, kind: Kind, *, database: str, bucket: str, size: int) -> None:
    """Make the table and land its first batch."""
    dice = Dice(1)
    rows = _rows(kind, dice, pa.array(range(kind.records(size))), batch=1, size=size)
    table = catalog.create_table(
        (database, kind.table),
        schema=rows.schema,
        location=f"s3://{bucket}/{database}/{kind.table}",
    )
    with table.transaction() as change:
        for first in range(0, rows.num_rows, FILE_ROWS):
            change.append(rows.slice(first, FILE_ROWS))
        change.set_properties({TableProperty.BATCH: "1"})


def land(
    catalog: Catalog,
    kind: Kind,
    *,
    database: str,
    size: int,
    batch: int,
    changed: int,
    recent: bool = False,
) -> None:
    """Land a batch of new versions; a small object has as many as its share.

    Recent ones are among ten times as many records as change, the last that were made.
    """
    dice = Dice(batch)
    known = kind.records(size)
    count = max(1, min(changed, round(changed * kind.share)))
    new = count // 11
    among = min(known, 10 * count) if recent else known
    old = pc.add(pc.unique(dice.whole(among, count - new)), known - among).to_pylist()
    numbers = pa.array([*old, *range(known + batch * count, known + batch * count + new)])
    table = catalog.load_table((database, kind.table))
    with table.transaction() as change:
        change.append(_rows(kind, dice, numbers, batch=batch, size=size))
        change.set_properties({TableProperty.BATCH: str(batch)})


def _rows(kind: Kind, dice: Dice, numbers: pa.Array, *, batch: int, size: int) -> pa.Table:
    """A version of each of these records, stamped on the day of the batch."""
    rows = len(numbers)
    extracted = START_MICROS + batch * DAY
    stamps = pc.subtract(extracted - 1, dice.whole(DAY, rows)).cast(TIME)
    days = pc.subtract(numbers, pc.multiply(pc.divide(numbers, 400), 400))
    # Before all that happens to a record.
    made = pc.subtract(START_MICROS - 400 * DAY, pc.multiply(days, DAY)).cast(TIME)
    columns = {"id": ids(kind.prefix, numbers)}
    columns |= {name: draw(dice, rows, size) for name, draw in kind.fields.items()}
    if kind.belongs_to:
        name, prefix = kind.belongs_to
        columns[name] = ids(prefix, numbers)
    columns |= {"createddate": made, "systemmodstamp": stamps}
    columns |= {
        SystemColumn.ORG_ID: pa.repeat("00D000000000001AAA", rows),
        SystemColumn.SOURCE: pa.repeat("salesforce", rows),
        SystemColumn.RUN_ID: pa.repeat(f"run-{batch}", rows),
        SystemColumn.EXTRACTED_AT: pa.repeat(pa.scalar(extracted, TIME), rows),
        SystemColumn.BATCH: pa.repeat(batch, rows),
        SystemColumn.CHANGE: pa.repeat("read", rows),
        SystemColumn.IS_DELETED: pa.repeat(False, rows),
        SystemColumn.DELETED_AT: pa.nulls(rows, TIME),
    }
    return pa.table({str(name): column for name, column in columns.items()})
