"""Nonsense in fields: rows stay, values go to _rejected, each exactly once."""

from datetime import UTC, datetime, timedelta

import pytest

pytestmark = pytest.mark.local_aws

FIELDS = ("object", "id", "field", "value", "batch", "run_id")


def rejected(lab):
    return sorted(tuple(r[f] for f in FIELDS) for r in lab.rows("_rejected"))


@pytest.fixture
def odd_lab(account_lab):
    """Two good records and two with nonsense."""
    org = account_lab.org
    org.row("Account", Name="Three", Amount__c="12 apples", NumberOfEmployees="5.5")
    org.row("Account", Name="Four", Birthday__c="0000-01-01", CreatedDate="soon")
    return account_lab


EXPECTED = [
    ("Account", "001000000000003AAA", "Amount__c", "12 apples", 1, "run-1"),
    ("Account", "001000000000003AAA", "NumberOfEmployees", "5.5", 1, "run-1"),
    ("Account", "001000000000004AAA", "Birthday__c", "0000-01-01", 1, "run-1"),
    ("Account", "001000000000004AAA", "CreatedDate", "soon", 1, "run-1"),
]


@pytest.mark.parametrize("api", ["bulk", "rest"])
def test_rows_are_kept_and_values_land_beside_them(odd_lab, api):
    if api == "rest":
        odd_lab.org.no_bulk.add("Account")
    outcome = odd_lab.run()["Account"]
    assert (outcome["status"], outcome["rows"], outcome["api"]) == ("landed", 4, api)
    assert outcome["rejected"] == 4
    assert outcome["message"].startswith("1 value of ")
    assert outcome["message"].endswith("did not fit, see _rejected")
    assert "apples" not in outcome["message"]
    assert rejected(odd_lab) == EXPECTED
    row = odd_lab.rows("_rejected")[0]
    assert row["systemmodstamp"] == datetime(2026, 3, 1, 11, tzinfo=UTC)
    assert row["rejected_at"] == datetime(2026, 3, 1, 12, tzinfo=UTC)
    rows = {r["name"]: r for r in odd_lab.rows("account")}
    assert (rows["One"]["amount__c"], rows["One"]["numberofemployees"]) == (23.0, 5)
    assert (rows["Three"]["amount__c"], rows["Three"]["numberofemployees"]) == (None, None)
    assert (rows["Four"]["birthday__c"], rows["Four"]["createddate"]) == (None, None)
    assert odd_lab.table("account").properties["lakehouse.rejected-file"] == ""


def test_a_windows_overlap_and_a_resync_bring_no_value_twice(odd_lab):
    org = odd_lab.org
    for record in org.records["Account"]:
        record["SystemModstamp"] = (org.now - timedelta(minutes=2)).strftime(
            "%Y-%m-%dT%H:%M:%S.000Z"
        )
    assert odd_lab.run()["Account"]["rejected"] == 4
    org.now += timedelta(minutes=5)
    again = odd_lab.run()["Account"]
    assert (again["rows"], again["rejected"], again["message"]) == (0, 0, None)
    full = odd_lab.run(mode="full")["Account"]
    assert (full["rows"], full["rejected"]) == (0, 0)
    assert rejected(odd_lab) == EXPECTED


def test_a_new_version_brings_its_value_again(odd_lab):
    org = odd_lab.org
    odd_lab.run()
    org.now += timedelta(minutes=30)
    org.records["Account"][2]["SystemModstamp"] = "2026-03-01T12:20:00.000Z"
    assert odd_lab.run()["Account"]["rejected"] == 2
    assert len(rejected(odd_lab)) == 6


def test_too_many_fail_before_anything_is_committed(odd_lab):
    odd_lab.config["objects"] = {"Account": {"max_rejected": 3}}
    outcome = odd_lab.run()["Account"]
    assert outcome["error"] == "TooManyRejectedError"
    assert "objects.Account.max_rejected" in outcome["message"]
    assert "apples" not in outcome["message"]
    assert odd_lab.rows("account") == []
    assert odd_lab.keys(f"{odd_lab.database}/account/data/") == []
    odd_lab.config["objects"] = {"Account": {"max_rejected": 4}}
    assert odd_lab.run()["Account"]["rejected"] == 4


