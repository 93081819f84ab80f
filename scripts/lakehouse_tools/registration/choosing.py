"""Which of a folder's metadata files is the table, and whether it may be this lake's."""

from collections.abc import Mapping
from typing import Final

from lakehouse_jobs.contract.raw_log import (
    COMPARISON_RUNS_TABLE,
    REJECTED_TABLE,
    RUNS_TABLE,
    table_name,
)
from lakehouse_tools.errors import RegisterError, RequestError
from lakehouse_tools.registration.folder import Folder
from lakehouse_tools.registration.state import State, read_state

SIDE_TABLES: Final = (REJECTED_TABLE, RUNS_TABLE, COMPARISON_RUNS_TABLE)


def choose(
    folder: Folder, *, given: str | None, org_id: str | None, storage: Mapping[str, str]
) -> State:
    """The state to take up: that of the newest metadata file, or of the one given.

    Two commits that met leave two files of one number. The one that lost deletes the other
    files that it wrote, so it is known where it could still do that.

    ``org_id``: whose rows the lake holds; None where nothing says it. ``storage``: how
    PyIceberg reaches S3. Raises RequestError or RegisterError.
    """
    if given is not None and given not in folder.files:
        raise RequestError(
            f"--metadata: got {given!r}; allowed: the s3:// address of a file in"
            f" {folder.address}/metadata/"
        )
    addresses = [given] if given else folder.newest()
    if not addresses:
        raise RequestError(
            f"no metadata file lies in {folder.address}/metadata/, so there is nothing to take up:"
            " where the bucket keeps old versions, bring the folder's files back first"
        )
    states = [read_state(folder, address, storage=storage) for address in addresses]
    whole = [state for state in states if not state.missing]
    if not whole:
        raise _incomplete(states[-1])
    if len(whole) > 1:
        raise _undecided(folder, whole)
    _check(whole[0], folder, org_id)
    return whole[0]


def _incomplete(state: State) -> RegisterError:
    return RegisterError(
        f"{state.address} refers to {len(state.missing):,} file(s) that are gone, such as"
        f" {state.missing[0]}: where the bucket keeps old versions, bring them back, or say"
        " --metadata with an earlier metadata file"
    )


def _undecided(folder: Folder, states: list[State]) -> RegisterError:
    listed = ", ".join(
        f"{state.address} (batch {state.batch}, watermark {state.watermark}, {state.rows:,} rows,"
        f" written {state.written:%Y-%m-%d %H:%M:%S} UTC)"
        for state in states
    )
    return RegisterError(
        f"{folder.table}: {len(states)} commits may be the last, as two met or somebody went back"
        f" to an earlier state, and their files do not tell which: {listed}: say --metadata with"
        " the one to take"
    )


def _check(state: State, folder: Folder, org_id: str | None) -> None:
    if state.location.rstrip("/") != folder.address:
        raise RegisterError(
            f"{state.address} is of a table at {state.location}, and lies in {folder.address}:"
            " move the folder back to where the table was"
        )
    if folder.table in SIDE_TABLES:
        return
    if state.object_name is None or table_name(state.object_name) != folder.table:
        raise RegisterError(
            f"{state.address} is of {state.object_name or 'no object'}, not of a raw table"
            f" {folder.table}: register it with the tools that made it"
        )
    if org_id is not None and state.org_id != org_id:
        raise RegisterError(
            f"{state.address} holds rows of org {state.org_id or '(none named)'}, and this lake is"
            f" of org {org_id}: register it in the environment of its org"
        )
