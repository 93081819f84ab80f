"""The note that an erasure leaves in the lake: ``runs/_erasures/<time>.json``.

It names objects, tables and numbers, and each record by the SHA-256 of its id. One without
``ended_at`` is of an erasure that did not come to its end: the same command goes on with it.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from lakehouse_jobs.contract.runs import ERASURES_PREFIX
from lakehouse_tools.environment import Environment
from lakehouse_tools.erasure.model import Asked, Erasure, digest
from lakehouse_tools.executions.start import execution_name
from lakehouse_tools.stack import Stack

Json = dict[str, Any]


def unfinished(environment: Environment, stack: Stack) -> dict[str, set[str]]:
    """Notes of erasures that did not end: key → digests of their records."""
    return {
        key: {record["sha256"] for record in note["records"]}
        for key, note in _notes(environment, stack)
        if not note.get("ended_at")
    }


def begin(environment: Environment, stack: Stack, asked: Sequence[Asked]) -> str:
    """Write a note before anything is done; its key. One of the same records is gone on with."""
    digests = {digest(record) for one in asked for record in one.ids}
    for key, records in unfinished(environment, stack).items():
        if records == digests:
            return key
    key = f"{ERASURES_PREFIX}{execution_name(datetime.now(UTC))}.json"
    records = [
        {"object": one.object, "sha256": digest(record)} for one in asked for record in one.ids
    ]
    begun = datetime.now(UTC).isoformat(timespec="seconds")
    _write(environment, stack, key, {"begun_at": begun, "ended_at": None, "records": records})
    return key


def touch(environment: Environment, stack: Stack, key: str) -> datetime:
    """The time by the bucket's own clock, UTC, whole seconds: by it files are old or young."""
    place = {"Bucket": stack.lake_bucket_name, "Key": key}
    client = environment.client("s3")
    client.put_object(**place, Body=client.get_object(**place)["Body"].read())
    return client.head_object(**place)["LastModified"].astimezone(UTC)


def end(environment: Environment, stack: Stack, key: str, erasure: Erasure) -> None:
    """Write down what was proved. Where it was not, the note stays that of an erasure under way."""
    note = _read(environment, stack, key)
    told = asdict(erasure)
    told.pop("note")
    ended = datetime.now(UTC).isoformat(timespec="seconds") if erasure.proved else None
    _write(environment, stack, key, note | told | {"ended_at": ended, "proved": erasure.proved})


def _notes(environment: Environment, stack: Stack) -> Iterator[tuple[str, Json]]:
    pages = environment.client("s3").get_paginator("list_objects_v2")
    for page in pages.paginate(Bucket=stack.lake_bucket_name, Prefix=ERASURES_PREFIX):
        for found in page.get("Contents", []):
            yield found["Key"], _read(environment, stack, found["Key"])


def _read(environment: Environment, stack: Stack, key: str) -> Json:
    answer = environment.client("s3").get_object(Bucket=stack.lake_bucket_name, Key=key)
    return json.loads(answer["Body"].read())


def _write(environment: Environment, stack: Stack, key: str, note: Json) -> None:
    environment.client("s3").put_object(
        Bucket=stack.lake_bucket_name,
        Key=key,
        Body=json.dumps(note, ensure_ascii=False, indent=1).encode(),
        ContentType="application/json",
    )
