"""A group of objects: an outcome each, and what the run says at its end."""

import json
from datetime import timedelta

import pytest

from lakehouse_jobs.contract.objects import ObjectsConfig
from lakehouse_jobs.contract.progress import parse as parse_line
from lakehouse_jobs.entry.salesforce_extractor import main
from lakehouse_jobs.errors import RequestError
from lakehouse_jobs.extract.group import chosen

local_aws = pytest.mark.local_aws

CONFIG = ObjectsConfig.from_text(
    json.dumps(
        {
            "groups": {
                "sales": {"include": ["Account", "Opp*"], "exclude": ["*History"]},
                "rest": {"include": ["Lead"]},
            }
        }
    ),
    where="test",
)
SALES = CONFIG.groups[0]


def test_all_objects_of_a_group_patterns_included():
    available = ["Account", "Opportunity", "OpportunityHistory", "Lead"]
    found = chosen(CONFIG, SALES, "*", available=lambda: available)
    assert found == ["Account", "Opportunity"]


def test_the_org_is_not_asked_without_patterns():
    assert chosen(CONFIG, CONFIG.groups[1], "*", available=lambda: 1 / 0) == ["Lead"]


def test_some_objects_in_the_configurations_spelling():
    assert chosen(CONFIG, SALES, "account, Opportunity", available=list) == [
        "Account",
        "Opportunity",
    ]


def test_an_object_of_another_group_is_refused():
    with pytest.raises(RequestError, match="object Lead is not in group sales"):
        chosen(CONFIG, SALES, "Lead", available=list)


@local_aws
def test_one_failure_stops_no_other(two, capsys):
    two.org.mood(
        "GET", "Lead/describe", status=400, body=[{"errorCode": "INVALID_TYPE", "message": "odd"}]
    )
    with pytest.raises(SystemExit) as ended:
        main(two.arguments("run-x"))
    assert str(ended.value.code).startswith("1 of 2 objects failed: Lead: Salesforce refused")
    assert len(two.rows("account")) == 2
    assert two.json("runs/run-x/_sales.json")["landed"] == ["Account"]
    assert two.json("runs/run-x/Lead.json")["error"] == "AnswerRefusedError"
    events = [e for e in map(parse_line, capsys.readouterr().out.splitlines()) if e]
    assert events[0]["objects"] == ["Account", "Lead"]
    assert events[-1] == {
        "event": "run_finished",
        "run_id": "run-x",
        "group": "sales",
        "landed": 1,
        "unchanged": 0,
        "skipped": 0,
        "failed": 1,
    }
    finished = {e["object"]: e["status"] for e in events if e["event"] == "object_finished"}
    assert finished == {"Account": "landed", "Lead": "failed"}
    # The next run picks it up.
    assert {n: o["status"] for n, o in two.run().items()} == {
        "Account": "unchanged",
        "Lead": "landed",
    }


@local_aws
def test_only_what_was_asked_for(two):
    assert list(two.run(objects="Lead")) == ["Lead"]


@local_aws
def test_an_object_that_does_not_exist(two):
    two.config["groups"]["sales"]["include"] = ["Account", "Nope"]
    outcomes = two.run()
    assert outcomes["Account"]["status"] == "landed"
    assert outcomes["Nope"]["error"] == "ObjectNotFoundError"


@local_aws
@pytest.mark.parametrize(
    ("secret", "words"),
    [
        ({"unfilled": "x"}, "is not filled yet"),
        ("{", "not valid JSON"),
        (
            {"instance_url": "http://127.0.0.1:9", "client_id": "a", "client_secret": "b"},
            "gave no answer",
        ),
    ],
)
def test_what_stops_all_objects_is_said_once(two, secret, words):
    with pytest.raises(SystemExit) as ended:
        main(two.arguments("run-x", secret))
    assert words in str(ended.value.code)
    assert str(ended.value.code).startswith("2 of 2 objects failed: ")
    assert two.json("runs/run-x/Lead.json")["status"] == "failed"
    assert len(two.json("runs/run-x/_sales.json")["failed"]) == 2


