"""Waiting for what a thread, a process or a server does in its own time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(
    look: Callable[[], T],
    done: Callable[[T], object] = bool,
    *,
    seconds: float = 60,
    pause: float = 0.05,
) -> T:
    """What ``look`` gives as soon as ``done`` holds for it.

    :param done: at first: whether there is anything.
    :param seconds: generous, since only a failure takes as long; a busy machine may.
    :param pause: seconds from one look to the next.
    :raises AssertionError: it never held; the message has what was seen last.
    """
    deadline = time.monotonic() + seconds
    # The clock is read before the look: after a stall there is a last one.
    while True:
        late = time.monotonic() > deadline
        if done(found := look()):
            return found
        if late:
            raise AssertionError(f"not within {seconds} s; the last seen: {found!r}")
        time.sleep(pause)
