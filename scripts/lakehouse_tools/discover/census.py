"""Asking an org what it holds, in as few calls as it takes and several at once.

One call lists the objects, one gives the (approximate) rows of most of them, one describe
is needed for each object that is looked into. Salesforce counts each call.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import quote

from lakehouse_jobs.errors import AnswerRefusedError, SalesforceError
from lakehouse_jobs.salesforce import Org
from lakehouse_jobs.salesforce.calls import counted
from lakehouse_tools.discover import permissions, reading
from lakehouse_tools.discover.findings import Census, ObjectFinding
from lakehouse_tools.errors import RequestError

AT_ONCE: Final = 8  # calls; each is answered in well under a second
_COUNTS: Final = "rows of objects"
Progress = Callable[[int, int, str], None]  # calls done, calls in all, what is being done


@dataclass(kw_only=True)
class _Asking:
    """One census under way."""

    org: Org
    base: str
    progress: Progress
    pool: ThreadPoolExecutor
    done: int = 0
    total: int = 4
    notes: list[str] = field(default_factory=list)

    def get(self, path: str) -> Any:
        """One call."""
        return self.org.transport.json("GET", self.base + path)

    def step(self, what: str) -> None:
        """One call is done."""
        self.done += 1
        self.progress(self.done, max(self.total, self.done), what)

    def each(self, ask: Callable[[str], Any], names: Sequence[str], what: str) -> dict[str, Any]:
        """Ask for several at once; by name, without what was refused."""
        futures = {n: self.pool.submit(copy_context().run, ask, n) for n in names}
        found: dict[str, Any] = {}
        for name, future in futures.items():
            answer = future.result()
            self.step(f"{what} {name}")
            if answer is not None:
                found[name] = answer
        return found


def take(
    org: Org, *, api_version: str, look_into_all: bool, share: float, progress: Progress
) -> Census:
    """The census. ``share`` of the org's daily requests that may be used up by everybody.

    Raises :class:`RequestError` where that would not do.
    """
    started = time.monotonic()
    with counted() as calls, ThreadPoolExecutor(AT_ONCE, thread_name_prefix="discover") as pool:
        asking = _Asking(
            org=org, base=f"/services/data/v{api_version}", progress=progress, pool=pool
        )
        objects, grantable = _objects(asking, look_into_all=look_into_all, share=share)
        org_id = org.org_id
    return Census(
        org_id=org_id,
        instance_url=org.transport.credentials.instance_url,
        objects=tuple(sorted(objects, key=lambda o: o.name)),
        calls=calls.number + 1,  # and the login
        seconds=time.monotonic() - started,
        used=calls.after.used if calls.after else None,
        limit=calls.after.limit if calls.after else None,
        grantable=grantable,
        notes=tuple(asking.notes),
    )


def _objects(
    asking: _Asking, *, look_into_all: bool, share: float
) -> tuple[list[ObjectFinding], frozenset[str] | None]:
    daily = (asking.get("/limits") or {}).get("DailyApiRequests")
    asking.step("limits")
    listed = [o for o in (asking.get("/sobjects") or {}).get("sobjects", []) if o.get("queryable")]
    asking.step("objects")
    names = {str(row["name"]) for row in listed}
    rows = _record_counts(asking)
    found = [reading.listed(row, names, rows) for row in listed]
    wanted = [o for o in found if look_into_all or o.folded is None]
    # A describe each, what is not counted yet, and the questions about permissions.
    needed = len(wanted) + sum(o.rows is None for o in wanted) + len(wanted) // 10 + 2
    _within(daily, needed, share)
    asking.total = asking.done + needed
    counted_rows = asking.each(
        lambda name: _count(asking, name), [o.name for o in wanted if o.rows is None], "rows of"
    )
    described = asking.each(
        lambda name: _describe(asking, name), [o.name for o in wanted], "fields of"
    )
    found = [reading.looked_into(o, described.get(o.name), counted_rows.get(o.name)) for o in found]
    grantable = permissions.grantable_objects(asking.org, asking.base)
    asking.step("objects that can be granted")
    return _with_hidden(asking, found), grantable


def _within(daily: Mapping[str, int] | None, needed: int, share: float) -> None:
    if not daily:
        return
    used, most = daily["Max"] - daily["Remaining"], daily["Max"]
    if used + needed > share * most:
        raise RequestError(
            f"discover needs about {needed:,} API calls, and {used:,} of the org's {most:,} a day"
            f" are used: more than {share:.0%} would be gone; wait until they are free again, or"
            " give --api-share a larger share"
        )


def _record_counts(asking: _Asking) -> dict[str, int]:
    """Approximate rows of most objects, in one call."""
    try:
        answer = asking.get("/limits/recordCount") or {}
    except AnswerRefusedError:
        asking.notes.append(
            f"the org's cached record counts need the permission {permissions.NEEDED}: each object"
            " was counted instead"
        )
        return {}
    finally:
        asking.step(_COUNTS)
    return {str(o["name"]): int(o["count"]) for o in answer.get("sObjects", [])}


def _count(asking: _Asking, name: str) -> int | None:
    soql = quote(f"SELECT COUNT() FROM {name}")  # noqa: S608 - a name that describeGlobal gave
    try:
        return int((asking.get(f"/query?q={soql}") or {})["totalSize"])
    except (SalesforceError, KeyError, TypeError) as error:
        asking.notes.append(f"{name} could not be counted: {_short(error)}")
        return None


def _describe(asking: _Asking, name: str) -> dict[str, Any] | None:
    try:
        return asking.get(f"/sobjects/{name}/describe")
    except SalesforceError as error:
        asking.notes.append(f"{name} could not be looked into: {_short(error)}")
        return None


def _with_hidden(asking: _Asking, found: list[ObjectFinding]) -> list[ObjectFinding]:
    visible = {o.name: [f.name for f in o.fields] for o in found if o.fields}
    hidden: dict[str, tuple[str, ...]] = {}
    for chunk in permissions.chunks(visible):
        hidden |= permissions.hidden_fields(asking.org, asking.base, chunk, visible)
        asking.step("hidden fields")
    if visible and not hidden:
        asking.notes.append(
            "fields that the user cannot see are not known: the permission"
            f" {permissions.NEEDED} would tell"
        )
    return [replace(o, hidden=hidden.get(o.name)) for o in found]


def _short(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= 160 else text[:159] + "…"
