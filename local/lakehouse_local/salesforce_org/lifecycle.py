"""The demo org of a local lakehouse: start, stop, look, change, delete.

One server process for each lakehouse (``home.org`` holds data, record and log). The port is
chosen once and kept with the data, because the lakehouse's secret holds the address.
"""

import json
import shutil
import sys
import textwrap
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from lakehouse_local import loopback
from lakehouse_local.background import BackgroundError, BackgroundProcess
from lakehouse_local.home import Home
from lakehouse_local.salesforce_org.settings import DEFAULT_RECORDS
from lakehouse_local.salesforce_org.store import StoreError, read_meta

_ABOVE: Final = 3_000  # the org's port is the lakehouse's plus this, or one of the next
_TRIES: Final = 50
_COLUMNS: Final = 80
_ROWS_PER_SECOND: Final = 5_000  # how slow making the data may be before it counts as stuck


class OrgError(BackgroundError):
    """The demo org cannot do what was asked; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class OrgDetails:
    """Where the org is and with what a client gets in. Never log or print the secret."""

    url: str
    client_id: str
    client_secret: str
    username: str
    org_id: str

    def __repr__(self) -> str:
        return f"OrgDetails(url={self.url!r}, org_id={self.org_id!r}, username={self.username!r})"


@dataclass(frozen=True, kw_only=True)
class OrgStatus:
    """What the org is doing. ``records`` counts the soft deleted too."""

    running: bool
    url: str | None = None
    org_id: str | None = None
    now: str | None = None
    records: Mapping[str, int] | None = None

    def __str__(self) -> str:
        if not self.running:
            return "the demo org does not run"
        counts = self.records or {}
        lines = [f"  {name:<22}{count:>12,}" for name, count in counts.items()]
        total = f"{sum(counts.values()):,} records, {self.now} by its clock"
        return "\n".join([f"demo org {self.org_id} at {self.url}: {total}", *lines])


@dataclass(frozen=True, kw_only=True)
class OrgChange:
    """What a day of business did: object → kind of edit → records."""

    number: int
    now: str
    edits: Mapping[str, Mapping[str, int]]
    new_fields: tuple[str, ...]

    def __str__(self) -> str:
        lines = [
            textwrap.fill(
                f"  {name:<22}" + ", ".join(f"{count:,} {kind}" for kind, count in kinds.items()),
                width=_COLUMNS,
                subsequent_indent=" " * 24,
            )
            for name, kinds in self.edits.items()
        ]
        lines += [f"  new field             {name}" for name in self.new_fields]
        return "\n".join([f"a day of business passed; it is {self.now} in the org", *lines])


def start(home: Home, *, records: int = DEFAULT_RECORDS, seed: str = "1") -> OrgDetails:
    """Start the org, or find it running. ``records`` and ``seed`` count when it is made.

    Raises :class:`OrgError`.
    """
    process = _process(home)
    details = process.details()
    if not details:
        port = _port(home)
        url = f"http://{loopback.HOST}:{port}"
        argv = [sys.executable, "-m", "lakehouse_local.salesforce_org", "--port", str(port)]
        argv += ["--data", str(home.org), "--records", str(records), "--seed", seed]
        # Before the start, so that a start that is cut off changes no address later.
        home.org.mkdir(parents=True, exist_ok=True)
        (home.org / "port").write_text(str(port))
        try:
            process.start(
                argv,
                ready=lambda: _answers(url),
                timeout=60 + records / _ROWS_PER_SECOND,
                details={"url": url},
            )
        except BackgroundError as error:
            details = process.details()
            if not details:  # else another command started it at the same time
                raise OrgError(str(error)) from None
        else:
            details = {"url": url}
    return _details(home, details["url"])


def kept_records(home: Home) -> int | None:
    """The number of records that the org of a home was made with; None where there is none."""
    try:
        found = read_meta(home.org).get("records")
    except StoreError as error:
        raise OrgError(str(error)) from None
    return int(found) if found else None


def stop(home: Home) -> bool:
    """Stop the org; its data stay. Whether it was running."""
    return _process(home).stop()


def delete(home: Home) -> None:
    """Stop the org and remove its data."""
    stop(home)
    if home.org.exists():
        shutil.rmtree(home.org)


def status(home: Home) -> OrgStatus:
    """Whether the org runs and what it holds."""
    details = _process(home).details()
    if not details:
        return OrgStatus(running=False)
    found = control(details["url"], "GET", "status")
    return OrgStatus(
        running=True,
        url=details["url"],
        org_id=found["org_id"],
        now=found["now"],
        records=found["records"],
    )


def change(home: Home, **day: Any) -> OrgChange:
    """Let a day of business pass; keys as in :class:`~.day.Day`. Raises :class:`OrgError`."""
    found = ask(home, "POST", "change", day)
    return OrgChange(
        number=found["number"],
        now=found["now"],
        edits=found["edits"],
        new_fields=tuple(found["new_fields"]),
    )


def ask(home: Home, method: str, name: str, body: Mapping[str, Any] | None = None) -> Any:
    """Call a control endpoint of a lakehouse's org, which must run. Raises :class:`OrgError`."""
    details = _process(home).details()
    if not details:
        raise OrgError("the demo org does not run: start it with `lakehouse org start`")
    return control(details["url"], method, name, body)


def control(url: str, method: str, name: str, body: Mapping[str, Any] | None = None) -> Any:
    """Call a control endpoint, ``/_org/<name>``. Raises :class:`OrgError`."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{url}/_org/{name}", data, method=method)  # noqa: S310
    try:
        with loopback.ask(request, timeout=600) as answer:
            text = answer.read()
    except urllib.error.HTTPError as error:
        answer = json.loads(error.read() or b"[]")
        why = answer[0]["message"] if answer else error.reason
        raise OrgError(f"the demo org refused {name}: {why}") from None
    except OSError as error:
        raise OrgError(f"the demo org at {url} does not answer: {error}") from None
    return json.loads(text) if text else None


def _process(home: Home) -> BackgroundProcess:
    return BackgroundProcess(home.org, "salesforce_org")


def _details(home: Home, url: str) -> OrgDetails:
    try:
        meta = read_meta(home.org)
    except StoreError as error:
        raise OrgError(str(error)) from None
    return OrgDetails(
        url=url,
        client_id=meta["client_id"],
        client_secret=meta["client_secret"],
        username=meta["username"],
        org_id=meta["org_id"],
    )


def _port(home: Home) -> int:
    kept = home.org / "port"
    if kept.exists() and read_meta(home.org):
        port = int(kept.read_text())
        if not loopback.is_free(port):
            raise OrgError(
                f"port {port} of the demo org is used by another program: stop that one, or start"
                " over with `lakehouse down --delete`"
            )
        return port
    first = home.port + _ABOVE if home.port + _ABOVE + _TRIES <= 65_535 else home.port - _ABOVE
    for port in range(first, first + _TRIES):
        if loopback.is_free(port):
            return port
    raise OrgError(f"ports {first} to {first + _TRIES - 1} are all used: free one of them")


def _answers(url: str) -> bool:
    try:
        with loopback.ask(f"{url}/services/data", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False