@local_aws
def test_a_wrong_secret_value(two):
    two.org.client_secret = "changed"
    with pytest.raises(SystemExit, match="refused the login: invalid_client"):
        main(two.arguments("run-x", two.org.secret | {"client_secret": "old"}))


@local_aws
@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"mode": "nonsense"}, "allowed: incremental, full, reconcile, refresh"),
        ({"since": "2026-01-32"}, "since: got '2026-01-32'; allowed: a UTC time such as"),
        ({"since": "2026-01-02", "until": "2026-01-01"}, "allowed: a time after since"),
        ({"objects": "Lead,Nope"}, "object Nope is not in group sales"),
        ({"group": "nope"}, "got 'nope'"),
        ({"objects_config": "s3://nowhere/x.json"}, "s3://nowhere/x.json"),
        ({"raw_database": "nope"}, "the Glue database nope does not exist"),
    ],
)
def test_requests_that_cannot_be_met_end_with_one_line(two, more, words):
    with pytest.raises(SystemExit) as ended:
        main(two.arguments("run-x", **more))
    assert words in str(ended.value.code)
    assert "\n" not in str(ended.value.code)


def test_missing_arguments_are_a_usage_error(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--group", "sales"])
    assert ended.value.code == 2
    assert "--lake_bucket" in capsys.readouterr().err


@local_aws
def test_what_the_last_build_has_not_read_is_named(two):
    s3 = two.client("s3")

    def built(text):
        s3.put_object(Bucket=two.bucket, Key="runs/_built.json", Body=text)

    two.run()  # nothing was ever built
    assert two.json("runs/run-1/_sales.json")["unbuilt"] == ["Account", "Lead"]
    built(b'{"account": 1, "other": 9}')
    outcomes = two.run()
    assert (outcomes["Lead"]["status"], outcomes["Lead"]["batch"]) == ("unchanged", 1)
    assert two.json("runs/run-2/_sales.json")["unbuilt"] == ["Lead"]
    built(b'{"account": 1, "lead": 1}')
    two.run()
    assert two.json("runs/run-3/_sales.json")["unbuilt"] == []
    for broken in (b"{", b"[]", b'{"account": "1", "lead": 1}'):
        built(broken)
        two.run(objects="Account")
        assert two.json(f"runs/run-{two.runs}/_sales.json")["unbuilt"] == ["Account"]


@local_aws
def test_an_outcome_that_cannot_be_written_costs_nothing_else(two, monkeypatch, capsys):
    from botocore.exceptions import ReadTimeoutError

    from lakehouse_jobs.raw.store import Store

    real = Store.write_json

    def refused(self, key, value):
        if key.endswith("/Account.json"):
            raise ReadTimeoutError(endpoint_url="s3")
        real(self, key, value)

    monkeypatch.setattr(Store, "write_json", refused)
    assert list(two.run()) == ["Lead"]
    assert two.json("runs/run-1/_sales.json")["landed"] == ["Account", "Lead"]
    assert "the outcome of Account could not be written" in capsys.readouterr().out


@local_aws
def test_a_claim_that_cannot_be_released_does_not_undo_what_landed(two, monkeypatch, capsys):
    from botocore.exceptions import ReadTimeoutError

    from lakehouse_jobs.raw.store import Store

    real = Store.delete

    def refused(self, addresses):
        for address in addresses:
            if "/loads/" in address or "/_lookback/" in address:
                raise ReadTimeoutError(endpoint_url="s3")
            real(self, [address])

    two.run()
    two.org.now += timedelta(hours=1)
    monkeypatch.setattr(Store, "delete", refused)
    outcomes = two.run()
    assert {n: (o["status"], o["error"]) for n, o in outcomes.items()} == {
        "Account": ("unchanged", None),
        "Lead": ("unchanged", None),
    }
    said = capsys.readouterr().out
    assert "loads/account/load.json could not be deleted" in said
    assert "/_lookback/lead/" in said
