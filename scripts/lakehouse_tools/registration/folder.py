"""A table's folder in the lake by one listing, and the metadata files in it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import Final

from lakehouse_jobs.raw.create import location_of
from lakehouse_tools.environment import Environment
from lakehouse_tools.stack import Stack

# As PyIceberg, Spark and Athena name them: each commit writes one with the next number.
_METADATA: Final = re.compile(r"(\d+)-[\w-]{36}(\.\w+)?\.metadata\.json")


@dataclass(frozen=True, kw_only=True)
class Folder:
    """What lies under ``s3://<lake>/<raw database>/<table>/``."""

    table: str  # name without its database
    address: str  # of the folder, without a slash at its end
    files: Mapping[str, datetime]  # address of each file → when it was written, UTC

    def newest(self) -> list[str]:
        """The metadata files of the highest number: several where two commits met.

        With the one written last where that has a lower number: somebody went back to an earlier
        state, and commits since have counted from there.
        """
        numbered: dict[int, list[str]] = {}
        for address in sorted(self.files):
            name = address.removeprefix(f"{self.address}/metadata/")
            if match := _METADATA.fullmatch(name):
                numbered.setdefault(int(match[1]), []).append(address)
        if not numbered:
            return []
        highest = numbered[max(numbered)]
        last = max(sorted(chain(*numbered.values())), key=lambda address: self.files[address])
        later = self.files[last] > max(self.files[address] for address in highest)
        return [*highest, last] if later else highest


def read_folder(environment: Environment, stack: Stack, table: str) -> Folder:
    """List a table's folder; one that is not there is empty."""
    bucket = stack.lake_bucket_name
    pages = environment.client("s3").get_paginator("list_objects_v2")
    found = pages.paginate(Bucket=bucket, Prefix=f"{stack.raw_database}/{table}/")
    return Folder(
        table=table,
        address=location_of((stack.raw_database, table), bucket=bucket),
        files={
            f"s3://{bucket}/{each['Key']}": each["LastModified"].astimezone(UTC)
            for page in found
            for each in page.get("Contents", ())
        },
    )


def folder_names(environment: Environment, stack: Stack) -> list[str]:
    """The folders of the raw database, by the names that their tables would have."""
    prefix = f"{stack.raw_database}/"
    pages = environment.client("s3").get_paginator("list_objects_v2")
    found = pages.paginate(Bucket=stack.lake_bucket_name, Prefix=prefix, Delimiter="/")
    return [
        each["Prefix"].removeprefix(prefix).rstrip("/")
        for page in found
        for each in page.get("CommonPrefixes", ())
    ]
