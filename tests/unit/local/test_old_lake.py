"""The old lake keeps what such systems keep, in their forms."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pyarrow.parquet as pq
import pytest
from moto import mock_aws

from lakehouse_local import old_lake
from lakehouse_local.salesforce_org.org import make, open_org
from lakehouse_local.salesforce_org.settings import Birth


@dataclass
class Lake:
    """An old lake in memory."""

    home: Any
    client: Any

    def rows(self, table: str) -> dict[str, dict[str, Any]]:
        body = self.client("s3").get_object(Bucket=old_lake.BUCKET, Key=f"{table}/data.parquet")
        found = pq.read_table(io.BytesIO(body["Body"].read())).to_pylist()
        return {row["id"]: row for row in found}


@dataclass
class Place:
    org: Path


@pytest.fixture
def lake(tmp_path, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    make(tmp_path, Birth(records=600, now=1_790_000_000.0))
    with mock_aws():
        yield Lake(Place(tmp_path), lambda name: boto3.client(name, region_name="us-east-1"))


def test_ids_are_short_and_times_and_flags_are_text(lake):
    old_lake.load(lake.home, lake.client)
    for table in ("sf_account", "sf_contact", "sf_opportunity"):
        for id_, row in lake.rows(table).items():
            assert (len(id_), len(row["ownerid"]), row["systemmodstamp"][10]) == (15, 15, " ")
    opportunity = next(iter(lake.rows("sf_opportunity").values()))
    assert opportunity["isclosed"] in ("true", "false")
    # A field that the org lacks.
    assert {row["donotcall"] for row in lake.rows("sf_contact").values()} == {None}
    columns = lake.client("glue").get_table(DatabaseName="old_lake", Name="sf_account")["Table"]
    types = {c["Name"]: c["Type"] for c in columns["StorageDescriptor"]["Columns"]}
    assert (types["createddate"], types["annualrevenue"]) == ("string", "double")


def test_what_is_deleted_stays_and_is_only_no_longer_seen(lake):
    old_lake.load(lake.home, lake.client)
    before = lake.rows("sf_account")
    org = open_org(lake.home.org)
    with org.store.writing() as db:
        (gone,) = db.execute('SELECT "Id" FROM r_Account WHERE "IsDeleted" = 0 LIMIT 1').fetchone()
        db.execute('UPDATE r_Account SET "IsDeleted" = 1 WHERE "Id" = ?', (gone,))
    org.close()
    old_lake.load(lake.home, lake.client)
    after = lake.rows("sf_account")
    assert after.keys() == before.keys()
    unseen = {id_ for id_, row in after.items() if row["in_last_load"] == "false"}
    assert unseen == {gone[:15]}


def test_a_planted_batch_has_keys_of_its_own(lake):
    old_lake.load(lake.home, lake.client)
    before = lake.rows("sf_account")
    lost = old_lake.plant_lost_batch(lake.client)
    assert len(set(lost)) == len(lost) > 0
    assert lake.rows("sf_account").keys() == before.keys() | set(lost)
    assert not before.keys() & set(lost)
