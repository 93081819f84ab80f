"""Answers of the catalog that are lost after it made the change, and requests that never came."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.jobs.raw.moody_glue import APPLIED, BUSY, DROPPED, proxying

pytestmark = pytest.mark.local_aws


@pytest.fixture(params=["repeated by the SDK", "told to us"])
def moody(request, lab):
    """A proxy before the catalog; the SDK repeats lost requests by itself, or not."""
    import boto3
    from botocore.config import Config
    from pyiceberg.catalog.glue import GlueCatalog

    with proxying(lab.endpoint) as proxy:
        attempts = 3 if request.param == "repeated by the SDK" else 1
        retries = {"total_max_attempts": attempts, "mode": "standard"}
        client = boto3.client(
            "glue", endpoint_url=proxy.address, config=Config(retries=retries, read_timeout=10)
        )
        lab.__dict__["catalog"] = GlueCatalog(
            "lakehouse",
            client=client,
            **{
                "s3.endpoint": lab.endpoint,
                "s3.region": "us-east-1",
                "py-io-impl": "pyiceberg.io.pyarrow.PyArrowFileIO",
            },
        )
        yield proxy


@pytest.mark.parametrize("mood", [APPLIED, DROPPED, BUSY])
def test_rows_land_once(moody, mood, grown):
    grown.commit()
    moody.moods = [mood]
    grown.commit()
    assert moody.met == 1
    grown.commit()
    assert [r["_batch"] for r in grown.rows()] == [1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert grown.open().state.batch == 3
    assert grown.files("data") == grown.referred()[1]
    assert grown.referred()[0] <= grown.files("metadata")


@pytest.mark.parametrize("mood", [APPLIED, DROPPED])
def test_a_watermark_alone_moves(moody, mood, grown):
    from dataclasses import replace

    from lakehouse_jobs.raw.commit import commit

    grown.commit()
    raw = grown.open()
    landing = grown.landing(raw)
    moody.moods = [mood]
    commit(raw, replace(landing, files=[]), store=grown.store)
    state = grown.open().state
    assert (state.watermark, state.batch) == (landing.watermark, 1)
    assert grown.store.read(grown.store.key_of(landing.lookback_file)) == b""


def test_a_refusal_for_good_is_no_lost_answer(grown, monkeypatch):
    from botocore.exceptions import ClientError

    from lakehouse_jobs.errors import CommitFailedError

    def refused(*_):
        raise ClientError(
            {
                "Error": {"Code": "AccessDeniedException", "Message": "not you"},
                "ResponseMetadata": {"HTTPStatusCode": 400},
            },
            "UpdateTable",
        )

    raw = grown.open()
    landing = grown.landing(raw)
    from lakehouse_jobs.raw.commit import commit

    monkeypatch.setattr(raw.table.catalog, "commit_table", refused)
    with pytest.raises(CommitFailedError, match=r"did not land.*not you"):
        commit(raw, landing, store=grown.store)
    assert grown.files("data") == set()


def test_an_expiry_whose_answer_is_lost_deletes_what_it_expired(moody, grown, eager):
    from lakehouse_jobs.raw.maintenance.upkeep import maintain

    grown.commit(5)
    moody.moods = [APPLIED]
    assert maintain(grown.table, grown.store, now=datetime.now(UTC) + timedelta(hours=7)) is None
    assert moody.met == 1
    assert len(grown.table.metadata.snapshots) == 3
    assert grown.files("metadata") - grown.referred()[0] == set()
    assert len(grown.rows()) == 15


def test_an_expiry_that_never_came_deletes_nothing(grown, eager, moody):
    from lakehouse_jobs.raw.maintenance.upkeep import maintain

    grown.commit(5)
    moody.moods = [DROPPED] * 3
    told = maintain(grown.table, grown.store, now=datetime.now(UTC) + timedelta(hours=7))
    assert told is not None
    assert "the upkeep goes on after a later commit" in told
    assert len(grown.table.metadata.snapshots) == 5
    assert grown.referred()[0] <= grown.files("metadata")
    assert len(grown.rows()) == 15


def test_a_rewrite_whose_answer_is_lost_counts(moody, grown, merging):
    from lakehouse_jobs.raw.maintenance.upkeep import maintain

    grown.commit(4)
    before = grown.rows()
    moody.moods = [APPLIED]
    assert maintain(grown.table, grown.store) is None
    assert moody.met == 1
    assert len(list(grown.table.scan().plan_files())) == 1
    assert grown.rows() == before
    assert grown.files("data") == grown.referred()[1]


def test_a_rewrite_that_never_came_changes_nothing(grown, merging, moody):
    from lakehouse_jobs.raw.maintenance.upkeep import maintain

    grown.commit(4)
    before = grown.rows()
    moody.moods = [DROPPED] * 3
    assert maintain(grown.table, grown.store) is not None
    assert grown.rows() == before
    assert grown.referred()[1] <= grown.files("data")


@pytest.mark.parametrize("mood", [APPLIED, DROPPED])
def test_a_side_tables_file_lands_once(moody, mood, lab, grown):
    from lakehouse_jobs.raw.schema import RawColumn
    from lakehouse_jobs.raw.side_table import open_side_table

    columns = [RawColumn(name="n", type="long", comment="")]
    table = open_side_table(
        lab.catalog, database=lab.database, bucket=lab.bucket, name="_side", columns=columns
    )
    address = table.write(grown.store, "one", [{"n": 1}])
    moody.moods = [mood]
    table.append(address)
    table.append(address)
    assert moody.met == 1
    assert lab.rows("_side")[0]["n"] == len(lab.rows("_side")) == 1
