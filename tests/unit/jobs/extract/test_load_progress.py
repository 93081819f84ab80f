"""Loads that were interrupted: the next run goes on where it can, and starts over where not."""

import json
from datetime import timedelta

import pytest

pytestmark = pytest.mark.local_aws

ROWS = 60
PAGE = "results\\?locator="


@pytest.fixture
def broken(account_lab):
    """A first load of six pages, of which the fourth cannot be read."""
    org = account_lab.org
    for number in range(ROWS - 2):
        org.row("Account", Name=f"n{number}")
    org.page_rows = 10
    org.mood("GET", f"{PAGE}30$", status=503, times=6)
    assert account_lab.run()["Account"]["status"] == "failed"
    assert account_lab.rows("account") == []
    org.log.clear()
    return account_lab


def load_folder(lab):
    return next(k for k in lab.keys("loads/account/") if k.count("/") == 3)[: -len("load.json")]


def put(lab, key, body):
    lab.client("s3").put_object(Bucket=lab.bucket, Key=key, Body=body)


def assert_landed_once(lab):
    """Each version once, nothing left of any load, and every data file is in the table."""
    rows = lab.rows("account")
    expected = {(r["Id"], r["SystemModstamp"][:19]) for r in lab.org.records["Account"]}
    found = [(r["id"], r["systemmodstamp"].strftime("%Y-%m-%dT%H:%M:%S")) for r in rows]
    assert sorted(found) == sorted(expected)
    assert lab.keys("loads/") == []
    files = {f"s3://{lab.bucket}/{k}" for k in lab.keys(f"{lab.database}/account/data/")}
    assert files == set(lab.table("account").inspect.files()["file_path"].to_pylist())
    assert len(lab.keys(f"{lab.database}/_lookback/account/")) == 1
    assert set(lab.org.deleted_jobs) == set(lab.org.jobs)


@pytest.mark.parametrize("listed", [True, False], ids=["side by side", "one by one"])
def test_the_next_run_reads_only_the_pages_not_done(account_lab, listed):
    org = account_lab.org
    org.has_result_pages = listed
    for number in range(ROWS - 2):
        org.row("Account", Name=f"n{number}")
    org.page_rows = 10
    org.mood("GET", f"{PAGE}30$", status=503, times=6)
    assert account_lab.run()["Account"]["status"] == "failed"
    done = len([k for k in account_lab.keys("loads/") if "/pages/" in k])
    assert done >= 3
    org.log.clear()
    outcome = account_lab.run()["Account"]
    assert (outcome["status"], outcome["resumed"], outcome["rows"]) == ("landed", True, ROWS)
    assert (outcome["pages"], outcome["batch"]) == (6, 1)
    assert org.calls("GET", "/results") == 6 - done
    assert org.calls("POST", "jobs/query") == 0
    assert_landed_once(account_lab)
    # Rows say which run read them; they land in one batch.
    rows = account_lab.rows("account")
    assert {r["_run_id"] for r in rows} == {"run-1", "run-2"}
    assert {r["_batch"] for r in rows} == {1}


def test_the_window_is_that_of_the_load(broken):
    broken.org.now += timedelta(hours=5)
    broken.org.row("Account", Name="later")
    outcome = broken.run()["Account"]
    assert outcome["rows"] == ROWS
    assert outcome["watermark_after"] == "2026-03-01T11:59:00.000Z"
    assert broken.run()["Account"]["rows"] == 1
    assert_landed_once(broken)


def test_keys_of_reused_pages_are_known_to_the_next_run(account_lab):
    org = account_lab.org
    just_before = org.now - timedelta(minutes=2)
    for number in range(40):
        org.row(
            "Account", SystemModstamp=just_before.strftime("%Y-%m-%dT%H:%M:%S.000Z"), Name=number
        )
    org.page_rows = 10
    org.mood("GET", f"{PAGE}30$", status=503, times=6)
    account_lab.run()
    assert account_lab.run()["Account"]["resumed"]
    org.now += timedelta(minutes=3)
    outcome = account_lab.run()["Account"]
    assert (outcome["read"], outcome["rows"]) == (40, 0)
    assert_landed_once(account_lab)


