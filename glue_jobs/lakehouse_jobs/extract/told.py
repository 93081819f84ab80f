"""What has happened, as an object's outcome tells it."""

from collections.abc import Iterator
from contextlib import contextmanager

from lakehouse_jobs import log
from lakehouse_jobs.contract.runs import ApiUse, ObjectOutcome, Status
from lakehouse_jobs.extract.landed import Landed
from lakehouse_jobs.raw.commit import iso
from lakehouse_jobs.salesforce.calls import counted
from lakehouse_jobs.salesforce.limits import Usage


def add(outcome: ObjectOutcome, landed: Landed, *, told: bool = False) -> None:
    """Add what landed to what the run has done so far; ``told``: its notes are there."""
    reading = landed.reading
    outcome["api"] = reading.api
    outcome["resumed"] = outcome["resumed"] or landed.resumed
    outcome["pages"] += len(reading.parts)
    outcome["rows"] += reading.rows
    outcome["read"] += reading.read
    outcome["bytes"] += reading.bytes
    outcome["rejected"] += landed.rejected
    outcome["tombstones"] += landed.tombstones
    unfilled = outcome["unfilled"].items()
    outcome["unfilled"] = {name: n for name, n in unfilled if name not in landed.filled}
    outcome["batch"] = landed.batch
    outcome["watermark_after"] = iso(landed.watermark) if landed.watermark else None
    say(outcome, *(() if told else landed.notes))
    if reading.rows:
        outcome["status"] = Status.LANDED.value


def say(outcome: ObjectOutcome, *sentences: str | None) -> None:
    """Add sentences to the message; None adds nothing."""
    outcome["message"] = "; ".join(t for t in (outcome["message"], *sentences) if t) or None


@contextmanager
def telling(outcome: ObjectOutcome, what: str) -> Iterator[None]:
    """Around what follows a commit: an error there is told, as what landed has landed."""
    try:
        yield
    except Exception as error:
        message = f"{what} stopped, what had landed stays: {log.sentence(error)}"
        log.warn(message)
        say(outcome, message)


@contextmanager
def calls_of(outcome: ObjectOutcome) -> Iterator[None]:
    """Add the calls to Salesforce that are made inside to an outcome."""
    with counted() as calls:
        try:
            yield
        finally:
            outcome["requests"] += calls.number
            outcome["retries"] += calls.retries
            outcome["api_before"] = outcome["api_before"] or _use(calls.before)
            outcome["api_after"] = _use(calls.after) or outcome["api_after"]


def _use(usage: Usage | None) -> ApiUse | None:
    return ApiUse(used=usage.used, limit=usage.limit) if usage else None
