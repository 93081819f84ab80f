"""An org while it is served: data, clock, tokens, limits and moods together."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lakehouse_local.salesforce_org.generate import make_org
from lakehouse_local.salesforce_org.moods import Moods
from lakehouse_local.salesforce_org.settings import Behaviour, Birth
from lakehouse_local.salesforce_org.store import LAYOUT, Store, read_meta, remove_unfinished
from lakehouse_local.salesforce_org.usage import Usage, Used


@dataclass(kw_only=True)
class Org:
    """Everything the server's parts share."""

    store: Store
    behaviour: Behaviour = field(default_factory=Behaviour)
    moods: Moods = field(default_factory=Moods)
    usage: Usage = field(default_factory=Usage)
    held: dict[int, dict[str, Any]] = field(default_factory=dict)  # edits not committed yet

    def used(self) -> Used:
        """What clients used of the daily limits, by the org's clock."""
        return self.usage.used(self.store.clock.seconds())

    def close(self) -> None:
        """Keep what must survive a restart, and close the data."""
        self.store.set_meta(usage=self.usage.dump())
        self.store.close()

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


Fill = Callable[[Store, float], None]


def make(folder: Path, birth: Birth, fill: Fill | None = None) -> None:
    """Make an org in a folder that has none.

    ``fill`` (default: the demo's data) adds objects, User among them, and records, none
    younger than the time it is given.
    """
    remove_unfinished(folder)
    store = Store(folder)
    try:
        now = birth.now if birth.now is not None else store.clock.seconds() // 3_600 * 3_600
        if fill is None:
            make_org(store, records=birth.records, seed=birth.seed, now=now, org_id=birth.org_id)
        else:
            fill(store, now)
        with store.reading() as db:
            users = store.object("User").table
            user = db.execute(f'SELECT "Id", "Username" FROM {users} ORDER BY "Id"').fetchone()  # noqa: S608
        # Last and at once, so that an org whose making was interrupted is not taken for whole.
        store.set_meta(
            layout=LAYOUT,
            records=str(birth.records),
            seed=birth.seed,
            org_id=birth.org_id,
            user_id=user[0],
            username=user[1],
            client_id=birth.client_id,
            client_secret=birth.client_secret,
            born=repr(now),
        )
    finally:
        store.close()


def open_org(folder: Path, birth: Birth | None = None) -> Org:
    """Open the org in a folder; where there is none, make one. Raises StoreError."""
    if not read_meta(folder):
        make(folder, birth or Birth())
    store = Store(folder)
    page_rows = max(10_000, int(store.meta("records", "0")) // 100)
    usage = Usage(store.meta("usage"))
    return Org(store=store, behaviour=Behaviour(page_rows=page_rows), usage=usage)
