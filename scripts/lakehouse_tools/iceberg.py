"""Iceberg's own account of a table, read from its metadata file: nothing is scanned."""

import gzip
import json
from collections.abc import Mapping
from typing import Any, Final

from lakehouse_tools.environment import Environment
from lakehouse_tools.s3_objects import read_address

_GZIP: Final = b"\x1f\x8b"  # its first bytes; the codec is a property of the table


def metadata_of(environment: Environment, table: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata that an entry of the Glue catalog points to; empty where it has none.

    Properties, schemas and snapshots with their totals are in it.
    """
    location = (table.get("Parameters") or {}).get("metadata_location")
    if not location:
        return {}
    return metadata_at(environment.client("s3"), location)


def metadata_at(client: Any, address: str) -> dict[str, Any]:
    """The metadata file at ``s3://bucket/key``, compressed or not. ``client``: of S3."""
    body = read_address(client, address)
    return json.loads(gzip.decompress(body) if body[:2] == _GZIP else body)
