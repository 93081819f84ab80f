"""Demo orgs behind real sockets, and a client that knows nothing of their insides."""

import csv
import io
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from lakehouse_local.salesforce_org.org import Org, make, open_org
from lakehouse_local.salesforce_org.server import serving
from lakehouse_local.salesforce_org.settings import Birth

VERSION = "v62.0"
BORN = 1_790_000_000.0


class Client(requests.Session):
    """A logged-in client of one org."""

    def __init__(self, url: str, org: Org) -> None:
        super().__init__()
        self.url = url
        self.org = org
        self.data = f"{url}/services/data/{VERSION}"
        self.login()

    def login(self) -> None:
        answer = self.post(
            f"{self.url}/services/oauth2/token",
            data={"grant_type": "client_credentials"},
            auth=(self.org.store.meta("client_id"), self.org.store.meta("client_secret")),
        )
        self.headers["Authorization"] = "Bearer " + answer.json()["access_token"]

    def query(self, soql: str, *, deleted: bool = False) -> list[dict[str, Any]]:
        path = f"{self.data}/{'queryAll' if deleted else 'query'}"
        answer = self.get(path, params={"q": soql}).json()
        records = answer["records"]
        while not answer["done"]:
            answer = self.get(self.url + answer["nextRecordsUrl"]).json()
            records += answer["records"]
        return records

    def start_job(self, soql: str, operation: str = "query", **more: str) -> requests.Response:
        body = {"operation": operation, "query": soql, **more}
        return self.post(f"{self.data}/jobs/query", json=body)

    def finish_job(self, soql: str, operation: str = "query", **more: str) -> str:
        answer = self.start_job(soql, operation, **more)
        assert answer.status_code == 200, answer.text
        job = answer.json()["id"]
        deadline = time.monotonic() + 30
        while self.job(job)["state"] not in ("JobComplete", "Failed", "Aborted"):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return job

    def job(self, job: str) -> dict[str, Any]:
        return self.get(f"{self.data}/jobs/query/{job}").json()

    def results(self, job: str, **parameters: Any) -> requests.Response:
        return self.get(f"{self.data}/jobs/query/{job}/results", params=parameters)

    def control(self, verb: str, name: str, /, **body: Any) -> Any:
        answer = self.request(verb, f"{self.url}/_org/{name}", json=body or None)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None


def rows(page: requests.Response) -> list[dict[str, str]]:
    """The rows of a page of CSV."""
    text = page.content.decode("utf-8")
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """An org that tests only read."""
    folder = tmp_path_factory.mktemp("shared-org")
    make(folder, Birth(records=3_000, now=BORN))
    org = open_org(folder)
    with serving(org) as url, Client(url, org) as client:
        yield client


@pytest.fixture
def client(open_client: Callable[..., Client]) -> Client:
    """An org of its own, to be changed."""
    return open_client()


@pytest.fixture(scope="session")
def small_org(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of a small org, to be copied."""
    folder = tmp_path_factory.mktemp("small-org")
    make(folder, Birth(records=600, now=BORN))
    return folder


@pytest.fixture
def open_client(tmp_path: Path, small_org: Path) -> Iterator[Callable[..., Client]]:
    """Open the org of this test; again to restart it."""
    entered: list[Any] = []

    def close() -> None:
        while entered:
            entered.pop().__exit__(None, None, None)

    def open_() -> Client:
        close()
        if not (tmp_path / "org").exists():
            shutil.copytree(small_org, tmp_path / "org")
        org = open_org(tmp_path / "org")
        server = serving(org)
        client = Client(server.__enter__(), org)
        entered.extend((server, client))
        return client

    yield open_
    close()
