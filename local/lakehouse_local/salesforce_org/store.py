"""The org's data: one SQLite file, with a table for each object.

Beside the records it holds the describes, a journal of every version a record ever had
(the truth that tests compare with), access tokens and bulk jobs. Readers run beside the one
writer (WAL) and each sees one state of the org.
"""

import fcntl
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any, Final

from lakehouse_local.salesforce_org.catalog import Catalog, SObject, dump, load_catalog
from lakehouse_local.salesforce_org.instants import Clock

FILE: Final = "org.sqlite"
LAYOUT: Final = "1"
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sobject (name TEXT PRIMARY KEY, bulk INTEGER, describe TEXT);
CREATE TABLE IF NOT EXISTS version (
    object TEXT, id TEXT, stamp TEXT, deleted INTEGER, change INTEGER,
    PRIMARY KEY (object, id, stamp, deleted)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS purged (object TEXT, id TEXT, deleted_at TEXT);
CREATE TABLE IF NOT EXISTS hidden_field (
    object TEXT, field TEXT, PRIMARY KEY (object, field)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hidden_record (
    object TEXT, id TEXT, PRIMARY KEY (object, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS token (token TEXT PRIMARY KEY, issued_at TEXT);
CREATE TABLE IF NOT EXISTS job (id TEXT PRIMARY KEY, created REAL, info TEXT);
"""


class StoreError(Exception):
    """The data folder cannot be used; the message says why and what to do."""


class Store:
    """An open org. Close it when done."""

    def __init__(self, folder: Path, *, clock: Clock | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.path = folder / FILE
        self._lock = _lock(folder)
        self._writing = threading.RLock()
        self._readers: list[sqlite3.Connection] = []
        try:
            self._writer = self._connect()
            self._writer.executescript(_SCHEMA)
        except sqlite3.DatabaseError as error:
            raise StoreError(f"{self.path}: {error}; delete the folder for a new org") from None
        if self.meta("layout", LAYOUT) != LAYOUT:
            raise StoreError(
                f"{self.path}: made by another version of the demo org "
                f"(layout {self.meta('layout')}, this one reads {LAYOUT}); delete the folder"
            )
        self.clock = clock or Clock(float(self.meta("clock_offset", "0")))
        self.catalog: Catalog = load_catalog(self._writer)
        self.visible: Catalog = self.catalog.as_user()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=60, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA cache_size = -32768")
        return connection

    def close(self) -> None:
        """Close all connections."""
        with self._writing:
            for connection in (*self._readers, self._writer):
                connection.close()
            self._readers.clear()
        self._lock.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection to read with; what it sees does not change until it is given back."""
        with self._writing:
            connection = self._readers.pop() if self._readers else self._connect()
        connection.execute("BEGIN")
        try:
            yield connection
        finally:
            connection.execute("ROLLBACK")
            with self._writing:
                self._readers.append(connection)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The connection to write with: one transaction, undone by an exception."""
        with self._writing:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
            except BaseException:
                self._writer.execute("ROLLBACK")
                raise
            self._writer.execute("COMMIT")

    def meta(self, key: str, default: str = "") -> str:
        """A setting of the org."""
        with self._writing:
            row = self._writer.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return default if row is None else row[0]

    def set_meta(self, **values: str) -> None:
        """Keep settings, all at once."""
        with self.writing() as db:
            db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", list(values.items()))

    def add_object(self, sobject: SObject) -> None:
        """Make the table of an object, without records. An object that exists is an error."""
        columns = ", ".join(
            f"{field.column} {field.sql_type}" + (" PRIMARY KEY" if field.type == "id" else "")
            for field in sobject.stored
        )
        with self.writing() as db:
            db.execute(
                "INSERT INTO sobject VALUES (?, ?, ?)",
                (sobject.name, sobject.bulk, dump(sobject.describe)),
            )
            db.execute(f"CREATE TABLE {sobject.table} ({columns})")
        self.reload()

    def reload(self) -> None:
        """Read the describes and the user's permissions again."""
        with self._writing:
            self.catalog = load_catalog(self._writer)
            self.visible = self.catalog.as_user()

    def object(self, name: str) -> SObject:
        """An object that must exist. Raises KeyError."""
        found = self.catalog.find(name)
        if found is None:
            raise KeyError(name)
        return found

    def insert(self, sobject: SObject, columns: list[str], rows: Iterable[tuple[Any, ...]]) -> None:
        """Insert many records in one transaction, without the journal (see :meth:`journal`)."""
        names = ", ".join(f'"{name}"' for name in columns)
        marks = ", ".join("?" * len(columns))
        with self.writing() as db:
            db.executemany(f"INSERT INTO {sobject.table} ({names}) VALUES ({marks})", rows)  # noqa: S608

    def finish_object(self, sobject: SObject) -> None:
        """After the first records: index the stamp and write the journal's first entries."""
        deleted = '"IsDeleted"' if sobject.has_deleted else "0"
        stamp = f'"{sobject.stamp}"' if sobject.stamp else "''"
        with self.writing() as db:
            if sobject.stamp:
                index = f'"i_{sobject.name}_stamp"'
                db.execute(f"CREATE INDEX IF NOT EXISTS {index} ON {sobject.table} ({stamp})")
            db.execute(
                f'INSERT OR IGNORE INTO version SELECT ?, "Id", {stamp}, {deleted}, 0 '  # noqa: S608
                f'FROM {sobject.table} ORDER BY "Id"',
                (sobject.name,),
            )
            count = db.execute(f"SELECT count(*) FROM {sobject.table}").fetchone()[0]  # noqa: S608
        self.set_meta(**{f"next:{sobject.name}": str(count)})

    def count(self, sobject: SObject, *, deleted: bool = True) -> int:
        """Records of an object: all, or those that ``query`` shows."""
        alive = "1" if deleted else sobject.shown
        with self.reading() as db:
            return db.execute(
                f"SELECT count(*) FROM {sobject.table} WHERE {alive}"  # noqa: S608
            ).fetchone()[0]


def _lock(folder: Path) -> IO[str]:
    """Held while the store is open, so that no two processes serve or make one org."""
    file = (folder / "lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise StoreError(f"{folder}: another process serves this org; stop that one") from None
    return file


def read_meta(folder: Path) -> dict[str, str]:
    """The settings of a finished org, also while it is served; empty where there is none."""
    path = folder / FILE
    if not path.exists():
        return {}
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=10)) as db:
            found = dict(db.execute("SELECT key, value FROM meta"))
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{path}: {error}; delete the folder for a new org") from None
    return found if "born" in found else {}


def remove_unfinished(folder: Path) -> None:
    """Remove an org whose making was interrupted."""
    if (folder / FILE).exists() and not read_meta(folder):
        with closing(_lock(folder)):
            for path in folder.glob(f"{FILE}*"):
                path.unlink()
