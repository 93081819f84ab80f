"""A record that Salesforce sends twice in one answer lands once, in every kind of resync."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from lakehouse_jobs.extract.lookback import KEY_SCHEMA
from lakehouse_jobs.extract.resync.versions import Once
from tests.unit.jobs.conftest import ACCOUNT

local_aws = pytest.mark.local_aws
STAMP = datetime(2026, 3, 1, tzinfo=UTC)


def versions(*keys):
    rows = [
        {"id": i, "systemmodstamp": s, "_is_deleted": d, "value": n}
        for n, (i, s, d) in enumerate(keys)
    ]
    return pa.Table.from_pylist(rows, KEY_SCHEMA.append(pa.field("value", pa.int64())))


def test_each_version_passes_once_within_and_across_tables():
    once = Once()
    later = STAMP + timedelta(seconds=1)
    first = versions(
        ("b", STAMP, False), ("a", STAMP, False), ("b", STAMP, False), ("b", STAMP, True)
    )
    assert once.of(first)["value"].to_pylist() == [0, 1, 3]
    second = versions(
        ("a", STAMP, False), ("a", later, False), ("b", STAMP, True), ("a", None, False)
    )
    assert once.of(second)["value"].to_pylist() == [1, 3]
    assert len(once.of(second)) == len(once.of(first)) == 0


@pytest.fixture
def loaded(lab):
    """Ten records with a formula, loaded an hour ago."""
    lab.org.add_object("Account", {**ACCOUNT, "Score__c": ("double", {"calculated": True})})
    for number in range(10):
        lab.org.row("Account", Name=f"n{number}", Score__c="1.0")
    lab.run()
    lab.org.now += timedelta(hours=1)
    return lab


@local_aws
@pytest.mark.parametrize("mode", ["full", "reconcile", "refresh", "incremental"])
def test_sent_twice_within_a_page_and_across_pages(loaded, monkeypatch, mode):
    from lakehouse_jobs.raw import chunks

    monkeypatch.setattr(chunks, "CHUNK_ROWS", 2)
    org = loaded.org
    records = org.records["Account"]
    stamp = (org.now - timedelta(minutes=90)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    records[0] |= {"Score__c": "5.0", "SystemModstamp": stamp}
    records[1] |= {"Score__c": "6.0", "SystemModstamp": stamp}
    records.insert(1, dict(records[0]))
    records.append(dict(records[2]))
    records.append(dict(records[5]))  # as raw has it
    org.page_rows = 4
    range_ = {"since": stamp} if mode == "incremental" else {}
    outcome = loaded.run(mode=mode, **range_)["Account"]
    assert (outcome["status"], outcome["rows"]) == ("landed", 2)
    fetched = [query for query, _ in org.queries if " IN " in query]
    assert all(query.count(record["Id"]) == 1 for query in fetched for record in records[:2])
    assert bool(fetched) == (mode in ("reconcile", "refresh"))
    rows = [r for r in loaded.rows("account") if r["_batch"] == 2]
    assert sorted(r["score__c"] for r in rows) == [5.0, 6.0]
    assert loaded.run(mode=mode, **range_)["Account"]["rows"] == 0
