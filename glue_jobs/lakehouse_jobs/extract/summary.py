"""A group's summary, small enough for a state's payload, and the line that Glue shows."""

import json
from collections.abc import Mapping, Sequence
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from lakehouse_jobs.contract.raw_log import table_name
from lakehouse_jobs.contract.runs import (
    BUILT_KEY,
    Failure,
    GroupOutcome,
    ObjectOutcome,
    Status,
    group_outcome_key,
)
from lakehouse_jobs.raw.store import Store

LONGEST_MESSAGE: Final = 300  # characters
# A state's payload is 256 KiB, and the summaries of all groups add up. Names are kept
# whatever they take, as the build leaves out what descends from them.
SUMMARY_BYTES: Final = 24 * 1024
LEAST_MESSAGE_BYTES: Final = 4 * 1024  # left for messages where names take all of it
LINE_CHARACTERS: Final = 2_000


def summarize(
    group: str, outcomes: Sequence[ObjectOutcome], *, built: Mapping[str, int]
) -> GroupOutcome:
    """The group's summary; ``built`` says up to which batch each raw table was built."""

    def named(*statuses: Status) -> list[str]:
        return [o["object"] for o in outcomes if o["status"] in statuses]

    summary = GroupOutcome(
        group=group,
        landed=named(Status.LANDED),
        unchanged=named(Status.UNCHANGED),
        skipped=named(Status.SKIPPED, Status.SUPERSEDED),
        failed=[Failure(object=name, message="") for name in named(Status.FAILED)],
        unbuilt=[
            o["object"]
            for o in outcomes
            # A build leaves out what failed, so for its sake alone none need start.
            if o["status"] != Status.FAILED
            and (o["batch"] or 0) > built.get(table_name(o["object"]), 0)
        ],
    )
    room = max(LEAST_MESSAGE_BYTES, SUMMARY_BYTES - len(_text(summary).encode()))
    messages = [_cut(o["message"] or "") for o in outcomes if o["status"] == Status.FAILED]
    for number in _kept(messages, room):
        summary["failed"][number]["message"] = messages[number]
    return summary


def read_built(store: Store) -> dict[str, int]:
    """The batches that the last successful builds have read; a broken file counts as none."""
    try:
        found = json.loads(store.read(BUILT_KEY) or b"{}")
    except (ValueError, BotoCoreError, ClientError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: batch for name, batch in found.items() if type(batch) is int}


def write_summary(store: Store, run_id: str, summary: GroupOutcome) -> None:
    """Write the file that the state machine reads."""
    store.write(group_outcome_key(run_id, summary["group"]), _text(summary).encode())


def failure_line(summary: GroupOutcome) -> str | None:
    """One line about what failed, or None: what Glue shows as the run's error."""
    failed = summary["failed"]
    if not failed:
        return None
    total = len(failed) + sum(len(summary[k]) for k in ("landed", "unchanged", "skipped"))
    told = [f for f in failed if f["message"]]
    messages = {f["message"] for f in told}
    if len(messages) == 1 and len(failed) > 1:
        reasons = next(iter(messages))
    else:
        reasons = "; ".join(f"{f['object']}: {f['message']}" for f in told)
    return _cut(f"{len(failed)} of {total} objects failed: {reasons}", LINE_CHARACTERS)


def _kept(messages: Sequence[str], room: int) -> list[int]:
    """Which messages fit: the first of each text, then repetitions."""
    first = list({text: number for number, text in reversed(list(enumerate(messages)))}.values())
    firsts = set(first)
    kept: list[int] = []
    for number in [*sorted(firsts), *(n for n in range(len(messages)) if n not in firsts)]:
        room -= len(_text(messages[number]).encode())
        if room < 0:
            break
        kept.append(number)
    return kept


def _cut(text: str, longest: int = LONGEST_MESSAGE) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
