"""What the objects of a bucket say, whatever they are packed in: Parquet, Avro, gzip or nothing."""

import gzip
import io
import json
import zlib
from collections.abc import Iterator
from typing import Any

import pyarrow.parquet as pq


def objects(client: Any, bucket: str) -> Iterator[tuple[str, bytes]]:
    """(key, what it says) of every object. ``client``: of S3."""
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    for entry in (e for page in pages for e in page.get("Contents", [])):
        body = client.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
        yield entry["Key"], said(body)


def holding(client: Any, bucket: str, *texts: str) -> list[str]:
    """Keys of the objects that say one of the texts."""
    wanted = [text.encode() for text in texts]
    return [k for k, found in objects(client, bucket) if any(text in found for text in wanted)]


def said(body: bytes) -> bytes:
    """An object's bytes, with what is packed in them behind."""
    if body[:4] == b"PAR1":
        rows = pq.read_table(io.BytesIO(body)).to_pylist()
        return body + json.dumps(rows, default=str, ensure_ascii=False).encode()
    if body[:4] == b"Obj\x01":
        return body + b"".join(_avro(body))
    if body[:2] == b"\x1f\x8b":
        return body + gzip.decompress(body)
    return body


def _avro(body: bytes) -> Iterator[bytes]:
    """The blocks of an Avro file (avro.apache.org/docs, object container files)."""
    stream = io.BytesIO(body)
    stream.seek(4)
    codec = b"null"
    while count := _number(stream):
        if count < 0:
            _number(stream)  # of bytes
        for _ in range(abs(count)):
            name, value = stream.read(_number(stream)), stream.read(_number(stream))
            codec = value if name == b"avro.codec" else codec
    assert codec in (b"null", b"deflate"), codec
    stream.seek(16, io.SEEK_CUR)
    while stream.tell() < len(body):
        _number(stream)  # of entries
        block = stream.read(_number(stream))
        yield zlib.decompress(block, -15) if codec == b"deflate" else block
        stream.seek(16, io.SEEK_CUR)


def _number(stream: io.BytesIO) -> int:
    value = shift = 0
    while True:
        (byte,) = stream.read(1)
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return (value >> 1) ^ -(value & 1)
        shift += 7
