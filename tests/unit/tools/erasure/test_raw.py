"""Records leave raw with every byte of theirs, and nothing else goes."""

import json
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

pytestmark = pytest.mark.local_aws

STATE = ("lakehouse.watermark", "lakehouse.batch", "lakehouse.run-id", "lakehouse.lookback-file")


class Killed(BaseException):
    """The process ends here."""


def state(lab) -> list[str]:
    return [lab.table("account").properties[name] for name in STATE]


def test_no_byte_of_a_record_is_left_and_no_other_row_moves(person):
    lab = person.lab
    others, before = person.others(), state(lab)
    assert len([key for key in person.found() if "/data/" in key]) == 4
    assert [key for key in person.found() if "/metadata/" in key], "bounds of columns"

    account, rejected = person.erase()

    assert person.found() == []
    assert person.others() == others
    assert state(lab) == before
    assert {r["id"] for r in lab.rows("account")} == {r["id"] for r in others}
    assert [r["value"] for r in lab.rows("_rejected")] == ["12 apples"]
    assert account.clean
    assert rejected.clean
    assert (account.rows, account.snapshots, account.former_files) == (0, 1, 0)
    assert account.removed > 3


def test_files_that_dead_runs_left_go_as_well(person):
    """Nothing refers to them, so neither a query nor an expiry would meet them."""
    lab, store = person.lab, person.store
    for prefix in ("account/data/", "account/metadata/", "_rejected/data/", "_rejected/metadata/"):
        keys = [k for k in person.found() if k.startswith(f"{lab.database}/{prefix}")]
        assert keys, prefix
        for key in keys:
            folder, name = key.rsplit("/", 1)
            store.write(f"{folder}/dead-{name}", store.read(key))
    person.erase()
    assert person.found() == []
    assert len(person.others()) == 3


def test_values_that_wait_to_be_delivered_go_and_those_of_others_stay(person, monkeypatch):
    from lakehouse_jobs.extract import landed
    from lakehouse_jobs.extract.rejected_table import Delivery

    lab = person.lab
    person.record["Amount__c"] = "Zyxada pears"
    lab.org.records["Account"][0]["Amount__c"] = "7 pears"
    person.change("Zyxada Three")
    lab.org.records["Account"][0]["SystemModstamp"] = person.record["SystemModstamp"]
    with monkeypatch.context() as patch:
        none = Delivery(done=(), note=None)
        patch.setattr(landed, "deliver", lambda *_, **__: none)  # killed after the commit
        lab.run()
    person.erase()
    assert person.found() == []
    assert sorted(r["value"] for r in lab.rows("_rejected")) == ["12 apples", "7 pears"]


def test_a_load_that_a_dead_run_left_brings_nothing_back(person, monkeypatch):
    from lakehouse_jobs.extract import extraction

    lab = person.lab
    lab.org.no_bulk.discard("Account")
    person.change("Zyxada Three")

    def killed(*_, **__):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(extraction, "land", killed)
        with suppress(Killed):
            lab.run()
    assert [k for k in lab.keys("loads/account/") if k != "loads/account/load.json"]
    person.purge()

    person.erase()

    assert person.found() == []
    assert "account: an interrupted load is dropped; the next run starts it over" in person.said
    lab.org.now += timedelta(minutes=30)
    assert lab.run()["Account"]["status"] in ("unchanged", "landed")
    assert person.found() == []


def test_a_run_that_only_seemed_dead_cannot_land_what_it_had_read(person):
    from lakehouse_jobs.errors import SupersededError
    from lakehouse_jobs.raw.commit import Landing, commit
    from lakehouse_jobs.raw.table import RawTable, read_state

    store, table = person.store, person.lab.table("account")
    (key, *_) = [k for k in person.found() if "/account/data/" in k]
    data = store.read(key)
    opened = RawTable(
        table=table,
        state=read_state(table),
        columns=(),
        changes=(),
        properties=dict(table.properties),
    )
    person.erase()
    late = Landing(
        files=[store.write(f"{key}-late", data)],
        watermark=datetime(2026, 3, 2, tzinfo=UTC),
        lookback_file=store.write(f"{person.lab.database}/_lookback/account/late", b""),
        run_id="late",
    )
    with pytest.raises(SupersededError):
        commit(opened, late, store=store)
    assert person.id not in {row["id"] for row in person.lab.rows("account")}


def test_values_of_another_object_that_wait_stay(person):
    """No commit of `_rejected` names the file yet, and it is older than the erasure."""
    from lakehouse_jobs.contract.raw_log import TableProperty

    lab = person.lab
    waiting = person.store.write(f"{lab.database}/_rejected/data/lead-run-1.parquet", b"waits")
    lab.catalog.create_table(
        (lab.database, "lead"),
        schema=lab.table("account").schema(),
        location=f"s3://{lab.bucket}/{lab.database}/lead",
        properties={TableProperty.REJECTED_FILE.value: json.dumps([waiting])},
    )
    person.erase()
    assert person.store.read(person.store.key_of(waiting)) == b"waits"


