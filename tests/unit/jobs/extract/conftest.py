"""A page reader over the fake org, without a lake: its rows stay in memory."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from lakehouse_jobs.contract.objects import FieldRules
from lakehouse_jobs.contract.raw_log import Change
from lakehouse_jobs.extract.columns import select
from lakehouse_jobs.extract.page import Shaper
from lakehouse_jobs.extract.pages import PageReader
from lakehouse_jobs.extract.parts import Part
from lakehouse_jobs.extract.rejects import Tally
from lakehouse_jobs.extract.shape import Stamp
from lakehouse_jobs.extract.window import Window, soql
from lakehouse_jobs.raw.schema import SYSTEM_COLUMNS, file_schema, new_schema
from lakehouse_jobs.salesforce import Org

NO_RULES = FieldRules()


@dataclass
class MemorySink:
    """Keeps pages by their number, as a real sink keeps files."""

    pages: dict = field(default_factory=dict)
    discarded: int = 0

    def take(self, number, tables):
        page = [row for table in tables for row in table.to_pylist()]
        self.pages[number] = page
        return Part(read=len(page), rows=len(page), file=str(number))

    def discard(self, parts):
        for part in parts:
            del self.pages[int(part.file)]
            self.discarded += 1

    @property
    def rows(self):
        found = [row for page in self.pages.values() for row in page]
        return sorted(found, key=lambda row: row["id"])


@dataclass
class Reads:
    """Reads objects of an org, each with a sink of its own."""

    org: Org
    pool: ThreadPoolExecutor

    def reader(self, name, *, rules=NO_RULES):
        description = self.org.describe(name)
        selection = select(description, rules)
        stamp = Stamp(
            org_id=self.org.org_id,
            run_id="run",
            extracted_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
            batch=1,
            change=Change.READ,
        )
        whole = new_schema([*selection.wanted, *SYSTEM_COLUMNS])
        schema = file_schema(whole, selection.wanted)
        reader = PageReader(
            org=self.org,
            shaper=Shaper(
                selection=selection,
                stamp=stamp,
                schema=schema,
                tally=Tally(object_name=name, limit=0, known=frozenset),
            ),
            sink=MemorySink(),
            pool=self.pool,
            at_once=2,
            progress=lambda part: None,
        )
        everything = Window(start=None, end=datetime(2027, 1, 1, tzinfo=UTC), new_from=None)
        return reader, soql(name, selection, everything)

    def __call__(self, name, *, likely_small=False, rules=NO_RULES):
        """The API that served, and the rows."""
        reader, query = self.reader(name, rules=rules)
        reading = reader.read(query, likely_small=likely_small)
        return reading.api, reader.sink.rows


@pytest.fixture
def reads(transport):
    with ThreadPoolExecutor(2) as pool:
        yield Reads(Org(transport, api_version="62.0"), pool)
