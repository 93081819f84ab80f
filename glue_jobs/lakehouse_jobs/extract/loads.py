"""Who is reading an object: one record for each table under ``loads/``.

Its owner writes it again every few seconds. Another run that finds one watches it: if
it changes, its owner lives; if it stays as it is, the owner is dead and the record is
taken over. No clocks are compared.
"""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from botocore.exceptions import BotoCoreError, ClientError

from lakehouse_jobs import log
from lakehouse_jobs.contract.runs import LOADS_PREFIX
from lakehouse_jobs.extract.steps import Step, step
from lakehouse_jobs.raw.store import Store

BEAT_SECONDS = 4.0
DEAD_AFTER_SECONDS = 15.0
POLL_SECONDS = 1.0


class TakenError(Exception):
    """Another live run is reading the object; ``owner`` is what it calls itself."""

    def __init__(self, owner: str) -> None:
        super().__init__(owner)
        self.owner = owner


@dataclass(kw_only=True)
class Claim:
    """The right to read an object, held inside a ``with``. Raises TakenError on entry."""

    store: Store
    table: str
    owner: str  # unique to this process
    beat: float = BEAT_SECONDS
    dead_after: float = DEAD_AFTER_SECONDS
    sleep: Callable[[float], None] = time.sleep
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    @property
    def key(self) -> str:
        """Key of the record."""
        return f"{LOADS_PREFIX}{self.table}/load.json"

    def __enter__(self) -> Self:
        with step(Step.CLAIM):
            found: str | None = None
            while not self.store.claim(self.key, self._record(), replacing=found):
                found = self._watched()
        self._thread = threading.Thread(target=self._beat, name=f"beat {self.table}", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        try:
            with step(Step.RELEASE):
                self._release()
        except Exception as failure:
            # What was read has landed all the same; the next run takes the record over.
            log.warn(f"{self.key} could not be deleted: {log.told(failure)}")

    def _release(self) -> None:
        if self._mine():
            self.store.delete([self.store.address(self.key)])

    def _watched(self) -> str | None:
        """The ETag of a record that did not change for long enough; None if it went."""
        first = self.store.tag_of(self.key)
        waited = 0.0
        pause = min(POLL_SECONDS, self.dead_after / 4)
        while waited < self.dead_after:
            self.sleep(pause)
            waited += pause
            now = self.store.tag_of(self.key)
            if now is None:
                return None
            if now != first:
                raise TakenError(self._found_owner())
        return first

    def _beat(self) -> None:
        while not self._stop.wait(self.beat):
            try:
                if not self._mine():
                    return  # taken over: the fence decides who lands
                self.store.write(self.key, self._record())
            except (ClientError, BotoCoreError):
                continue  # the next beat may get through

    def _record(self) -> bytes:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        return json.dumps({"owner": self.owner, "heartbeat": now}).encode()

    def _mine(self) -> bool:
        return self._found_owner() == self.owner

    def _found_owner(self) -> str:
        data = self.store.read(self.key)
        try:
            return str(json.loads(data or b"{}").get("owner", ""))
        except ValueError:
            return ""
