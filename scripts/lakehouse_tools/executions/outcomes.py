"""The outcomes that a run left in the lake bucket."""

import json
from typing import Any

from lakehouse_jobs.contract.runs import (
    RUNS_PREFIX,
    BuildOutcome,
    ObjectOutcome,
    blank_outcome,
    build_outcome_key,
)
from lakehouse_tools.environment import Environment
from lakehouse_tools.stack import Stack


def object_outcomes(
    environment: Environment, stack: Stack, execution_name: str
) -> list[ObjectOutcome]:
    """The outcome of each object of one execution, by object name."""
    client = environment.client("s3")
    prefix = f"{RUNS_PREFIX}{execution_name}/"
    pages = client.get_paginator("list_objects_v2").paginate(
        Bucket=stack.lake_bucket_name, Prefix=prefix
    )
    keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
    return [
        _complete(_read(environment, stack, key))
        for key in sorted(keys)
        if key.endswith(".json") and not key.removeprefix(prefix).startswith("_")
    ]


def build_outcome(
    environment: Environment, stack: Stack, execution_name: str
) -> BuildOutcome | None:
    """The dbt build's outcome, or None where no build ran or it left none."""
    client = environment.client("s3")
    try:
        return _read(environment, stack, build_outcome_key(execution_name))
    except client.exceptions.NoSuchKey:
        return None


def _complete(found: Any) -> ObjectOutcome:
    """An outcome with every key; an older version of the job wrote fewer."""
    blank = blank_outcome(found.get("group", "?"), found["object"])
    return ObjectOutcome(**{**blank, **found})


def _read(environment: Environment, stack: Stack, key: str) -> Any:
    answer = environment.client("s3").get_object(Bucket=stack.lake_bucket_name, Key=key)
    return json.loads(answer["Body"].read())
