"""Notes of erasures: which are unfinished, and what stands in them."""

import json

import boto3
import pytest
from moto import mock_aws

from lakehouse_tools.erasure import note, run
from lakehouse_tools.erasure.model import Asked, Erasure, Found, Place, Survey, digest
from lakehouse_tools.errors import RequestError
from lakehouse_tools.versions import record_id
from lakehouse_tools.versions.raw_table import RawTable

ADA, BOB = "0035g00000QwErtAAF", "0035g00000QwEruAAF"
KEEPS = Place(database="raw", table="contact", rows=0, snapshots=1, former_files=0, removed=4)
TABLE = RawTable(object="Contact", name="contact", columns={}, entry={})


@pytest.fixture
def lake(account, stack):
    """``account`` with a bucket that answers."""
    with mock_aws():
        client = boto3.client(
            "s3", region_name="us-east-1", aws_access_key_id="t", aws_secret_access_key="t"
        )
        client.create_bucket(Bucket=stack.lake_bucket_name)
        account._clients["s3"] = client
        yield account


def asked(*ids):
    return [Asked(table=TABLE, ids=ids)]


def erasure(place=KEEPS, left=()):
    return Erasure(
        note="s3://lake/x", places=(place,), left=tuple(left), references=(), remains=("a",)
    )


def test_the_same_request_goes_on_with_its_note_and_another_does_not(lake, stack):
    key = note.begin(lake, stack, asked(ADA, BOB))
    assert note.unfinished(lake, stack) == {key: {digest(ADA), digest(BOB)}}
    assert note.begin(lake, stack, asked(BOB, ADA)) == key
    assert note.begin(lake, stack, asked(ADA)) != key
    note.end(lake, stack, key, erasure())
    assert key not in note.unfinished(lake, stack)
    assert note.begin(lake, stack, asked(ADA, BOB)) != key


def test_a_note_tells_what_was_proved_and_names_no_record(lake, stack):
    key = note.begin(lake, stack, asked(ADA))
    note.end(lake, stack, key, erasure())
    text = lake.client("s3").get_object(Bucket="lake", Key=key)["Body"].read().decode()
    found = json.loads(text)
    assert found["records"] == [{"object": "Contact", "sha256": digest(ADA)}]
    assert (found["proved"], found["remains"]) == (True, ["a"])
    assert found["places"][0]["removed"] == 4
    assert ADA not in text


@pytest.mark.parametrize(
    "unproved",
    [
        erasure(Place(**{**KEEPS.__dict__, "rows": 1})),
        erasure(Place(**{**KEEPS.__dict__, "snapshots": 2})),
        erasure(Place(**{**KEEPS.__dict__, "former_files": 1})),
        erasure(left=[Found(database="marts", table="dim_old", column="contact_id", rows=1)]),
    ],
)
def test_what_is_not_proved_stays_unfinished(lake, stack, unproved):
    key = note.begin(lake, stack, asked(ADA))
    note.end(lake, stack, key, unproved)
    assert key in note.unfinished(lake, stack)


class TestFound:
    @pytest.fixture(autouse=True)
    def unknown(self, monkeypatch):
        def refusal(*args, command):
            return RequestError(f"{command}: raw has no version of {args[-1]}")

        monkeypatch.setattr(record_id, "unknown", refusal)

    def require(self, lake, stack, versions, own=()):
        found = Survey(versions=versions, own=own, references=())
        run.require_found(lake, stack, asked(ADA, BOB), found)

    def test_one_id_that_raw_does_not_have_is_refused_with_all_others(self, lake, stack):
        self.require(lake, stack, {ADA: 2, BOB: 1})
        with pytest.raises(RequestError, match=f"erase: raw has no version of {BOB}"):
            self.require(lake, stack, {ADA: 2})

    def test_an_erasure_that_was_killed_goes_on_though_raw_is_clean(self, lake, stack):
        note.begin(lake, stack, asked(ADA, BOB))
        self.require(lake, stack, {})

    def test_rows_of_models_alone_are_reason_enough(self, lake, stack):
        own = (Found(database="marts", table="dim_contact", column="contact_id", rows=1),)
        self.require(lake, stack, {}, own)
        with pytest.raises(RequestError):
            self.require(lake, stack, {})
