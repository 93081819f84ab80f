"""Result pages as the Bulk API gives them, rendered once to files that a server can send.

An Account of 32 columns: about 560 bytes a row, every value quoted, quotes and newlines
within some, nulls in most. 20 pages of 50,000 rows differ; larger sets repeat their values
under new Ids, so that no row is there twice.
"""

import csv
import gzip
import io
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Final

PAGE_ROWS: Final = 50_000
DISTINCT_PAGES: Final = 20
GZIP_LEVEL: Final = 6
OBJECT: Final = "Account"
# API name: type, length of text in characters.
FIELDS: Final[dict[str, tuple[str, int]]] = {
    "Id": ("id", 18),
    "IsDeleted": ("boolean", 0),
    "Name": ("string", 255),
    "Type": ("picklist", 255),
    "ParentId": ("reference", 18),
    "BillingStreet": ("textarea", 255),
    "BillingCity": ("string", 40),
    "BillingState": ("string", 80),
    "BillingPostalCode": ("string", 20),
    "BillingCountry": ("string", 80),
    "BillingLatitude": ("double", 0),
    "BillingLongitude": ("double", 0),
    "Phone": ("phone", 40),
    "Website": ("url", 255),
    "Email__c": ("email", 80),
    "Industry": ("picklist", 255),
    "AnnualRevenue": ("currency", 0),
    "Amount__c": ("currency", 0),
    "NumberOfEmployees": ("int", 0),
    "Description": ("textarea", 32_000),
    "OwnerId": ("reference", 18),
    "Active__c": ("boolean", 0),
    "Score__c": ("double", 0),
    "Discount__c": ("percent", 0),
    "ExternalId__c": ("string", 36),
    "RenewalDate__c": ("date", 0),
    "ContractEnd__c": ("datetime", 0),
    "CreatedDate": ("datetime", 0),
    "CreatedById": ("reference", 18),
    "LastModifiedDate": ("datetime", 0),
    "LastModifiedById": ("reference", 18),
    "SystemModstamp": ("datetime", 0),
}
NEWEST: Final = datetime(2026, 3, 1, tzinfo=UTC)  # of the stamps
_WORDS: Final = tuple(
    """account agreed annual board branch budget call central client contract customer demand
    director east engineer european field first global group growth holding industrial key
    lead local market meeting network new north office open order partner plant product
    project quarter regional renewal sales sector service site south supply system team
    technical trade union unit west works""".split()  # noqa: SIM905
)
_FIRST: Final = ("Nord", "Süd", "Alt", "New ", "Port ", "Saint-")
_CITIES: Final = tuple(
    a + b for a in _FIRST for b in ("ville", "berg", "haven", "ford", "dorf", "mouth", "ham")
)


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page's files."""

    plain: Path
    packed: Path  # gzip
    rows: int


def page(folder: Path, number: int) -> Page:
    """Where a page lies."""
    name = f"{number:04d}.csv"
    return Page(plain=folder / name, packed=folder / f"{name}.gz", rows=PAGE_ROWS)


def render(folder: Path, pages: int, *, packed: int = 0) -> list[Page]:
    """Make what is missing of so many pages, the first ``packed`` of them also as gzip."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [page(folder, n) for n in range(pages)]
    for base in range(min(pages, DISTINCT_PAGES)):
        missing = [n for n in range(base, pages, DISTINCT_PAGES) if not wanted[n].plain.exists()]
        if missing:
            tails = list(_tails(base))
            for number in missing:
                _write(wanted[number].plain, _body(number, tails))
    for each in wanted[:packed]:
        if not each.packed.exists():
            _write(each.packed, gzip.compress(each.plain.read_bytes(), GZIP_LEVEL))
    return wanted


def changed(rows: int, moment: datetime) -> list[dict[str, str]]:
    """Records as text, changed at a moment: what an incremental run reads."""
    records: list[dict[str, str]] = []
    for number, row in zip(range(rows), _rows(random.Random(7)), strict=False):
        record = dict(zip(FIELDS, [_id(number * 37), *row], strict=True))
        records.append(record | {"SystemModstamp": _text(moment), "Name": f"Changed {number}"})
    return records


def csv_of(records: Sequence[dict[str, str]]) -> bytes:
    """A result page of records."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(FIELDS)
    writer.writerows([r[name] for name in FIELDS] for r in records)
    return text.getvalue().encode()


