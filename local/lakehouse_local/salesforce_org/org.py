"""An org while it is served: data, clock, tokens, limits and moods together."""

import secrets
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from lakehouse_local.salesforce_org.generate import make_org
from lakehouse_local.salesforce_org.moods import Moods
from lakehouse_local.salesforce_org.settings import Behaviour, Birth
from lakehouse_local.salesforce_org.store import Store

_DAY: Final = 86_400


class Usage:
    """Requests and bulk results of the org's current day, counted from its first request."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since = 0.0
        self.requests = 0
        self.result_bytes = 0

    def count(self, now: float, *, requests: int = 0, result_bytes: int = 0) -> None:
        """Add to the day's use; a new day begins 24 hours after the first request of the last."""
        with self._lock:
            if now - self._since >= _DAY:
                self._since, self.requests, self.result_bytes = now, 0, 0
            self.requests += requests
            self.result_bytes += result_bytes


@dataclass(kw_only=True)
class Org:
    """Everything the server's parts share."""

    store: Store
    behaviour: Behaviour = field(default_factory=Behaviour)
    moods: Moods = field(default_factory=Moods)
    usage: Usage = field(default_factory=Usage)

    @property
    def id(self) -> str:
        """The org's 18-character Id."""
        return self.store.meta("org_id")

    @property
    def user_id(self) -> str:
        """The integration user, as whom every client runs."""
        return self.store.meta("user_id")

    def issue_token(self) -> str:
        """A new access token; it is good until it is revoked."""
        token = f"{self.id[:15]}!{secrets.token_urlsafe(48)}"
        with self.store.writing() as db:
            db.execute("INSERT INTO token VALUES (?, ?)", (token, self.store.clock.text()))
        return token

    def knows_token(self, token: str) -> bool:
        """Whether a token was issued and not revoked."""
        with self.store.reading() as db:
            row = db.execute("SELECT 1 FROM token WHERE token = ?", (token,)).fetchone()
        return row is not None

    def revoke_tokens(self) -> int:
        """End all sessions; how many there were."""
        with self.store.writing() as db:
            return db.execute("DELETE FROM token").rowcount

    def move_clock(self, seconds: float) -> None:
        """Advance the org's clock, for good."""
        self.store.clock.offset += seconds
        self.store.set_meta(clock_offset=repr(self.store.clock.offset))


def open_org(folder: Path, birth: Birth | None = None) -> Org:
    """Open the org in a folder; where there is none, make one."""
    store = Store(folder)
    if not store.meta("born"):
        birth = birth or Birth()
        now = birth.now if birth.now is not None else store.clock.seconds() // 3_600 * 3_600
        make_org(store, records=birth.records, seed=birth.seed, now=now, org_id=birth.org_id)
        users = store.object("User")
        with store.reading() as db:
            user = db.execute(f'SELECT min("Id") FROM {users.table}').fetchone()[0]  # noqa: S608
        # Last, so that an org whose making was interrupted is not taken for a whole one.
        store.set_meta(
            records=str(birth.records),
            seed=birth.seed,
            org_id=birth.org_id,
            user_id=user,
            username="user0@demo.example.com",
            client_id=birth.client_id,
            client_secret=birth.client_secret,
            layout="1",
            born=repr(now),
        )
    page_rows = max(10_000, int(store.meta("records", "0")) // 100)
    return Org(store=store, behaviour=Behaviour(page_rows=page_rows))