def test_a_job_that_is_gone_starts_over(broken):
    org = broken.org
    org.deleted_jobs += list(org.jobs)
    outcome = broken.run()["Account"]
    assert (outcome["status"], outcome["resumed"], outcome["rows"]) == ("landed", False, ROWS)
    assert len(org.jobs) == 2
    assert_landed_once(broken)


@pytest.mark.parametrize("state", ["Aborted", "Failed"])
def test_a_job_that_somebody_aborted_starts_over(broken, state):
    org = broken.org
    org.mood("GET", "jobs/query/750000000000000AAA$", body={"id": "750", "state": state})
    outcome = broken.run()["Account"]
    assert (outcome["status"], outcome["resumed"]) == ("landed", False)
    assert_landed_once(broken)


@pytest.mark.parametrize(
    "body", [b'{"format": 1, "id": ', b"null", b'{"format": 1, "rejected": 7}']
)
@pytest.mark.parametrize("name", ["load.json", "pages/00001.json"])
def test_a_broken_record_counts_as_none(broken, name, body):
    put(broken, load_folder(broken) + name, body)
    outcome = broken.run()["Account"]
    assert outcome["status"] == "landed"
    assert outcome["resumed"] is (name != "load.json")
    if name == "load.json":  # nobody knows its job any more
        broken.org.deleted_jobs.append(next(iter(broken.org.jobs)))
    assert_landed_once(broken)


@pytest.mark.parametrize("what", ["gone", "cut", "other"])
def test_a_page_whose_file_is_not_whole_is_read_again(broken, what):
    page = broken.json(load_folder(broken) + "pages/00001.json")
    key = page["file"].split("/", 3)[3]
    s3 = broken.client("s3")
    if what == "gone":
        s3.delete_object(Bucket=broken.bucket, Key=key)
    elif what == "cut":
        put(broken, key, b"PAR1")
    else:
        put(broken, key, b"x" * page["size"])
    outcome = broken.run()["Account"]
    assert (outcome["status"], outcome["resumed"], outcome["rows"]) == ("landed", True, ROWS)
    assert_landed_once(broken)


def test_another_selection_starts_over(broken):
    broken.config["defaults"]["fields"] = {"exclude": ["Name"]}
    outcome = broken.run()["Account"]
    assert (outcome["status"], outcome["resumed"]) == ("landed", False)
    assert "name" not in broken.table("account").scan().to_arrow().drop_null().column_names or all(
        r["name"] is None for r in broken.rows("account")
    )
    assert_landed_once(broken)


def test_a_field_hashed_since_starts_over(broken):
    broken.config["defaults"]["fields"] = {"hash": ["Name"]}
    assert broken.run()["Account"]["resumed"] is False
    assert all(r["name"] is None or len(r["name"]) == 64 for r in broken.rows("account"))
    assert_landed_once(broken)


def test_what_stayed_of_a_load_that_landed_goes_and_its_files_stay(account_lab, monkeypatch):
    from lakehouse_jobs.extract.load_progress import Load

    with monkeypatch.context() as patch:
        patch.setattr(Load, "finish", lambda *_: None)
        account_lab.run()
    assert account_lab.keys("loads/account/")
    outcome = account_lab.run()["Account"]
    assert (outcome["status"], outcome["resumed"]) == ("unchanged", False)
    assert_landed_once(account_lab)


def test_a_slow_owner_neither_lands_nor_deletes_what_another_run_took_over(
    account_lab, monkeypatch
):
    """The first run stops between its last page and its commit; a second one overtakes it."""
    from lakehouse_jobs.extract import extraction

    org = account_lab.org
    for number in range(ROWS - 2):
        org.row("Account", Name=f"n{number}")
    org.page_rows = 10
    real = extraction.land
    overtaker = {}

    def slow(*arguments, **more):
        monkeypatch.setattr(extraction, "land", real)
        store = account_lab.client("s3")
        store.delete_object(Bucket=account_lab.bucket, Key="loads/account/load.json")
        overtaker.update(account_lab.run()["Account"])
        return real(*arguments, **more)

    monkeypatch.setattr(extraction, "land", slow)
    outcome = account_lab.run()["Account"]
    assert (overtaker["status"], overtaker["resumed"]) == ("landed", True)
    assert overtaker["rows"] == ROWS
    assert outcome["status"] == "superseded"
    assert_landed_once(account_lab)


