"""Objects of S3 that something names by their address."""

from typing import Any
from urllib.parse import urlsplit


def read_address(client: Any, address: str) -> bytes:
    """What lies at ``s3://bucket/key``. ``client``: of S3; what it raises comes through."""
    place = urlsplit(address)
    return client.get_object(Bucket=place.netloc, Key=place.path.lstrip("/"))["Body"].read()
