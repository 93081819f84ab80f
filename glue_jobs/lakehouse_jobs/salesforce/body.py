"""The body of an answer as a stream that cannot end early without an error.

``http.client`` ends a short body without one, zlib a cut gzip stream too, and a CSV
page cut at a row's end parses. So the length and the end of the gzip stream are
checked here, at the moment of the end of file: a parser never sees a false end.
"""

import io
import zlib
from collections.abc import Mapping

import requests
import urllib3

from lakehouse_jobs.errors import TransferError

_CHUNK = 1 << 18


class Body(io.RawIOBase):
    """A response body, unpacked if it came as gzip. Raises :class:`TransferError`."""

    def __init__(self, response: requests.Response) -> None:
        self.headers: Mapping[str, str] = response.headers
        self.received = 0  # bytes over the network
        self.unpacked = 0  # bytes handed out
        self._raw: urllib3.BaseHTTPResponse = response.raw
        self._announced = _length(response.headers.get("Content-Length"))
        gzip = response.headers.get("Content-Encoding", "").lower() == "gzip"
        self._unpack = zlib.decompressobj(31) if gzip else None
        self._left = b""  # unpacked, not read yet
        self._ended = False

    def readable(self) -> bool:
        """Part of the file protocol."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes; all that are left for a negative size."""
        if size < 0:
            return b"".join(iter(lambda: self.read(_CHUNK), b""))
        parts, have = [self._left], len(self._left)
        while have < size and not self._ended:
            part = self._next(size - have)
            parts.append(part)
            have += len(part)
        data = b"".join(parts)
        self._left = data[size:]
        self.unpacked += min(size, len(data))
        return data[:size]

    def _next(self, wanted: int) -> bytes:
        try:
            packed = self._raw.read(_CHUNK if self._unpack else wanted, decode_content=False)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise TransferError(f"the connection broke in the middle of an answer: {error}") from (
                error
            )
        self.received += len(packed)
        if not packed:
            self._end()
            return b""
        if self._unpack is None:
            return packed
        try:
            return self._unpack.decompress(packed)
        except zlib.error as error:
            raise TransferError(f"an answer's gzip stream is damaged: {error}") from error

    def _end(self) -> None:
        self._ended = True
        if self._announced is not None and self.received != self._announced:
            raise TransferError(f"an answer ended after {self.received} of {self._announced} bytes")
        if self._unpack is not None and not self._unpack.eof and self.received:
            raise TransferError("an answer's gzip stream ended early")


def _length(header: str | None) -> int | None:
    return int(header) if header and header.isdecimal() else None
