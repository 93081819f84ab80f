"""The body of an answer as a stream that cannot end early without an error.

``http.client`` ends a short body without one, zlib a cut gzip stream too, and a CSV
page cut at a row's end parses. So the length and the end of the gzip stream are
checked here, at the moment of the end of file: a parser never sees a false end.
"""

import io
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import requests
import urllib3

from lakehouse_jobs.errors import TransferError
from lakehouse_jobs.salesforce.lanes import Lanes

_CHUNK = 1 << 18  # bytes


@dataclass(frozen=True, kw_only=True)
class Floor:
    """The least that must come while we wait: the time-out of a socket is for one read alone."""

    bytes: int = 300 * 1024  # over the network
    seconds: float = 300.0  # spent waiting for it


FLOOR: Final = Floor()


class Body(io.RawIOBase):
    """A response body, unpacked if it came as gzip. Raises :class:`TransferError`."""

    def __init__(
        self,
        response: requests.Response,
        lanes: Lanes | None = None,
        *,
        floor: Floor = FLOOR,
        at_end: Callable[[], None] | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """``at_end`` is called at the end of the body, before a reader works on after it."""
        self.headers: Mapping[str, str] = response.headers
        self.received = 0  # bytes over the network
        self.unpacked = 0  # bytes handed out
        self._raw: urllib3.BaseHTTPResponse = response.raw
        self._announced = _length(response.headers.get("Content-Length"))
        gzip = response.headers.get("Content-Encoding", "").lower() == "gzip"
        self._unpack = zlib.decompressobj(31) if gzip else None
        self._ended = False
        self._lanes = lanes
        self._floor = floor
        self._waited = 0.0  # seconds of the stretch that is measured
        self._came = 0  # bytes in it
        self._at_end = at_end
        self._clock = clock
        self._received_at = clock()

    def readable(self) -> bool:
        """Part of the file protocol."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes; all that are left for a negative size."""
        if size < 0:
            return b"".join(iter(lambda: self.read(_CHUNK), b""))
        parts: list[bytes] = []
        while size and not self._ended:
            part = self._next(size)
            parts.append(part)
            size -= len(part)
            self.unpacked += len(part)
        # One part is the usual case, and is not copied.
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _next(self, wanted: int) -> bytes:
        """At most so many bytes; none at the end, and perhaps before."""
        if self._unpack is None:
            return self._receive(wanted)
        packed = self._unpack.unconsumed_tail or self._receive(_CHUNK)
        try:
            return self._unpack.decompress(packed, wanted)
        except zlib.error as error:
            raise TransferError(f"an answer's gzip stream is damaged: {error}") from error

    def _receive(self, wanted: int) -> bytes:
        """Bytes as they come over the network, at most so many."""
        asked_at = self._clock()
        try:
            # What a single read brings: a full one could wait for its bytes without end.
            data = self._raw.read1(wanted, decode_content=False) or b""
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise TransferError(f"the connection broke in the middle of an answer: {error}") from (
                error
            )
        now = self._clock()
        if self._lanes is not None:
            self._lanes.told(waited=now - asked_at, worked=asked_at - self._received_at)
        self._received_at = now
        self.received += len(data)
        if not data:
            self._end()
        else:
            self._measure(len(data), now - asked_at)
        return data

    def _measure(self, size: int, waited: float) -> None:
        self._came += size
        self._waited += waited
        if self._waited < self._floor.seconds:
            return
        if self._came < self._floor.bytes:
            raise TransferError(
                f"an answer came with only {self._came:,} bytes in {self._waited:.0f} seconds"
            )
        self._came, self._waited = 0, 0.0

    def _end(self) -> None:
        self._ended = True
        if self._announced is not None and self.received != self._announced:
            raise TransferError(f"an answer ended after {self.received} of {self._announced} bytes")
        if self._unpack is not None and not self._unpack.eof and self.received:
            raise TransferError("an answer's gzip stream ended early")
        if self._at_end is not None:
            self._at_end()


def _length(header: str | None) -> int | None:
    return int(header) if header and header.isdecimal() else None
