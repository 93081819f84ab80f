import csv
import gzip
import io
import re

import pytest
import requests

from tests.until import until

SOQL = "SELECT Id, Name, IsDeleted, SystemModstamp, AnnualRevenue, Description FROM Account"


def rows(page):
    text = page.content.decode("utf-8")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def walk(client, job, **parameters):
    """All rows, one page after the other."""
    found, locator = [], None
    while locator != "null":
        more = {} if locator is None else {"locator": locator}
        page = client.results(job, **more, **parameters)
        assert page.status_code == 200
        assert int(page.headers["Sforce-NumberOfRecords"]) == len(rows(page))
        found += rows(page)
        locator = page.headers["Sforce-Locator"]
    return found


def test_a_job_goes_from_upload_complete_to_job_complete(client):
    client.control("POST", "behaviour", job_seconds=60)
    made = client.start_job(SOQL, "queryAll").json()
    assert made["state"] == "UploadComplete"
    assert made["id"].startswith("750")
    assert made["apiVersion"] == 62.0
    assert made["object"] == "Account"
    early = client.results(made["id"])
    assert (early.status_code, early.json()[0]["errorCode"]) == (412, "JOB_NOT_COMPLETE")
    refused = client.delete(f"{client.data}/jobs/query/{made['id']}")
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, "API_ERROR")
    until(lambda: client.job(made["id"])["state"], lambda state: state == "InProgress")
    client.control("POST", "behaviour", job_seconds=0)
    job = client.job(client.finish_job(SOQL, "queryAll"))
    assert job["state"] == "JobComplete"
    assert job["jobType"] == "V2Query"
    assert job["numberRecordsProcessed"] == len(
        client.query("SELECT Id FROM Account", deleted=True)
    )


def test_the_pages_together_are_the_table(shared):
    job = shared.finish_job(SOQL, "queryAll")
    by_bulk = walk(shared, job, maxRecords=37)
    by_rest = shared.query(SOQL, deleted=True)
    by_bulk.sort(key=lambda row: row["Id"])
    assert [row["Id"] for row in by_bulk] == [row["Id"] for row in by_rest]
    for one, other in zip(by_bulk, by_rest, strict=True):
        assert one["Name"] == (other["Name"] or "")
        assert one["Description"] == (other["Description"] or "")
        assert one["IsDeleted"] == str(other["IsDeleted"]).lower()
        assert one["SystemModstamp"] == other["SystemModstamp"].replace("+0000", "Z")
        revenue = other["AnnualRevenue"]
        assert (float(one["AnnualRevenue"]) if one["AnnualRevenue"] else None) == revenue


def test_a_page_reads_the_same_again(shared):
    job = shared.finish_job(SOQL)
    second = shared.results(job, maxRecords=5).headers["Sforce-Locator"]
    once, again = (shared.results(job, locator=second, maxRecords=5).content for _ in range(2))
    assert once == again