def test_a_slow_owner_that_fails_leaves_what_another_run_took_over(broken, monkeypatch):
    """It is fenced out before its files are reused."""
    from lakehouse_jobs.errors import SupersededError
    from lakehouse_jobs.extract import extraction
    from lakehouse_jobs.extract.leftovers import drop

    taken = []
    real = extraction._read

    def read(load):
        former = load.__class__(
            subject=load.subject, record=load.record, tag='"of an earlier record"'
        )
        drop(former)
        with pytest.raises(SupersededError):
            former.job_created("750x")
        taken.append(load)
        return real(load)

    monkeypatch.setattr(extraction, "_read", read)
    assert broken.run()["Account"]["resumed"] is True
    assert len(taken) == 1
    assert_landed_once(broken)


def test_a_failure_that_would_repeat_leaves_nothing(account_lab, monkeypatch):
    from lakehouse_jobs.errors import ValueRefusedError
    from lakehouse_jobs.extract.file_sink import FileSink

    org = account_lab.org
    for number in range(28):
        org.row("Account", Name=f"n{number}")
    org.page_rows = 10
    real = FileSink.take

    def take(self, number, tables):
        if number == 2:
            raise ValueRefusedError("a value does not fit")
        return real(self, number, tables)

    monkeypatch.setattr(FileSink, "take", take)
    assert account_lab.run()["Account"]["error"] == "ValueRefusedError"
    assert account_lab.keys("loads/") == []
    assert account_lab.keys(f"{account_lab.database}/account/data/") == []
    assert org.deleted_jobs == list(org.jobs)


def test_a_commit_of_unknown_outcome_is_taken_up_by_the_next_run(account_lab, monkeypatch):
    from botocore.exceptions import ReadTimeoutError
    from pyiceberg.catalog.glue import GlueCatalog

    org = account_lab.org
    for number in range(28):
        org.row("Account", Name=f"n{number}")
    org.page_rows = 10
    account_lab.run()  # so that the table is there
    org.now += timedelta(hours=2)
    org.row("Account", Name="late")

    real = GlueCatalog.commit_table

    def lost(self, table, *arguments):
        if table.name()[-1] == "account":
            raise ReadTimeoutError(endpoint_url="glue")
        return real(self, table, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(GlueCatalog, "commit_table", lost)
        outcome = account_lab.run()["Account"]
    assert outcome["status"] == "failed"
    assert account_lab.run()["Account"]["rows"] == 1
    assert_landed_once(account_lab)


def test_records_are_json_of_the_documented_keys(broken):
    folder = load_folder(broken)
    record = broken.json(folder + "load.json")
    assert record["job_id"] == next(iter(broken.org.jobs))
    assert record["window"] == {"start": None, "end": "2026-03-01T11:59:00+00:00", "new_from": None}
    assert json.loads(record["state"]) == [None, 0, None]
    page = broken.json(folder + "pages/00000.json")
    assert (page["read"], page["rows"]) == (10, 10)
    assert page["path"].endswith("locator=0")


@pytest.mark.parametrize("what", ["full disk", "refused session", "refused login"])
def test_trouble_that_passes_keeps_the_load(broken, monkeypatch, what):
    from lakehouse_jobs.extract.file_sink import FileSink

    def full(*_):
        raise OSError(28, "No space left on device")

    org = broken.org
    kept = set(broken.keys("loads/account/"))
    with monkeypatch.context() as patch:
        if what == "full disk":
            patch.setattr(FileSink, "take", full)
        else:
            refusal = [{"errorCode": "INVALID_SESSION_ID", "message": "no"}]
            org.mood("GET", "/results", times=-1, status=401, body=refusal)
        if what == "refused login":
            # The run's own login succeeds; the one after the session was refused does not.
            org.mood("GET", "/resultPages", edit=lambda body: _rotated(org, body))
        outcome = broken.run()["Account"]
    assert (
        outcome["error"]
        == {
            "full disk": "OSError",
            "refused session": "AnswerRefusedError",
            "refused login": "LoginRefusedError",
        }[what]
    )
    assert kept <= set(broken.keys("loads/account/"))
    assert org.deleted_jobs == []
    org.moods.clear()
    org.client_secret = "s3cret"
    outcome = broken.run()["Account"]
    assert (outcome["status"], outcome["resumed"], outcome["rows"]) == ("landed", True, ROWS)
    assert_landed_once(broken)


def _rotated(org, body):
    org.client_secret = "another"
    return body
