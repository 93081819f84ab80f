"""One org for the whole raw database."""

import json

import pytest

pytestmark = pytest.mark.local_aws

OTHER = "00D000000000099EAA"
FIRST = "00D000000000062EAA"


@pytest.fixture
def two(two):
    """The object that has no table yet comes first: no other has told the org before it."""
    two.config["groups"]["sales"]["include"].reverse()
    return two


def marker(lab):
    return f"{lab.database}/_org.json"


def tables(lab):
    return [name for _, name in lab.catalog.list_tables(lab.database)]


def refused(lab):
    before = lab.keys(lab.database), tables(lab)
    outcomes = lab.run()
    assert {o["error"] for o in outcomes.values()} == {"WrongOrgError"}
    assert {o["message"] for o in outcomes.values()} == {
        f"database {lab.database} holds rows of org {FIRST}, but these credentials are for org "
        f"{OTHER}; use the right credentials, or another environment for this org"
    }
    assert sorted(outcomes) == ["Account", "Lead"]
    assert (lab.keys(lab.database), tables(lab)) == before


def test_another_orgs_objects_without_a_table_are_refused_too(two):
    two.run(objects="Account")
    assert two.json(marker(two)) == {"org_id": FIRST}
    two.org.org_id = OTHER
    refused(two)


def test_a_lake_without_a_marker_is_known_by_its_tables(two):
    two.run(objects="Account")
    two.client("s3").delete_object(Bucket=two.bucket, Key=marker(two))
    two.org.org_id = OTHER
    refused(two)
    two.org.org_id = FIRST
    assert {o["status"] for o in two.run().values()} == {"landed", "unchanged"}
    assert two.json(marker(two)) == {"org_id": FIRST}


def test_tables_of_other_groups_count(two):
    two.run(objects="Account")
    two.client("s3").delete_object(Bucket=two.bucket, Key=marker(two))
    two.config["groups"] = {"sales": {"include": ["Lead"]}, "rest": {"include": ["Account"]}}
    two.org.org_id = OTHER
    assert two.run()["Lead"]["error"] == "WrongOrgError"


def test_of_two_first_runs_the_one_that_marks_the_lake_goes_on(two, monkeypatch):
    from lakehouse_jobs.raw.store import Store

    real = Store.claim

    def late(self, key, data, *, replacing):
        if key.endswith("_org.json"):
            self.write(key, json.dumps({"org_id": FIRST}).encode())
        return real(self, key, data, replacing=replacing)

    monkeypatch.setattr(Store, "claim", late)
    two.org.org_id = OTHER
    assert {o["error"] for o in two.run().values()} == {"WrongOrgError"}
    assert tables(two) == []


@pytest.mark.parametrize("text", [b"{", b"{}", b'{"org_id": 5}', b""])
def test_a_broken_marker_stops_every_object(two, text):
    two.client("s3").put_object(Bucket=two.bucket, Key=marker(two), Body=text)
    outcomes = two.run()
    assert {o["error"] for o in outcomes.values()} == {"RawTableError"}
    assert "_org.json does not say whose rows" in outcomes["Lead"]["message"]
    assert tables(two) == []


def broken(lab):
    """The login succeeds, and the list of the org's objects does not come."""
    lab.config["groups"]["sales"]["include"] = ["Account", "Lead*"]
    body = [{"errorCode": "X", "message": "odd"}]
    lab.org.mood("GET", r"sobjects/?$", status=400, body=body)
    return lab.run()["Account"]


def test_a_run_that_fails_for_another_org_leaves_no_row_among_the_runs(two):
    two.run(objects="Account")
    two.org.org_id = OTHER
    assert broken(two)["error"] == "AnswerRefusedError"
    assert {r["run_id"] for r in two.rows("_runs")} == {"run-1"}
    two.org.org_id = FIRST
    assert broken(two)["error"] == "AnswerRefusedError"
    assert {r["run_id"] for r in two.rows("_runs")} == {"run-1", "run-3"}


def test_a_login_that_fails_knows_no_org_and_is_among_the_runs(two):
    two.run(objects="Account")
    two.org.org_id = OTHER
    outcome = two.run({**two.org.secret, "client_secret": "wrong"})["Account"]
    assert outcome["error"] == "LoginRefusedError"
    rows = [r for r in two.rows("_runs") if r["run_id"] == "run-2"]
    assert {r["error"] for r in rows} == {"LoginRefusedError"}
    assert OTHER not in json.dumps(rows, default=str)
