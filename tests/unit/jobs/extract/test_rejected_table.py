"""Nonsense in fields: rows stay, values go to _rejected, each exactly once."""

import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

pytestmark = pytest.mark.local_aws

FIELDS = ("object", "id", "field", "value", "batch", "run_id")


class Killed(BaseException):
    """The process ends here."""


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
    from lakehouse_jobs.extract.rejected_table import Delivery

    with monkeypatch.context() as patch:
        none = Delivery(done=(), note=None)
        patch.setattr(landed, "deliver", lambda *_, **__: none)  # killed after the commit
        odd_lab.run()
        (named,) = waiting(odd_lab)
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


def waiting(lab):
    """The files that the table names and ``_rejected`` may lack."""
    text = lab.table("account").properties["lakehouse.rejected-file"]
    return json.loads(text or "[]")


@contextmanager
def denied(monkeypatch):
    """Nobody may write ``_rejected``."""
    from botocore.exceptions import ClientError

    from lakehouse_jobs.errors import CommitFailedError
    from lakehouse_jobs.raw.side_table import SideTable

    def fail(self, *_):
        if self.table.name()[-1] != "_rejected":
            return
        answer = {"Error": {"Code": "AccessDeniedException", "Message": "no"}}
        raise CommitFailedError("refused") from ClientError(answer, "UpdateTable")

    with monkeypatch.context() as patch:
        patch.setattr(SideTable, "append", fail)
        yield


def misfit(lab, name, amount):
    """A record with nonsense that changed since the last run."""
    lab.org.now += timedelta(minutes=30)
    stamp = (lab.org.now - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    lab.org.row("Account", Name=name, Amount__c=amount, SystemModstamp=stamp)


def test_where_the_table_cannot_be_written_the_values_of_every_run_wait(odd_lab, monkeypatch):
    with denied(monkeypatch):
        outcome = odd_lab.run()["Account"]
        assert outcome["status"] == "landed"
        (first,) = waiting(odd_lab)
        assert f"wait in {first}, as _rejected could not be written" in outcome["message"]
        assert "AccessDeniedException" in outcome["message"]
        assert "let the job's role write _rejected" in outcome["message"]
        misfit(odd_lab, "Five", "5 pears")
        outcome = odd_lab.run()["Account"]
        assert outcome["rejected"] == 1  # those that wait are not written a second time
        assert outcome["message"].count("as _rejected could not be written") == 2
        assert waiting(odd_lab)[0] == first
        assert len(waiting(odd_lab)) == 2
        assert odd_lab.run(mode="full")["Account"]["rejected"] == 0
        quiet = odd_lab.run()["Account"]["message"]
        assert f"wait in 2 files, the oldest {first}, as" in quiet
    assert odd_lab.rows("_rejected") == []
    assert odd_lab.run()["Account"]["message"] is None
    assert [r[:4] for r in rejected(odd_lab)] == [
        *(r[:4] for r in EXPECTED),
        ("Account", "001000000000005AAA", "Amount__c", "5 pears"),
    ]
    assert waiting(odd_lab) == []


def test_killed_between_two_deliveries_both_land_once(odd_lab, monkeypatch):
    from lakehouse_jobs.raw.side_table import SideTable

    with denied(monkeypatch):
        odd_lab.run()
        misfit(odd_lab, "Five", "5 pears")
        odd_lab.run()
    append = SideTable.append
    appended = []

    def once(self, *addresses):
        if self.table.name()[-1] == "_rejected":
            if appended:
                raise Killed
            appended.extend(addresses)
        append(self, *addresses)

    with monkeypatch.context() as patch:
        patch.setattr(SideTable, "append", once)
        with pytest.raises(Killed):
            odd_lab.run()
    assert len(rejected(odd_lab)) == 4
    assert len(waiting(odd_lab)) == 2
    misfit(odd_lab, "Six", "6 plums")
    odd_lab.run()
    assert [r[3] for r in rejected(odd_lab)[4:]] == ["5 pears", "6 plums"]
    assert len(rejected(odd_lab)) == 6
    assert waiting(odd_lab) == []


def test_a_name_from_before_there_were_lists_is_read(odd_lab, monkeypatch):
    with denied(monkeypatch):
        odd_lab.run()
        table = odd_lab.table("account")
        with table.transaction() as transaction:
            transaction.set_properties({"lakehouse.rejected-file": waiting(odd_lab)[0]})
        misfit(odd_lab, "Five", "5 pears")
        odd_lab.run()
        assert len(waiting(odd_lab)) == 2
    odd_lab.run()
    assert len(rejected(odd_lab)) == 5
    assert waiting(odd_lab) == []


def test_a_file_that_is_gone_is_told_once_and_the_others_are_added(odd_lab, monkeypatch):
    with denied(monkeypatch):
        odd_lab.run()
        misfit(odd_lab, "Five", "5 pears")
        odd_lab.run()
    bucket, _, key = waiting(odd_lab)[0].removeprefix("s3://").partition("/")
    odd_lab.client("s3").delete_object(Bucket=bucket, Key=key)
    outcome = odd_lab.run()["Account"]
    assert f"{key} with values that did not fit does not exist any more" in outcome["message"]
    assert [r[3] for r in rejected(odd_lab)] == ["5 pears"]
    assert waiting(odd_lab) == []
    assert odd_lab.run()["Account"]["message"] is None
    assert odd_lab.run(mode="full")["Account"]["rejected"] == 4  # as the sentence says
    assert len(rejected(odd_lab)) == 5


def test_a_delivery_takes_away_its_own_names_only(odd_lab, monkeypatch):
    from lakehouse_jobs.extract import rejected_table

    with denied(monkeypatch):
        odd_lab.run()
    (first,) = waiting(odd_lab)
    table = odd_lab.table("account")
    real = rejected_table._Named.validate

    def meanwhile(self, metadata):
        """Another run names a file between the look and the change."""
        if "other" not in odd_lab.table("account").properties["lakehouse.rejected-file"]:
            with odd_lab.table("account").transaction() as transaction:
                both = json.dumps([first, "s3://x/other"])
                transaction.set_properties({"lakehouse.rejected-file": both})
            metadata = odd_lab.table("account").metadata
        real(self, metadata)

    with monkeypatch.context() as patch:
        patch.setattr(rejected_table._Named, "validate", meanwhile)
        rejected_table._forget(table, [first])
    assert waiting(odd_lab) == ["s3://x/other"]


def test_a_run_that_does_not_know_a_name_cannot_land(odd_lab):
    from lakehouse_jobs.errors import SupersededError
    from lakehouse_jobs.raw.fence import put_fence

    odd_lab.run()
    table = odd_lab.table("account")
    read = dict(table.properties)
    with table.transaction() as transaction:
        transaction.set_properties({"lakehouse.rejected-file": '["s3://x/new"]'})

    def land(known, text):
        with odd_lab.table("account").transaction() as transaction:
            put_fence(transaction, known)
            transaction.set_properties({"lakehouse.rejected-file": text})

    with pytest.raises(SupersededError):
        land(read, '["s3://x/mine"]')
    knowing = {**read, "lakehouse.rejected-file": '["s3://x/new", "s3://x/delivered"]'}
    land(knowing, '["s3://x/new", "s3://x/mine"]')
    assert waiting(odd_lab) == ["s3://x/new", "s3://x/mine"]


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
