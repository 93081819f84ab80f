"""The commit that brings an object's rows and its new state: both or neither."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import Table, TableProperties

from lakehouse_jobs.contract.raw_log import FORMAT_VERSION, TableProperty
from lakehouse_jobs.errors import CommitFailedError, CommitUnknownError, SupersededError
from lakehouse_jobs.raw.added import Footer, described
from lakehouse_jobs.raw.fence import put_fence
from lakehouse_jobs.raw.store import Store
from lakehouse_jobs.raw.table import RawTable

_ATTEMPTS: Final = 4
PAUSE: Final = 1.0  # seconds before the second attempt; doubled before each further one
# Refusals of a service that had too much to do: nothing was changed.
_BUSY: Final = frozenset(
    {"ThrottlingException", "Throttling", "RequestLimitExceeded", "SlowDown", "TooManyRequests"}
)


@dataclass(frozen=True, kw_only=True)
class Landing:
    """What a run wants the table to be."""

    files: Sequence[str]  # data files; with none, only the watermark moves
    watermark: datetime  # UTC
    lookback_file: str
    run_id: str
    footers: Mapping[str, Footer] = field(default_factory=dict)  # of files, where they are known
    # More properties that become true with these rows; an empty value stands for none.
    properties: Mapping[str, str] = field(default_factory=dict)
    # Data files of a load are never deleted here: another run may have taken it over.
    keep_files: bool = False


def iso(moment: datetime) -> str:
    """A time as it stands in properties and outcomes."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def commit(raw: RawTable, landing: Landing, *, store: Store) -> int:
    """Land the files and the state in one transaction; the table's batch afterwards.

    Raises SupersededError or CommitFailedError after deleting the files, or
    CommitUnknownError, which keeps them.
    """
    batch = raw.state.batch + 1 if landing.files else raw.state.batch
    wanted = {
        TableProperty.WATERMARK.value: iso(landing.watermark),
        TableProperty.BATCH.value: str(batch),
        TableProperty.RUN_ID.value: landing.run_id,
        TableProperty.FORMAT_VERSION.value: str(FORMAT_VERSION),
        TableProperty.LOOKBACK_FILE.value: landing.lookback_file,
        **landing.properties,
    }
    try:
        _land(raw, landing, wanted)
    except CommitFailedError:
        store.discard([*([] if landing.keep_files else landing.files), landing.lookback_file])
        raise
    previous = raw.state.lookback_file
    if previous and previous != landing.lookback_file:
        store.discard([previous])
    return batch


def _land(raw: RawTable, landing: Landing, wanted: dict[str, str]) -> None:
    table = raw.table
    name = ".".join(table.name())
    uncertain = False  # an attempt without an answer may land even now
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            _transact(table, landing, wanted, fenced_by=raw.properties)
        except SupersededError as error:
            # The other run may be this one: botocore repeats a request whose answer was
            # lost, and then meets its own change.
            if _landed(table, wanted, after=error):
                return
            raise
        except CommitFailedException as error:
            # Certain also after an attempt without an answer: that one is stale as well.
            if _landed(table, wanted, after=error):
                return
            # PyIceberg repeats appends by itself, but not a change of properties alone.
            if landing.files or attempt == _ATTEMPTS:
                raise CommitFailedError(
                    f"{name}: the catalog refused the commit: {error}; run this object again"
                ) from error
        except Exception as error:
            if _landed(table, wanted, after=error):
                return
            uncertain = uncertain or _is_lost(error)
            if attempt == _ATTEMPTS or not (_is_lost(error) or _is_passing(error)):
                if uncertain:
                    raise CommitUnknownError(
                        f"{name}: the commit's answer was lost ({error}); it is not in the table "
                        "so far, its files are kept, and the next run finds out"
                    ) from error
                raise CommitFailedError(
                    f"{name}: the commit did not land: {error}; run this object again"
                ) from error
            # The fence makes it safe to try again: at most one of the attempts can land.
            time.sleep(PAUSE * 2 ** (attempt - 1))
        else:
            return
        table = _fresh(table, after=None)


def _is_lost(error: Exception) -> bool:
    """Whether a request may have done its work all the same."""
    if isinstance(error, ClientError):
        return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500) >= 500
    return isinstance(error, BotoCoreError | OSError) and not isinstance(error, FileNotFoundError)


def _is_passing(error: Exception) -> bool:
    """Whether what is certain not to have landed may land a moment later."""
    if isinstance(error, ClientError):
        return error.response.get("Error", {}).get("Code") in _BUSY
    # A manifest that was merged away since the table was opened: it is loaded anew.
    return isinstance(error, FileNotFoundError)


def _transact(
    table: Table, landing: Landing, wanted: dict[str, str], *, fenced_by: dict[str, str]
) -> None:
    with table.transaction() as transaction:
        put_fence(transaction, fenced_by)
        transaction.set_properties(wanted)
        if not landing.files:
            return
        # As add_files has it: for readers that know a file's columns by name alone.
        if TableProperties.DEFAULT_NAME_MAPPING not in transaction.table_metadata.properties:
            names = transaction.table_metadata.schema().name_mapping.model_dump_json()
            transaction.set_properties({TableProperties.DEFAULT_NAME_MAPPING: names})
        update = transaction.update_snapshot(
            {
                TableProperty.RUN_ID.value: wanted[TableProperty.RUN_ID],
                TableProperty.BATCH.value: wanted[TableProperty.BATCH],
                TableProperty.WATERMARK.value: wanted[TableProperty.WATERMARK],
                TableProperty.LOOKBACK_FILE.value: wanted[TableProperty.LOOKBACK_FILE],
            }
        )
        # Whether and when it merges manifests the table's properties say.
        with update.merge_append() as append:
            for file in described(table, landing.files, footers=landing.footers):
                append.append_data_file(file)


def _landed(table: Table, wanted: dict[str, str], *, after: Exception) -> bool:
    """Whether a commit without an answer is in the table."""
    fresh = _fresh(table, after=after)
    # Its name is unique to the attempt; run id and batch may be those of a twin of this run,
    # and other properties may have moved on since (a delivery takes rejected files away).
    key = TableProperty.LOOKBACK_FILE.value
    if fresh.properties.get(key) == wanted[key]:
        return True
    return any(
        s.summary is not None and s.summary.additional_properties.get(key) == wanted[key]
        for s in fresh.snapshots()
    )


def _fresh(table: Table, *, after: Exception | None) -> Table:
    try:
        return table.catalog.load_table(table.name())
    except Exception as error:
        raise CommitUnknownError(
            f"{'.'.join(table.name())}: the commit's answer was lost ({after or error}) and the "
            "table cannot be read; the next run finds out whether it landed"
        ) from error
