"""Which API reads a query: by its size, its length, and what each API refuses."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from lakehouse_jobs.contract.objects import FieldRules
from lakehouse_jobs.errors import BulkJobError, JobGoneError, MisdirectedError, TransferError
from lakehouse_jobs.extract import pages
from lakehouse_jobs.salesforce import Org
from tests.unit.jobs.extract.conftest import Reads

KINDS = {
    "Id": "id",
    "IsDeleted": "boolean",
    "SystemModstamp": "datetime",
    "Name": "string",
    "Note__c": "textarea",
    "Kinds__c": "multipicklist",
    "Any__c": "anyType",
    "Amount__c": "currency",
    "Share__c": "percent",
    "Number__c": "double",
    "Count__c": "int",
    "Agreed__c": "boolean",
    "Day__c": "date",
    "Moment__c": "datetime",
    "Hour__c": "time",
}


@pytest.fixture
def org(fake_org):
    fake_org.add_object("Thing", KINDS)
    fake_org.row(
        "Thing",
        Name='a "quoted", text',
        Note__c="two\nlines\u00e9\U0001f600",
        Kinds__c="a;b",
        Any__c="5",
        Amount__c="23.0",
        Share__c="12.5",
        Number__c="1.0E10",
        Count__c="7",
        Agreed__c="true",
        Day__c="4000-12-31",
        Moment__c="2024-04-16T19:00:00.123Z",
        Hour__c="10:30:00.000Z",
    )
    fake_org.row("Thing", Name="", Number__c="-1.0E-4", Agreed__c="false", Day__c="1700-01-01")
    fake_org.row("Thing", IsDeleted="true", Number__c="1.2345678912345679E8", Count__c="0")
    fake_org.log.clear()
    return fake_org


def test_what_is_small_takes_one_call(org, reads):
    reader, query = reads.reader("Thing")
    org.log.clear()
    reading = reader.read(query, likely_small=True)
    assert [(m, p.split("?")[0]) for m, p in org.log] == [
        ("GET", "/services/data/v62.0/queryAll/"),
    ]
    assert (reading.api, reading.read, len(reader.sink.rows)) == ("rest", 3, 3)


def test_both_ways_give_the_same_rows(org, reads):
    api, over_rest = reads("Thing", likely_small=True)
    assert api == "rest"
    api, in_bulk = reads("Thing")
    assert api == "bulk"
    assert over_rest == in_bulk
    assert (over_rest[0]["number__c"], over_rest[0]["hour__c"]) == (1e10, "10:30:00.000")
    assert over_rest[2]["_is_deleted"]


def test_hashes_are_of_the_text_that_salesforce_sends(org, reads):
    hidden = FieldRules(hash=frozenset({"amount__c", "number__c", "agreed__c", "moment__c"}))
    _, over_rest = reads("Thing", likely_small=True, rules=hidden)
    _, in_bulk = reads("Thing", rules=hidden)
    assert over_rest == in_bulk
    assert len(over_rest[0]["number__c"]) == 64


def test_wide_records_come_in_several_answers(org, reads):
    org.page_rows = 2
    api, rows = reads("Thing", likely_small=True)
    assert (api, len(rows)) == ("rest", 3)
    assert org.calls("GET", "/queryAll/") == 2
    assert not org.jobs


def test_what_is_not_small_after_all_goes_to_bulk(org, reads, monkeypatch):
    monkeypatch.setattr(pages, "SMALL", 2)
    api, rows = reads("Thing", likely_small=True)
    assert (api, len(rows)) == ("bulk", 3)
    assert org.calls("GET", "/queryAll/") == 1


def test_rest_goes_on_where_bulk_refuses(org, reads, monkeypatch):
    monkeypatch.setattr(pages, "SMALL", 2)
    org.no_bulk.add("Thing")
    org.page_rows = 1
    api, rows = reads("Thing", likely_small=True)
    assert (api, len(rows)) == ("rest", 3)
    assert org.calls("POST", "/jobs/query") == 1


@pytest.mark.parametrize(
    ("status", "code"), [(400, "QUERY_TIMEOUT"), (414, "URI_TOO_LONG"), (431, "HTTP_431")]
)
def test_bulk_serves_what_is_too_much_for_rest(org, reads, status, code):
    org.mood("GET", "queryAll", status=status, body=[{"errorCode": code, "message": "no"}])
    api, rows = reads("Thing", likely_small=True)
    assert (api, len(rows)) == ("bulk", 3)


def test_bulk_serves_what_rest_does_not_answer_in_time(org, impatient, reads, waits):
    reader, query = reads.reader("Thing")
    org.log.clear()
    org.mood("GET", "queryAll", cut=0, then="silent")
    assert reader.read(query, likely_small=True).api == "bulk"
    assert (org.calls("GET", "queryAll"), waits) == (1, [])


def test_rest_is_asked_again_where_nothing_else_serves(org, impatient, reads, waits):
    org.no_bulk.add("Thing")
    reader, query = reads.reader("Thing")
    org.mood("GET", "queryAll", times=2, cut=0, then="silent")
    assert reader.read(query).api == "rest"
    assert len(waits) == 2


def test_a_query_too_long_for_an_address_is_not_even_tried(org, reads):
    org.add_object(
        "Wide", KINDS | {f"Field_{n:04d}_of_a_long_name__c": "string" for n in range(600)}
    )
    org.row("Wide")
    api, rows = reads("Wide", likely_small=True)
    assert (api, len(rows)) == ("bulk", 1)
    assert org.calls("GET", "queryAll") == 0


def test_the_next_page_is_fetched_from_the_org_alone(org, reads):
    org.page_rows = 2
    org.mood(
        "GET",
        "queryAll",
        edit=lambda body: body | {"nextRecordsUrl": "https://evil.example/services/data/x"},
    )
    with pytest.raises(MisdirectedError, match=r"another host, evil\.example"):
        reads("Thing", likely_small=True)


def test_records_that_are_missing_are_noticed(org, reads):
    org.mood("GET", "queryAll", edit=lambda body: body | {"records": body["records"][:2]})
    with pytest.raises(TransferError, match="3 records, its pages only 2"):
        reads("Thing", likely_small=True)


def test_an_answer_without_records_is_said(org, reads):
    org.mood("GET", "queryAll", status=200, body={"done": True})
    with pytest.raises(TransferError, match="without 'records'"):
        reads("Thing", likely_small=True)


A_JOB = r"/jobs/query/\w+$"


@pytest.mark.parametrize(
    "ended",
    [
        {"status": 200, "body": {"state": "Failed"}},
        {"status": 200, "body": {"state": "Failed", "errorMessage": "QUERY_TIMEOUT: too long"}},
        {"status": 200, "body": {"state": "Aborted"}},
        {"status": 404, "body": [{"errorCode": "NOT_FOUND", "message": "no"}]},
        {"status": 409, "body": [{"errorCode": "VERSION", "message": "no"}]},
    ],
)
def test_a_job_that_ended_for_a_while_is_followed_by_one_more(org, reads, ended):
    org.mood("GET", A_JOB, **ended)
    api, rows = reads("Thing")
    assert (api, len(rows), len(org.jobs)) == ("bulk", 3, 2)
    assert len(org.deleted_jobs) == 2
    org.mood("GET", A_JOB, times=2, **ended)
    with pytest.raises(BulkJobError):
        reads("Thing")
    assert len(org.jobs) == 4


def test_a_job_that_fails_for_good_is_not_repeated(org, reads):
    body = {"state": "Failed", "errorMessage": "MALFORMED_QUERY: unexpected token"}
    org.mood("GET", A_JOB, status=200, body=body)
    with pytest.raises(BulkJobError, match="MALFORMED_QUERY"):
        reads("Thing")
    assert len(org.jobs) == 1


def test_a_job_that_fails_for_the_objects_sake_ends_in_rest(org, reads):
    body = {"state": "Failed", "errorMessage": "INVALIDENTITY: not supported by the Bulk API"}
    org.mood("GET", A_JOB, status=200, body=body)
    assert reads("Thing")[0] == "rest"


@pytest.mark.parametrize("listed", [True, False])
def test_a_job_that_is_deleted_while_its_pages_are_read(org, reads, listed):
    org.page_rows = 1
    org.has_result_pages = listed
    reader, query = reads.reader("Thing")

    def gone(body):
        org.deleted_jobs += org.jobs
        return body

    org.mood("GET", "/results", edit=gone)
    with pytest.raises(JobGoneError, match="was deleted, or expired") as caught:
        reader.read(query)
    assert not caught.value.passing  # pages were taken: the next run begins anew
    assert reader.sink.pages == {}
    assert reader.sink.discarded >= 1
    assert len(org.jobs) == 1


def test_two_hundred_objects_every_quarter_of_an_hour(org, transport, monkeypatch):
    """Under half of every daily limit, five objects with large changes each time among them.

    Counted is what reaches the org: the job asks it for nothing else (test_api_use has the
    whole job), so the lake, which would take minutes here, is left out.
    """
    monkeypatch.setattr(pages, "SMALL", 2)
    names = [f"Object{number}" for number in range(200)]
    for number, name in enumerate(names):
        org.add_object(name, {"Id": "id", "SystemModstamp": "datetime"})
        for _ in range(3 if number < 5 else number % 3):
            org.row(name)
    everything = Org(transport, api_version="62.0")
    assert everything.budget.read(everything.limits) == []
    with ThreadPoolExecutor(4) as objects, ThreadPoolExecutor(2) as pool:
        reads = Reads(everything, pool)
        found = list(objects.map(lambda name: reads(name, likely_small=True), names))
    assert [api for api, _ in found].count("bulk") == len(org.jobs) == 5
    assert sum(len(rows) for _, rows in found) == sum(len(org.records[n]) for n in names)
    runs_a_day = 96
    assert len(org.log) <= 2.5 * len(names)
    assert len(org.log) * runs_a_day < 100_000 / 2
    assert len(org.jobs) * runs_a_day < 10_000 / 2
