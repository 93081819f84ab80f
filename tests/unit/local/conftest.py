import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from lakehouse_local import server
from lakehouse_local.home import REGION, Home

ROOT = Path(__file__).resolve().parents[3]
RUNTIMES = Path(os.environ.get("LAKEHOUSE_HOME") or ROOT / ".lakehouse").resolve() / "runtimes"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def new_home(folder: Path) -> Home:
    """A home of its own on a free port, with the run times of the checkout."""
    if not RUNTIMES.is_dir():
        pytest.skip(f"no run times in {RUNTIMES}: make setup")
    home = Home(root=folder / "lakehouse", port=free_port())
    home.runtimes.mkdir(parents=True)
    for item in ("glue", "dbt", "jars", "node"):
        (home.runtimes / item).symlink_to(RUNTIMES / item)
    return home


@dataclass(frozen=True)
class LocalAws:
    home: Home

    def client(self, service: str) -> Any:
        session = boto3.Session(
            aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION
        )
        once = Config(retries={"total_max_attempts": 1})
        return session.client(service, endpoint_url=self.home.endpoint, config=once)


@pytest.fixture(scope="session")
def local_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """A running local AWS, one for all tests: use names of your own in it."""
    home = new_home(tmp_path_factory.mktemp("local_aws"))
    server.start(home, report=print, spark_pool=0)
    yield LocalAws(home)
    server.stop(home)
