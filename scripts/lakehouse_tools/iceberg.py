"""Iceberg's own account of a table, read from its metadata file: nothing is scanned."""

import json
from collections.abc import Mapping
from typing import Any

from lakehouse_tools.environment import Environment
from lakehouse_tools.s3_objects import read_address


def metadata_of(environment: Environment, table: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata that an entry of the Glue catalog points to; empty where it has none.

    Properties, schemas and snapshots with their totals are in it.
    """
    location = (table.get("Parameters") or {}).get("metadata_location")
    if not location:
        return {}
    return json.loads(read_address(environment.client("s3"), location))
