"""A lake with a record to be erased, through the shipped job, and its erasure from raw."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.bucket_bytes import holding
from tests.unit.jobs.conftest import ACCOUNT, fake_org, lab, local_aws_endpoint

__all__ = ["fake_org", "lab", "local_aws_endpoint"]

MARK = "Zyxada"


@dataclass
class Person:
    """A record of which nothing may be left; its values begin with MARK."""

    lab: Any
    record: dict
    said: list[str] = field(default_factory=list)

    @property
    def id(self) -> str:
        return self.record["Id"]

    @property
    def store(self):
        from lakehouse_jobs.raw.store import Store

        return Store(self.lab.bucket)

    def change(self, name: str) -> None:
        """A version that the next run brings."""
        self.lab.org.now += timedelta(minutes=30)
        moment = self.lab.org.now - timedelta(minutes=5)
        self.record["Name"] = name
        self.record["SystemModstamp"] = moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")

    def purge(self) -> None:
        """It is gone from the org, without a trace."""
        self.lab.org.records["Account"].remove(self.record)

    def asked(self):
        from lakehouse_tools.erasure.model import Asked
        from lakehouse_tools.versions.raw_table import RawTable

        table = RawTable(object="Account", name="account", columns={}, entry={})
        return Asked(table=table, ids=(self.id,))

    def erase(self, clock: Callable[[], datetime] | None = None):
        from lakehouse_tools.erasure import raw

        return raw.erase(
            self.lab.catalog,
            self.store,
            database=self.lab.database,
            asked=[self.asked()],
            # Whole seconds are told of files; what is there now is from before.
            clock=clock or (lambda: datetime.now(UTC) + timedelta(seconds=2)),
            say=self.said.append,
        )

    def found(self) -> list[str]:
        """Keys of the objects that say anything of it, packed or not."""
        return holding(self.lab.client("s3"), self.lab.bucket, MARK)

    def others(self) -> list[dict]:
        rows = [r for r in self.lab.rows("account") if r["id"] != self.id]
        return sorted(rows, key=lambda r: (r["id"], r["_batch"]))


@pytest.fixture
def person(lab) -> Person:
    """In raw with two versions, in a batch of its own and in one with others, and in _rejected."""
    lab.org.add_object("Account", ACCOUNT)
    for name in ("One", "Two", "Three"):
        lab.org.row("Account", Name=name, Amount__c="12 apples" if name == "Two" else "1.0")
    record = lab.org.row("Account", Name=f"{MARK} One", Amount__c=f"{MARK} apples")
    found = Person(lab, record if isinstance(record, dict) else lab.org.records["Account"][-1])
    lab.run()
    found.change(f"{MARK} Two")
    lab.run()
    return found
