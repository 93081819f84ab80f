"""``runs/_built.json``: up to which batch successful builds have read each raw table."""

from collections.abc import Mapping
from typing import Any

from lakehouse_jobs.build import kept
from lakehouse_jobs.contract.runs import BUILT_KEY


def remember(batches: Mapping[str, int], *, bucket: str, s3: Any) -> None:
    """Note the batches that a build has read; tables that it left out stay as they were.

    A table that is not in it counts as unbuilt: that costs a build, never rows.
    Raises :class:`BuiltError`.
    """
    before = kept.read(BUILT_KEY, bucket=bucket, s3=s3)
    kept.write(BUILT_KEY, before | dict(batches), bucket=bucket, s3=s3)
