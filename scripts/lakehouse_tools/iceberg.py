"""Iceberg's own account of a table, read from its metadata file: nothing is scanned."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from lakehouse_tools.environment import Environment


def metadata_of(environment: Environment, table: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata that an entry of the Glue catalog points to; empty where it has none.

    Properties, schemas and snapshots with their totals are in it.
    """
    location = (table.get("Parameters") or {}).get("metadata_location")
    if not location:
        return {}
    address = urlsplit(location)
    answer = environment.client("s3").get_object(
        Bucket=address.netloc, Key=address.path.lstrip("/")
    )
    return json.loads(answer["Body"].read())
