"""reconcile, refresh and ranges: what each reads, finds and leaves alone."""

from datetime import timedelta

import pytest

from tests.unit.jobs.conftest import ACCOUNT

pytestmark = pytest.mark.local_aws


def at(org, **ago):
    return (org.now - timedelta(**ago)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def asked(org):
    """The queries since the last look, over REST and by Bulk jobs."""
    queries, jobs = getattr(org, "looked", (0, 0))
    org.looked = len(org.queries), len(org.jobs)
    bulk = [soql for soql, *_ in org.jobs.values()]
    return [soql for soql, _ in org.queries[queries:]] + bulk[jobs:]


def changes(lab, batch):
    return sorted((r["_change"], r["name"]) for r in lab.rows("account") if r["_batch"] == batch)


@pytest.fixture
def loaded(lab):
    """Ten records with a formula, loaded an hour ago."""
    formula = ("double", {"calculated": True})
    lab.org.add_object("Account", {**ACCOUNT, "Score__c": formula})
    for number in range(10):
        lab.org.row("Account", Name=f"n{number}", Score__c="1.0")
    lab.run()
    lab.org.now += timedelta(hours=1)
    asked(lab.org)
    return lab


def test_reconcile_finds_what_raw_lacks_and_what_is_gone(loaded):
    org = loaded.org
    records = org.records["Account"]
    org.row("Account", Name="unseen", SystemModstamp=at(org, hours=5))
    assert loaded.run()["Account"]["rows"] == 0  # its stamp is far below the window
    records[2] |= {"Name": "late", "SystemModstamp": at(org, hours=1)}
    records[3] |= {"Name": "newest", "SystemModstamp": at(org, seconds=30)}
    asked(org)
    gone = records[4]
    org.hard_delete("Account", gone)
    outcome = loaded.run(mode="reconcile")["Account"]
    assert (outcome["status"], outcome["rows"], outcome["tombstones"]) == ("landed", 3, 1)
    first, second = sorted(asked(org), key=len)
    assert first == "SELECT Id, IsDeleted, SystemModstamp FROM Account"
    assert "Score__c" in second
    assert f"Id IN ('{records[2]['Id']}','" in second
    assert changes(loaded, 2) == [
        ("hard_delete", "n4"),
        ("resync", "late"),
        ("resync", "unseen"),
    ]
    # Above the watermark the next incremental run reads, and nothing comes twice.
    org.now += timedelta(minutes=5)
    assert loaded.run()["Account"]["rows"] == 1
    outcome = loaded.run(mode="reconcile")["Account"]
    assert (outcome["status"], outcome["rows"]) == ("unchanged", 0)


def test_reconcile_does_not_look_at_values(loaded):
    loaded.org.records["Account"][0]["Score__c"] = "5.0"
    before = loaded.table("account").metadata_location
    outcome = loaded.run(mode="reconcile")["Account"]
    assert outcome["message"] == "10 records compared, no difference"
    assert loaded.table("account").metadata_location == before


def test_refresh_finds_formulas_that_drifted_and_nothing_that_is_gone(loaded):
    org = loaded.org
    records = org.records["Account"]
    records[0]["Score__c"] = "5.0"
    records[1]["Score__c"] = None
    records[2]["Name"] = "not a formula"
    del records[9]
    outcome = loaded.run(mode="refresh")["Account"]
    assert (outcome["status"], outcome["rows"], outcome["tombstones"]) == ("landed", 2, 0)
    first, second = sorted(asked(org), key=len)
    names = first.removeprefix("SELECT ").split(" FROM ")[0]
    assert names == "Id, IsDeleted, SystemModstamp, Score__c"
    assert "WHERE SystemModstamp < " in first
    assert "Id IN (" in second
    new = {r["name"]: r["score__c"] for r in loaded.rows("account") if r["_batch"] == 2}
    assert new == {"n0": 5.0, "n1": None}
    assert outcome["watermark_after"] == outcome["watermark_before"]
    assert loaded.run(mode="refresh")["Account"]["status"] == "unchanged"
    assert loaded.run()["Account"]["rows"] == 0


@pytest.mark.parametrize("mode", ["refresh", "reconcile"])
def test_where_many_differ_all_is_read_once_more_and_compared(loaded, monkeypatch, mode):
    from lakehouse_jobs.extract.resync import resync

    monkeypatch.setattr(resync, "MOST_BY_ID", 3)
    org = loaded.org
    stamp = at(org, minutes=90)
    for record in org.records["Account"][:5]:
        record |= {"Score__c": "5.0", "SystemModstamp": stamp}
    org.hard_delete("Account", org.records["Account"][9])
    outcome = loaded.run(mode=mode)["Account"]
    gone = int(mode == "reconcile")
    assert (outcome["rows"], outcome["tombstones"]) == (5 + gone, gone)
    first, second = sorted(asked(org), key=len)
    assert " IN " not in second
    assert ("Name" in first, "Name" in second) == (False, True)
    assert loaded.run(mode=mode)["Account"]["status"] == "unchanged"


def test_of_what_is_gone_no_more_is_kept_than_the_guard_allows(loaded, monkeypatch):
    from lakehouse_jobs.extract.resync import buckets, comparison, resync

    monkeypatch.setattr(buckets, "ROWS_PER_BUCKET", 1)
    made = []

    class Watched(comparison.Comparison):
        def __exit__(self, *error):
            super().__exit__(*error)
            made.append((self.gone, len(self.gone_ids)))

    monkeypatch.setattr(resync, "Comparison", Watched)
    kept = loaded.org.records["Account"]
    loaded.org.records["Account"] = kept[:4]
    outcome = loaded.run(mode="reconcile")["Account"]
    assert outcome["error"] == "MassDeletionError"
    assert "6 of 10 live records are gone" in outcome["message"]
    loaded.org.records["Account"] = kept[:5]
    assert loaded.run(mode="reconcile")["Account"]["tombstones"] == 5
    assert made == [(6, 0), (5, 5)]


def test_a_url_holds_so_many_ids(loaded, monkeypatch):
    from lakehouse_jobs.extract.resync import query

    monkeypatch.setattr(query, "FEWEST_IDS", 1)
    monkeypatch.setattr(query, "URL_ROOM", 300 + 2 * query.ID_IN_URL)
    for record in loaded.org.records["Account"]:
        record["Score__c"] = "5.0"
    assert loaded.run(mode="refresh")["Account"]["rows"] == 10
    assert 2 <= len([q for q in asked(loaded.org) if " IN " in q]) < 10


@pytest.mark.parametrize("mode", ["incremental", "full"])
def test_a_range_is_read_again(loaded, mode):
    org = loaded.org
    records = org.records["Account"]
    for number, minutes in enumerate((100, 90, 80, 70)):
        records[number] |= {"Name": f"at {minutes}", "SystemModstamp": at(org, minutes=minutes)}
    records[8]["Name"] = "outside"
    del records[9]
    since, until = at(org, minutes=90)[:19] + "Z", at(org, minutes=70)[:19] + "Z"
    outcome = loaded.run(mode=mode, since=since, until=until)["Account"]
    assert (outcome["rows"], outcome["tombstones"]) == (2, 0)
    assert changes(loaded, 2) == [("resync", "at 80"), ("resync", "at 90")]
    assert outcome["watermark_after"] == outcome["watermark_before"]
    assert asked(org)[0].endswith(
        f"WHERE SystemModstamp >= {at(org, minutes=90)} AND SystemModstamp < {at(org, minutes=70)}"
    )
    again = loaded.run(mode=mode, since=since, until=until)["Account"]
    assert (again["status"], again["message"]) == ("unchanged", "2 records compared, no difference")


def test_a_range_ends_at_the_watermark(loaded):
    org = loaded.org
    watermark = loaded.table("account").properties["lakehouse.watermark"]
    org.records["Account"][0] |= {"Name": "new", "SystemModstamp": at(org, minutes=30)}
    org.records["Account"][1] |= {"Name": "late", "SystemModstamp": at(org, minutes=62)}
    outcome = loaded.run(since="2026-01-01")["Account"]
    assert (outcome["rows"], outcome["watermark_after"]) == (1, watermark)
    assert loaded.run()["Account"]["rows"] == 1  # the lookback window has the late one already
    asked(org)
    outcome = loaded.run(since="2026-03-02")["Account"]
    assert "above the watermark" in outcome["message"]
    assert asked(org) == []


def test_a_range_of_what_was_never_loaded_is_refused(account_lab):
    outcome = account_lab.run(since="2026-01-01")["Account"]
    assert (outcome["status"], outcome["error"]) == ("failed", "RequestError")
    assert "Account was never loaded" in outcome["message"]


def test_reconcile_and_refresh_of_what_was_never_loaded_are_first_loads(account_lab):
    assert account_lab.run(mode="reconcile")["Account"]["rows"] == 2


def test_a_resync_over_rest(loaded):
    org = loaded.org
    org.no_bulk.add("Account")
    org.records["Account"][0]["Score__c"] = "5.0"
    org.hard_delete("Account", org.records["Account"][1])
    outcome = loaded.run(mode="full")["Account"]
    assert (outcome["api"], outcome["rows"], outcome["tombstones"]) == ("rest", 2, 1)
