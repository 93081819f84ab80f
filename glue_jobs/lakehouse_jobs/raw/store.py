"""The lake bucket: the few S3 calls that the job makes itself."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from lakehouse_jobs import log

# The most keys that one call deletes.
_DELETED_AT_ONCE: Final = 1000
# Bytes: up to here one request, which costs half the CPU of parts and their threads.
ONE_REQUEST: Final = 1 << 26


def s3_client(*, region: str) -> Any:
    """Bodies are not hashed for the signature: S3 checks their CRC, and TLS protects both."""
    return boto3.client(
        "s3", region_name=region, config=Config(s3={"payload_signing_enabled": False})
    )


class Store:
    """Objects of one bucket, named by key or by ``s3://`` address."""

    def __init__(self, bucket: str, *, client: Any = None) -> None:
        self.bucket = bucket
        self._s3 = client or boto3.client("s3")

    def address(self, key: str) -> str:
        """The ``s3://`` address of a key."""
        return f"s3://{self.bucket}/{key}"

    def upload(self, path: Path, key: str) -> str:
        """Copy a local file; its address."""
        if path.stat().st_size > ONE_REQUEST:
            self._s3.upload_file(str(path), self.bucket, key)
        else:
            with path.open("rb") as file:
                self._s3.put_object(Bucket=self.bucket, Key=key, Body=file)
        return self.address(key)

    def write(self, key: str, data: bytes) -> str:
        """Write an object; its address."""
        self._s3.put_object(Bucket=self.bucket, Key=key, Body=data)
        return self.address(key)

    def write_json(self, key: str, value: Any) -> None:
        """Write a value as JSON."""
        self.write(key, json.dumps(value, ensure_ascii=False, indent=1, default=str).encode())

    def read(self, key: str) -> bytes | None:
        """An object's bytes, or None where there is none."""
        try:
            return self._s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        except ClientError as error:
            if _code(error) in ("NoSuchKey", "404"):
                return None
            raise

    def key_of(self, address: str) -> str:
        """The key in an address of this bucket."""
        parts = urlsplit(address)
        if parts.scheme != "s3" or parts.netloc != self.bucket:
            raise ValueError(f"{address} is not in s3://{self.bucket}")
        return parts.path.lstrip("/")

    def delete(self, addresses: Iterable[str]) -> None:
        """Delete objects; those that are not there do not matter."""
        for address in addresses:
            self._s3.delete_object(Bucket=self.bucket, Key=self.key_of(address))

    def older_than(self, moment: datetime, *, prefix: str) -> Iterator[str]:
        """Addresses of the objects below a prefix that were written before a time."""
        pages = self._s3.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.bucket, Prefix=prefix):
            for found in page.get("Contents", []):
                if found["LastModified"] < moment:
                    yield self.address(found["Key"])

    def discard(self, addresses: Iterable[str]) -> None:
        """Delete objects that nothing refers to any more; where that fails, say so and go on."""
        for address in addresses:
            try:
                self.delete([address])
            except Exception as error:
                log.warn(f"{address} could not be deleted and is of no use: {log.told(error)}")

    def delete_keys(self, keys: Iterable[str]) -> None:
        """Delete many objects by key."""
        wanted = [{"Key": key} for key in keys]
        for start in range(0, len(wanted), _DELETED_AT_ONCE):
            some = wanted[start : start + _DELETED_AT_ONCE]
            answer = self._s3.delete_objects(
                Bucket=self.bucket, Delete={"Objects": some, "Quiet": True}
            )
            for error in answer.get("Errors", []):
                log.warn(f"{error.get('Key')} could not be deleted: {error.get('Code')}")

    def holds_any(self, prefix: str) -> bool:
        """Whether an object lies under a prefix; a folder's mark (PyArrow leaves some) is none."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=prefix
        )
        return any(not o["Key"].endswith("/") for page in pages for o in page.get("Contents", []))

    def sizes(self, prefix: str) -> dict[str, int]:
        """Bytes of every object under a prefix, by key."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=prefix
        )
        return {o["Key"]: o["Size"] for page in pages for o in page.get("Contents", [])}

    def read_tagged(self, key: str) -> tuple[bytes, str] | None:
        """An object's bytes and ETag, or None where there is none."""
        try:
            found = self._s3.get_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if _code(error) in ("NoSuchKey", "404"):
                return None
            raise
        return found["Body"].read(), found["ETag"]

    def tag_of(self, key: str) -> str | None:
        """An object's ETag and time of writing in one string, None where there is none."""
        try:
            head = self._s3.head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if _code(error) in ("NoSuchKey", "404", "NotFound"):
                return None
            raise
        modified: datetime = head["LastModified"]
        return f"{head['ETag']} {modified.isoformat()}"

    def claim(self, key: str, data: bytes, *, replacing: str | None) -> bool:
        """Write an object only where none is, or only in place of one with this ETag."""
        return self.swap(key, data, tag=replacing.split()[0] if replacing else None) is not None

    def swap(self, key: str, data: bytes, *, tag: str | None) -> str | None:
        """Write an object in place of the one with this ETag, or where none is.

        The new ETag, or None where another object is there.
        """
        condition = {"IfMatch": tag} if tag else {"IfNoneMatch": "*"}
        try:
            answer = self._s3.put_object(Bucket=self.bucket, Key=key, Body=data, **condition)
        except ClientError as error:
            if _code(error) in ("PreconditionFailed", "412", "ConditionalRequestConflict", "409"):
                # Botocore repeats a request whose answer was lost, and then meets its own write.
                found = self.read_tagged(key)
                return found[1] if found and found[0] == data else None
            if tag and _code(error) in ("NoSuchKey", "404"):
                return None
            raise
        return answer["ETag"]


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