@pytest.mark.parametrize("mode", ["incremental", "reconcile", "full"])
def test_what_is_gone_from_salesforce_does_not_come_back(person, mode):
    person.purge()
    person.erase()
    person.lab.org.now += timedelta(minutes=30)
    outcome = person.lab.run(mode=mode)["Account"]
    assert (outcome["error"], outcome["rows"]) == (None, 0)
    assert person.found() == []


def test_what_salesforce_still_has_comes_back(person):
    """Why it is refused without --allow-return: `reconcile` fetches what raw lacks."""
    person.erase()
    person.lab.org.now += timedelta(minutes=30)
    assert person.lab.run(mode="reconcile")["Account"]["rows"] == 1
    assert person.found() != []


@pytest.mark.parametrize(
    ("step", "nth", "edge"),
    [
        ("rows.rewrite", 2, "begun"),
        ("rows.rewrite", 1, "ended"),
        ("rows._settled", 1, "ended"),
        ("files.expire", 1, "ended"),
        ("files._delete", 1, "begun"),
        ("files._delete", 2, "ended"),
    ],
)
def test_killed_anywhere_the_same_command_goes_on(person, monkeypatch, step, nth, edge):
    from lakehouse_tools.erasure import files, rows

    module, name = step.split(".")
    owner = {"rows": rows, "files": files}[module]
    real, met = getattr(owner, name), []
    others = person.others()

    def killed(*args, **options):
        met.append(1)
        if len(met) < nth:
            return real(*args, **options)
        if edge == "ended":
            real(*args, **options)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, killed)
        with pytest.raises(Killed):
            person.erase()
    assert all(place.clean for place in person.erase())
    assert person.found() == []
    assert person.others() == others


def test_a_commit_that_comes_first_is_kept(person, monkeypatch):
    from lakehouse_tools.erasure import rows

    lab, real, met = person.lab, rows.rewrite, []

    def second(table, files, **options):
        if not met:
            met.append(1)
            fresh = lab.table("account")
            fresh.append(fresh.scan(limit=1, row_filter="id == '001000000000001AAA'").to_arrow())
        return real(table, files, **options)

    monkeypatch.setattr(rows, "rewrite", second)
    before = person.others()
    person.erase()
    assert person.found() == []
    assert len(person.others()) == len(before) + 1


def test_a_file_that_somebody_writes_meanwhile_stays(person, monkeypatch):
    """This machine slept, a run took the claim over: it will name the file in its commit."""
    from lakehouse_tools.erasure import rows

    lab, real = person.lab, rows.rewrite
    late = f"{lab.database}/account/data/late.parquet"

    def beside(*args, **options):
        person.store.write(late, b"of a run")
        return real(*args, **options)

    monkeypatch.setattr(rows, "rewrite", beside)
    time.sleep(1.1)  # whole seconds are told of files
    person.erase(clock=lambda: datetime.now(UTC).replace(microsecond=0))
    assert person.store.read(late) == b"of a run"


def test_rejected_values_that_the_catalog_has_lost_are_not_passed_over(person):
    from lakehouse_tools.errors import ErasureError

    person.lab.catalog.drop_table((person.lab.database, "_rejected"))
    before = person.found()
    with pytest.raises(ErasureError, match="`lakehouse register _rejected`, then erase"):
        person.erase()
    assert person.found() == before


def test_an_object_that_a_run_reads_is_refused_and_nothing_changes(person):
    from lakehouse_jobs.extract.loads import Claim
    from lakehouse_tools.errors import ErasureError

    before = person.found()
    with (
        Claim(store=person.store, table="account", owner="run-9", beat=0.2),
        pytest.raises(ErasureError, match="Account is being read by run-9"),
    ):
        person.erase()
    assert person.found() == before


def test_no_run_reads_the_object_meanwhile(person, monkeypatch):
    from lakehouse_tools.erasure import rows

    real, outcomes = rows.rewrite, []

    def beside(*args, **options):
        if not outcomes:
            thread = threading.Thread(target=lambda: outcomes.append(person.lab.run()["Account"]))
            thread.start()
            thread.join()
        return real(*args, **options)

    monkeypatch.setattr(rows, "rewrite", beside)
    person.erase()
    assert outcomes[0]["status"] == "skipped"
    assert person.found() == []


def test_a_tag_that_keeps_old_rows_is_refused(person):
    from lakehouse_tools.erasure import raw
    from lakehouse_tools.errors import RequestError

    table = person.lab.table("account")
    table.manage_snapshots().create_tag(table.metadata.snapshots[0].snapshot_id, "audit").commit()
    with pytest.raises(RequestError, match="has the tag or branch audit"):
        raw.require_erasable(
            person.lab.catalog, database=person.lab.database, asked=[person.asked()]
        )
