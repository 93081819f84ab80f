"""A backfill is the group's last work: it fails no run that landed, nor kills each of them."""

import json
from datetime import timedelta

import pyarrow as pa
import pytest

from lakehouse_jobs.errors import SupersededError, WrongOrgError

pytestmark = pytest.mark.local_aws


def properties(lab):
    return lab.table("account").properties


def marks(lab):
    return json.loads(properties(lab).get("lakehouse.unfilled") or "{}")


@pytest.fixture
def granted(account_lab):
    """Loaded an hour ago; since then a field was granted and a record added."""
    org = account_lab.org
    account_lab.run()
    org.now += timedelta(hours=1)
    org.describes["Account"]["fields"].append(
        {"name": "New__c", "type": "string", "label": "New", "length": 10, "filterable": True}
    )
    org.records["Account"][0]["New__c"] = "filled"
    stamp = (org.now - timedelta(minutes=30)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    org.row("Account", Name="Three", SystemModstamp=stamp)
    return account_lab


@pytest.mark.parametrize(
    ("place", "name", "error"),
    [
        ("resync.backfill.Resync", "run", OSError("disk")),
        ("resync.backfill.Resync", "run", pa.ArrowInvalid("a record's words")),
        ("resync.backfill.Resync", "run", SupersededError("run x committed first")),
        ("resync.filling", "reopened", WrongOrgError("another org's; use another")),
        ("resync.filling", "reopened", SupersededError("run x committed first")),
        ("run", "maintain", KeyError("upkeep")),
    ],
)
def test_what_has_landed_is_told_as_landed(granted, monkeypatch, capsys, place, name, error):
    def fail(*_, **__):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(f"lakehouse_jobs.extract.{place}.{name}", fail)
        outcome = granted.run()["Account"]
    filled = name == "maintain"
    assert (outcome["status"], outcome["rows"], outcome["error"]) == ("landed", 1 + filled, None)
    assert outcome["watermark_after"] == properties(granted)["lakehouse.watermark"]
    assert "record's words" not in outcome["message"]
    assert ";" in outcome["message"] or "committed first" in outcome["message"]
    assert '"event": "warning"' in capsys.readouterr().out
    assert set(outcome["unfilled"]) == set(marks(granted)) == (set() if filled else {"new__c"})


class Killed(BaseException):
    """Glue ends the process here."""


def test_an_attempt_that_killed_its_run_is_made_again_hours_later(granted, monkeypatch):
    org = granted.org

    def kill(_):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("lakehouse_jobs.extract.resync.backfill.Resync.run", kill)
        with pytest.raises(Killed):
            granted.run()
    assert granted.json("runs/run-2/Account.json")["rows"] == 1
    assert properties(granted)["lakehouse.unfilled-tried"].startswith(org.now.isoformat()[:16])
    org.now += timedelta(hours=5)
    asked = len(org.queries)
    outcome = granted.run()["Account"]
    assert (outcome["status"], set(outcome["unfilled"])) == ("unchanged", {"new__c"})
    assert "the next is made after" in outcome["message"]
    assert not any("COUNT" in soql for soql, *_ in org.queries[asked:])
    org.now += timedelta(hours=2)
    outcome = granted.run()["Account"]
    assert (outcome["rows"], outcome["unfilled"], marks(granted)) == (1, {}, {})
    assert properties(granted)["lakehouse.unfilled-tried"] == ""


@pytest.mark.parametrize(
    ("share", "text"),
    [
        ("SHARE_BEFORE_FILLING", "half of group sales's timeout_minutes are over"),
        ("SHARE_FOR_JOBS", "the time of group sales is nearly over"),
    ],
)
def test_without_time_it_waits(granted, monkeypatch, share, text):
    with monkeypatch.context() as patch:
        patch.setattr(f"lakehouse_jobs.entry.salesforce_extractor.{share}", 0)
        outcome = granted.run()["Account"]
    assert (outcome["status"], outcome["rows"]) == ("landed", 1)
    assert set(outcome["unfilled"]) == set(marks(granted)) == {"new__c"}
    assert text in outcome["message"]
    tried = "lakehouse.unfilled-tried" in properties(granted)
    assert tried == (share == "SHARE_FOR_JOBS")


def test_columns_are_filled_when_every_object_has_been_read(granted, capsys):
    org = granted.org
    granted.config["groups"]["sales"] = {"include": ["Account", "Lead"], "concurrency": 1}
    org.add_object("Lead", {"Id": "id", "Name": "string", "SystemModstamp": "datetime"})
    capsys.readouterr()
    outcomes = granted.run()
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    told = [(e["object"], e["rows"]) for e in events if e["event"] == "object_finished"]
    assert told == [("Account", 1), ("Lead", 0), ("Account", 2)]
    assert (outcomes["Account"]["rows"], outcomes["Account"]["unfilled"]) == (2, {})
    assert "compare" in outcomes["Account"]["phases"]