def test_result_pages_come_in_groups_of_five(client):
    client.control("POST", "behaviour", page_rows=7)
    job = client.finish_job(SOQL)
    total = client.job(job)["numberRecordsProcessed"]
    urls, following = [], f"/services/data/v62.0/jobs/query/{job}/resultPages"
    groups = []
    while following:
        answer = client.get(client.url + following).json()
        groups.append(len(answer["resultPages"]))
        urls += [page["resultUrl"] for page in answer["resultPages"]]
        following = answer["nextRecordsUrl"]
        assert answer["done"] == (following is None)
    assert set(groups[:-1]) == {5}
    assert len(urls) == -(-total // 7)
    read = [row["Id"] for url in urls for row in rows(client.get(client.url + url))]
    assert read == [row["Id"] for row in walk(client, job)]


def test_result_pages_need_api_58(shared):
    base = f"{shared.url}/services/data/v57.0/jobs/query"
    job = shared.post(base, json={"operation": "query", "query": SOQL}).json()["id"]
    assert shared.get(f"{base}/{job}/resultPages").status_code == 404


def test_a_job_is_read_in_the_version_that_made_it(shared):
    job = shared.finish_job(SOQL)
    other = shared.get(f"{shared.url}/services/data/v60.0/jobs/query/{job}")
    assert other.status_code == 409


def test_all_values_are_quoted_and_every_page_repeats_the_header(shared):
    job = shared.finish_job("SELECT Id, AnnualRevenue, IsDeleted FROM Account LIMIT 2")
    text = shared.results(job).text
    assert text.startswith('"Id","AnnualRevenue","IsDeleted"\n"001')
    assert all(re.fullmatch(r'"[^"]*"(,"[^"]*"){2}', line) for line in text.splitlines())
    page = shared.results(job, maxRecords=1)
    later = shared.results(job, locator=page.headers["Sforce-Locator"])
    assert later.text.startswith('"Id","AnnualRevenue","IsDeleted"\n')


def test_an_empty_result_is_a_header_only_page(shared):
    job = shared.finish_job("SELECT Id FROM Account WHERE Id = null")
    page = shared.results(job)
    assert page.text == '"Id"\n'
    assert page.headers["Sforce-NumberOfRecords"] == "0"
    assert page.headers["Sforce-Locator"] == "null"


def test_gzip_is_used_when_asked_for(shared):
    job = shared.finish_job(SOQL)
    url = f"{shared.data}/jobs/query/{job}/results"
    headers = {**shared.headers, "Accept-Encoding": "gzip"}
    with requests.get(url, headers=headers, stream=True, timeout=10) as packed:
        assert packed.headers["Content-Encoding"] == "gzip"
        raw = packed.raw.read(decode_content=False)
    plain = shared.get(url, headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert int(plain.headers["Content-Length"]) == len(plain.content)
    assert gzip.decompress(raw) == plain.content


def test_delimiter_and_line_end_can_be_chosen(shared):
    job = shared.finish_job(
        "SELECT Id, Name FROM Product2 LIMIT 1", columnDelimiter="PIPE", lineEnding="CRLF"
    )
    assert shared.results(job).content.startswith(b'"Id"|"Name"\r\n')


def test_large_numbers_are_written_as_java_writes_them(client):
    account = client.query("SELECT Id FROM Account LIMIT 1")[0]["Id"]
    for value, text in ((12_500_000.0, "1.25E7"), (0.0, "0.0"), (-9.99, "-9.99")):
        client.control(
            "POST",
            "records",
            object="Account",
            operation="update",
            records=[{"Id": account, "AnnualRevenue": value}],
        )
        job = client.finish_job(f"SELECT AnnualRevenue FROM Account WHERE Id = '{account}'")
        assert rows(client.results(job))[0]["AnnualRevenue"] == text


@pytest.mark.parametrize(
    ("soql", "code", "text"),
    [
        ("SELECT Id FROM CaseStatus", "INVALIDENTITY", "is not supported by the Bulk API"),
        ("SELECT BillingAddress FROM Account", "API_ERROR", "Selecting compound data"),
        ("SELECT HQ__c FROM Account", "API_ERROR", "Selecting compound data"),
        ("SELECT Body FROM Attachment", "API_ERROR", "binary data"),
        ("SELECT COUNT() FROM Account", "API_ERROR", "not supported in Bulk Query"),
        ("SELECT Id FROM Account OFFSET 5", "API_ERROR", "OFFSET"),
        ("SELECT Nope FROM Account", "INVALID_FIELD", "No such column"),
        ("SELECT Id FROM Nope", "INVALID_TYPE", "is not supported"),
        ("SELECT", "MALFORMED_QUERY", "unexpected end"),
    ],
)
def test_what_bulk_refuses(shared, soql, code, text):
    answer = shared.start_job(soql)
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == code
    assert text in answer.json()[0]["message"]


def test_an_aborted_job_has_no_results_and_can_be_deleted(client):
    client.control("POST", "behaviour", job_seconds=60)
    job = client.start_job(SOQL).json()["id"]
    url = f"{client.data}/jobs/query/{job}"
    aborted = client.patch(url, json={"state": "Aborted"})
    assert (aborted.status_code, aborted.json()["state"]) == (200, "Aborted")
    again = client.patch(url, json={"state": "Aborted"})
    assert (again.status_code, again.json()[0]["errorCode"]) == (400, "INVALIDJOBSTATE")
    assert client.results(job).status_code == 400
    gone = client.delete(url)
    assert (gone.status_code, gone.content) == (204, b"")
    missing = client.get(url)
    assert (missing.status_code, missing.json()[0]["errorCode"]) == (404, "NOT_FOUND")


def test_results_expire_after_seven_days(client):
    job = client.finish_job(SOQL)
    client.control("POST", "clock", advance_seconds=6 * 86_400)
    assert client.results(job).status_code == 200
    client.control("POST", "clock", advance_seconds=2 * 86_400)
    assert client.results(job).status_code == 404
    assert not list((client.org.store.folder / "jobs").glob(f"{job}*"))


def test_jobs_are_listed_and_counted(client):
    jobs = {client.finish_job(SOQL) for _ in range(2)}
    listed = client.get(f"{client.data}/jobs/query").json()
    assert {each["id"] for each in listed["records"]} == jobs
    limit = client.get(f"{client.data}/limits").json()["DailyBulkV2QueryJobs"]
    assert limit["Max"] - limit["Remaining"] == 2
    client.control("POST", "behaviour", bulk_jobs=2)
    refused = client.start_job(SOQL)
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, "LIMIT_EXCEEDED")


def test_a_job_sees_one_state_of_the_org(client):
    job = client.finish_job(SOQL)
    before = client.results(job).content
    client.control("POST", "change", objects=["Account"], updates=0.5)
    assert client.results(job).content == before


def test_the_pages_of_a_job_stay_as_they_were(client):
    client.control("POST", "behaviour", page_rows=7)
    job = client.finish_job(SOQL)
    pages = f"{client.data}/jobs/query/{job}/resultPages"
    before = client.get(pages).json()
    client.control("POST", "behaviour", page_rows=10_000)
    assert client.get(pages).json() == before
    first = client.get(client.url + before["resultPages"][0]["resultUrl"])
    assert len(rows(first)) == 7
    assert client.control("GET", "status")["result_pages"] == {"Account": 1}