def test_what_a_dead_run_left_is_added_by_the_next(odd_lab, monkeypatch):
    from lakehouse_jobs.extract import landed

    with monkeypatch.context() as patch:
        patch.setattr(landed, "deliver", lambda *_, **__: None)  # killed after the commit
        odd_lab.run()
        named = odd_lab.table("account").properties["lakehouse.rejected-file"]
        assert named.startswith(f"s3://{odd_lab.bucket}/{odd_lab.database}/_rejected/")
        assert odd_lab.rows("_rejected") == []
    odd_lab.org.now += timedelta(minutes=30)
    odd_lab.run()
    assert rejected(odd_lab) == EXPECTED
    assert odd_lab.table("account").properties["lakehouse.rejected-file"] == ""
    odd_lab.run()
    assert rejected(odd_lab) == EXPECTED


def test_a_file_that_was_added_and_not_forgotten_lands_once(odd_lab, monkeypatch):
    from lakehouse_jobs.extract import rejected_table

    with monkeypatch.context() as patch:
        patch.setattr(rejected_table, "_forget", lambda *_: None)  # killed in between
        odd_lab.run()
        assert odd_lab.table("account").properties["lakehouse.rejected-file"]
    odd_lab.run()
    assert rejected(odd_lab) == EXPECTED
    assert odd_lab.table("account").properties["lakehouse.rejected-file"] == ""


def test_where_the_table_cannot_be_written_the_values_wait(odd_lab, monkeypatch):
    from lakehouse_jobs.errors import CommitFailedError
    from lakehouse_jobs.raw.side_table import SideTable

    def fail(*_):
        raise CommitFailedError("refused")

    with monkeypatch.context() as patch:
        patch.setattr(SideTable, "append", fail)
        outcome = odd_lab.run()["Account"]
        assert outcome["status"] == "landed"
        assert "the next run of this object adds them" in outcome["message"]
    odd_lab.run()
    assert rejected(odd_lab) == EXPECTED


def test_a_commit_that_was_refused_leaves_no_value(odd_lab, monkeypatch):
    from lakehouse_jobs.errors import SupersededError
    from lakehouse_jobs.extract import landed

    def fail(raw, landing, *, store):
        store.discard([*landing.files, landing.lookback_file])
        raise SupersededError("another run was first")

    with monkeypatch.context() as patch:
        patch.setattr(landed, "commit", fail)
        assert odd_lab.run()["Account"]["status"] == "superseded"
        assert odd_lab.rows("_rejected") == []
        assert odd_lab.keys(f"{odd_lab.database}/_rejected/data/") == []
    odd_lab.run()
    assert [r[:4] for r in rejected(odd_lab)] == [r[:4] for r in EXPECTED]


def test_bytes_that_are_no_text_are_replaced_and_kept_escaped(account_lab):
    org = account_lab.org
    org.row("Account", Name="broken MARK here")
    org.mood("GET", "results", times=-1, edit=lambda b: b.replace(b"MARK", b"\xff\xfe"))
    outcome = account_lab.run()["Account"]
    assert (outcome["status"], outcome["rejected"]) == ("landed", 1)
    assert "broken \ufffd\ufffd here" in {r["name"] for r in account_lab.rows("account")}
    assert [r[2:4] for r in rejected(account_lab)] == [("Name", "broken \\xff\\xfe here")]


def test_a_row_that_is_longer_than_a_block_is_read_with_a_longer_one(account_lab):
    account_lab.org.row("Account", Name="x" * 3_000_000)
    account_lab.org.row("Account", Name="y" * 131_072 + "\0")
    outcome = account_lab.run()["Account"]
    assert (outcome["status"], outcome["rows"], outcome["rejected"]) == ("landed", 4, 0)
    found = {len(r["name"]) for r in account_lab.rows("account")}
    assert found == {3, 3_000_000, 131_073}


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize(
    ("where", "edge", "nth"),
    [
        ("save_rejected", "end", 1),  # the file is written, nothing names it
        ("commit", "end", 1),  # the rows landed and name the file
        ("save_rejected", "begin", 2),  # before it is added
        ("save_rejected", "end", 2),  # added and forgotten
    ],
)
def test_killed_at_every_step_each_value_lands_once(odd_lab, monkeypatch, where, edge, nth):
    from lakehouse_jobs.extract import steps

    met = []

    def hook(step, at):
        met.append((step.value, at))
        if met.count((where, edge)) == nth and met[-1] == (where, edge):
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(steps, "hook", hook)
        with pytest.raises(Killed):
            odd_lab.run()
    odd_lab.org.now += timedelta(minutes=30)
    odd_lab.run()
    odd_lab.run()
    assert [r[:5] for r in rejected(odd_lab)] == [r[:5] for r in EXPECTED]
    assert len(odd_lab.rows("account")) == 4
    assert not odd_lab.table("account").properties.get("lakehouse.rejected-file")
