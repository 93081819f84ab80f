"""The job's log: one JSON object a line, with the run, group and object it is about.

No line carries a secret or a record's content. Errors of our own are written with that in
mind; the words of others are let through only where they cannot quote a record.
"""

import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError
from pyiceberg import exceptions as iceberg
from requests import RequestException

from lakehouse_jobs.contract import progress
from lakehouse_jobs.contract.errors import ConfigError
from lakehouse_jobs.contract.progress import Event
from lakehouse_jobs.errors import LakehouseError

LONGEST_TEXT: Final = 300
# They speak of addresses, services and tables. Arrow's and Python's own errors quote values.
_SAFE: Final = (
    LakehouseError,
    ConfigError,
    BotoCoreError,
    ClientError,
    OSError,
    RequestException,
    *(e for e in vars(iceberg).values() if isinstance(e, type) and issubclass(e, Exception)),
)
_ABOUT: ContextVar[tuple[tuple[str, str], ...]] = ContextVar("about", default=())
_LOCK = threading.Lock()


@contextmanager
def about(**names: str) -> Iterator[None]:
    """Lines of this context, and of copies of it in other threads, carry these names."""
    token = _ABOUT.set((*_ABOUT.get(), *names.items()))
    try:
        yield
    finally:
        _ABOUT.reset(token)


def say(event: Event, **fields: Any) -> None:
    """Print a line, a whole one, from any thread."""
    text = progress.line(event, **{**dict(_ABOUT.get()), **fields})
    with _LOCK:
        print(text, flush=True)


def warn(message: str) -> None:
    """Say what went wrong without failing anything, in a sentence."""
    say(Event.WARNING, message=message)


def sentence(error: Exception) -> str:
    """What a person is told of an error, the remedy with it; one that is not ours is logged."""
    if isinstance(error, LakehouseError | ConfigError):
        return str(error)
    return unforeseen(error)


def unforeseen(error: BaseException) -> str:
    """Log where an error that is none of ours comes from; a line about it for a person."""
    chain: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and following not in chain:
        chain.append(following)
        following = following.__cause__ or following.__context__
    where = [
        f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
        for one in reversed(chain)
        for frame in traceback.extract_tb(one.__traceback__)
    ]
    say(Event.ERROR, error=" from ".join(type(one).__name__ for one in chain), where=where)
    place = f" in {where[-1]}" if where else ""
    text = told(error)
    return (
        f"unexpected {type(error).__name__}{place}{': ' + text if text else ''}; "
        "run this object again, and report it with the job's log if it comes back"
    )


def told(error: BaseException) -> str:
    """An error's own words in one line; none where they may quote a record."""
    if not isinstance(error, _SAFE):
        return ""
    text = " ".join(str(error).split())
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
