"""Notes that builds leave for later ones in the lake bucket: a JSON object under one key each."""

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lakehouse_jobs.build.errors import BuiltError


def read(key: str, *, bucket: str, s3: Any) -> dict[str, Any]:
    """What a note says; nothing where it is missing or is not ours. Raises :class:`BuiltError`."""
    address = f"s3://{bucket}/{key}"
    try:
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except (BotoCoreError, ClientError) as error:
        # The build may list the bucket; otherwise S3 would answer AccessDenied.
        code = getattr(error, "response", {}).get("Error", {}).get("Code")
        if code == "NoSuchKey":
            return {}
        raise BuiltError(
            f"{address} cannot be read: {error}; check that the build's role may read it and list"
            " the bucket, then run again"
        ) from error
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        print(f"{address} is not a JSON object; it is written anew", flush=True)
        return {}
    return found


def write(key: str, note: Mapping[str, Any], *, bucket: str, s3: Any) -> None:
    """Replace a note. Raises :class:`BuiltError`."""
    try:
        s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=json.dumps(note, indent=2, sort_keys=True).encode(),
            ContentType="application/json",
        )
    except (BotoCoreError, ClientError) as error:
        raise BuiltError(
            f"s3://{bucket}/{key} cannot be written: {error}; check that the build's role may"
            " write it, and use the bucket's key"
        ) from error
