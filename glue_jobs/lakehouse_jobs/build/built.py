"""``runs/_built.json``: up to which batch successful builds have read each raw table."""

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lakehouse_jobs.build.errors import BuiltError
from lakehouse_jobs.contract.runs import BUILT_KEY


def remember(batches: Mapping[str, int], *, bucket: str, s3: Any) -> None:
    """Note the batches that a build has read; tables that it left out stay as they were.

    Raises :class:`BuiltError`.
    """
    address = f"s3://{bucket}/{BUILT_KEY}"
    try:
        s3.put_object(
            Bucket=bucket,
            Key=BUILT_KEY,
            Body=json.dumps(_read(bucket, s3) | dict(batches), indent=2, sort_keys=True).encode(),
            ContentType="application/json",
        )
    except (BotoCoreError, ClientError) as error:
        raise BuiltError(f"{address} cannot be kept: {error}") from error


def _read(bucket: str, s3: Any) -> dict[str, int]:
    """What the file says; nothing where it is missing or is not ours.

    A table that is not in it counts as unbuilt: that costs a build, never rows.
    """
    try:
        body = s3.get_object(Bucket=bucket, Key=BUILT_KEY)["Body"].read()
    except ClientError as error:
        # The build may list the bucket; otherwise S3 would answer AccessDenied.
        if error.response.get("Error", {}).get("Code") == "NoSuchKey":
            return {}
        raise
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        print(f"s3://{bucket}/{BUILT_KEY} is not a JSON object; it is written anew", flush=True)
        return {}
    return found