def _write(path: Path, data: bytes) -> None:
    partial = path.with_suffix(".partial")
    partial.write_bytes(data)
    partial.rename(path)


def _body(number: int, tails: Sequence[bytes]) -> bytes:
    first = number * PAGE_ROWS
    header = ",".join(f'"{name}"' for name in FIELDS).encode() + b"\n"
    return header + b"".join(
        b'"%s",%s' % (_id(first + i).encode(), tail) for i, tail in enumerate(tails)
    )


def _tails(base: int) -> Iterator[bytes]:
    """Rows of a page as CSV, without their Ids."""
    source = _rows(random.Random(base))
    for _ in range(PAGE_ROWS):
        yield (",".join('"' + v.replace('"', '""') + '"' for v in next(source)) + "\n").encode()


def _id(number: int) -> str:
    return f"0015e{number:010d}AAA"


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _rows(chance: random.Random) -> Iterator[list[str]]:
    """Values of all fields but Id."""
    pick, number = chance.choice, chance.random
    owners = [f"0055e{n:010d}AAM" for n in chance.sample(range(10_000), 120)]
    day = timedelta(days=1)
    for _ in count():
        name = (
            f"{pick(_WORDS).title()} {pick(_WORDS).title()} {pick(('GmbH', 'Ltd', 'Inc.', 'SA'))}"
        )
        if number() < 0.02:
            name = f'{name} "{pick(_WORDS)}"'
        city = pick(_CITIES)
        host = f"{pick(_WORDS)}-{chance.randrange(100_000)}.example"
        created = NEWEST - day * (number() * 2500)
        modified = created + (NEWEST - created) * number()
        note = " ".join(chance.choices(_WORDS, k=chance.randrange(2, 24)))
        if number() < 0.1:
            note = f'{note}\n"{pick(_WORDS)}", {pick(_WORDS)}'
        some = number()
        floor = "\n2. Stock" if some < 0.1 else ""
        renewal = NEWEST + day * chance.randrange(1200)
        yield [
            "true" if number() < 0.01 else "false",
            name,
            pick(("Customer - Direct", "Customer - Channel", "Prospect", "Partner", "")),
            f"0015e{chance.randrange(50_000):010d}AAA" if some < 0.3 else "",
            f"{pick(_WORDS).title()}strasse {chance.randrange(1, 250)}{floor}",
            city,
            city[:2].upper(),
            f"{chance.randrange(100_000):05d}",
            pick(("Germany", "France", "United Kingdom", "United States", "Österreich")),
            f"{47 + 8 * number():.6f}" if some < 0.7 else "",
            f"{6 + 9 * number():.6f}" if some < 0.7 else "",
            f"+49 {chance.randrange(100, 999)} {chance.randrange(10**7):07d}",
            f"https://www.{host}",
            f"info@{host}",
            pick(("Banking", "Energy", "Retail", "Technology", "Manufacturing", "")),
            f"{chance.randrange(10**8)}.0" if some < 0.8 else "",
            f"{chance.randrange(10**7) / 100:.2f}",
            str(chance.randrange(20_000)) if some < 0.9 else "",
            note,
            pick(owners),
            "true" if some < 0.8 else "false",
            f"{number() * 100:.3f}",
            str(pick((0, 5, 10, 15, 20, 25))),
            f"{chance.getrandbits(64):016x}",
            f"{renewal:%Y-%m-%d}",
            _text(NEWEST + day * chance.randrange(900)) if some < 0.6 else "",
            _text(created),
            pick(owners),
            _text(modified),
            pick(owners),
            _text(modified),
        ]  # fmt: skip
