"""A connector of others, from its login to its last record, with a server on this machine.

Run by the Python of the connector's own environment (benchmarks/locks). Both connectors log in
at login.salesforce.com and nowhere else: that one address is led to the server. They write JSON
lines, so what a loader would cost comes on top.

    PYTHON benchmarks/extract_connector.py ORG_URL FOLDER tap-salesforce|airbyte-source-salesforce
"""

import contextlib
import importlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

LOGIN = "https://login.salesforce.com"
STREAM = "Account"
SINCE = "2000-01-01T00:00:00Z"  # before every record
CREDENTIALS = {"refresh_token": "r-1-1", "client_id": "c-1-1", "client_secret": "s-1-1"}
TAP = {
    "api_type": "BULK",
    "select_fields_by_default": True,
    "quota_percent_per_run": 100,
    "quota_percent_total": 100,
}
AIRBYTE = {"auth_type": "Client", "stream_slice_step": "P20000D"}  # one slice for all years


def main() -> None:
    """Discover, choose the stream, read it; its rows on stderr."""
    org, folder, name = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    folder.mkdir(parents=True, exist_ok=True)
    _lead_login_to(org)
    records = {"tap-salesforce": _tap, "airbyte-source-salesforce": _airbyte}[name](folder)
    print(json.dumps({"rows": records}), file=sys.stderr)


def _tap(folder: Path) -> int:
    tap = importlib.import_module("tap_salesforce")
    config = _written(folder / "config.json", CREDENTIALS | TAP | {"start_date": SINCE})
    found = _output(folder, tap.main, ["--config", config, "--discover"])
    catalog = json.loads(found.read_text())
    for entry in catalog["streams"]:
        for each in entry["metadata"]:
            if not each["breadcrumb"]:
                each["metadata"]["selected"] = entry["stream"] == STREAM
    properties = _written(folder / "catalog.json", catalog)
    rows = _output(folder, tap.main, ["--config", config, "--properties", properties])
    return _counted(rows, b'"type": "RECORD"')


def _airbyte(folder: Path) -> int:
    run = importlib.import_module("source_salesforce.run").run
    config = _written(folder / "config.json", CREDENTIALS | AIRBYTE | {"start_date": SINCE})
    found = _output(folder, run, ["discover", "--config", config])
    messages = map(json.loads, found.read_text().splitlines())
    streams = next(m["catalog"]["streams"] for m in messages if m["type"] == "CATALOG")
    wanted = {
        "stream": next(s for s in streams if s["name"] == STREAM),
        "sync_mode": "full_refresh",
        "destination_sync_mode": "append",
    }
    catalog = _written(folder / "catalog.json", {"streams": [wanted]})
    rows = _output(folder, run, ["read", "--config", config, "--catalog", catalog])
    return _counted(rows, b'"type":"RECORD"')


def _lead_login_to(org: str) -> None:
    send = requests.Session.send

    def led(self: requests.Session, request: Any, **kwargs: Any) -> requests.Response:
        request.url = request.url.replace(LOGIN, org)
        return send(self, request, **kwargs)

    setattr(requests.Session, "send", led)  # noqa: B010


def _output(folder: Path, program: Callable[[], Any], arguments: list[str]) -> Path:
    """A file of what a connector's program writes to stdout, whichever object it took for that."""
    path = folder / "output"
    sys.argv = [sys.argv[0], *arguments]
    stdout = os.dup(1)
    try:
        with path.open("wb") as file:
            os.dup2(file.fileno(), 1)
            with contextlib.suppress(SystemExit):
                program()
            sys.stdout.flush()
    finally:
        os.dup2(stdout, 1)
        os.close(stdout)
    return path


def _written(path: Path, value: Any) -> str:
    path.write_text(json.dumps(value))
    return str(path)


def _counted(path: Path, mark: bytes) -> int:
    with path.open("rb") as lines:
        return sum(mark in line for line in lines)


if __name__ == "__main__":
    main()
