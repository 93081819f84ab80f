"""A record that one answer holds twice is kept once: same id, stamp and ``_is_deleted``.

Pages whose ids ascend and whose ranges do not overlap cannot hold one twice. Of the
others the keys are read back from their data files and digests of them compared on local
disk; only pages that do hold a repeated record are written again.
"""
# pyarrow.compute makes its functions at import:
# pyright: reportAttributeAccessIssue=false

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.io import FileIO

from lakehouse_jobs.extract.digests import DigestFiles, digests
from lakehouse_jobs.extract.file_sink import FileSink
from lakehouse_jobs.extract.parts import Part
from lakehouse_jobs.extract.read_back import keys_in, rows_in

# Keys held in memory at once while repeated records are looked for.
_AT_ONCE: Final = 200_000


@dataclass(frozen=True, kw_only=True)
class Distinct:
    """Looks through the pages of one answer."""

    io: FileIO
    sink: FileSink

    def of(self, parts: Sequence[Part]) -> list[Part]:
        """The pages without repeated records; a page's old file is left where it is."""
        done: list[Part] = [p for p in parts if p.ids is None]
        for number, cluster in enumerate(clusters([p for p in parts if p.ids is not None])):
            if len(cluster) == 1 and cluster[0].ids and cluster[0].ids.ascending:
                done += cluster
            else:
                done += self._once(cluster, self.sink.folder / f"digests-{number}")
        return done

    def _once(self, cluster: list[Part], folder: Path) -> list[Part]:
        files = DigestFiles(folder)
        for part in cluster:
            for keys in self._keys(part):
                files.add(digests(keys))
        for repeated in _gathered(files.repeated()):
            cluster = self._without(cluster, repeated)
        return cluster

    def _without(self, cluster: list[Part], repeated: pa.Array) -> list[Part]:
        seen: set[tuple[Any, ...]] = set()
        kept: list[Part] = []
        for part in cluster:
            dropped: list[int] = []  # positions in the data file
            start = 0
            for keys in self._keys(part):
                places = pc.indices_nonzero(pc.is_in(digests(keys), value_set=repeated))
                rows = keys.take(places).to_pylist()
                for place, key in zip(places.to_pylist(), rows, strict=True):
                    found = tuple(key.values())
                    if found in seen:
                        dropped.append(start + place)
                    seen.add(found)
                start += len(keys)
            kept.append(self._rewritten(part, dropped) if dropped else part)
        return kept

    def _rewritten(self, part: Part, dropped: Sequence[int]) -> Part:
        positions = pa.array(dropped, pa.int64())
        new = self.sink.take(0, self._rows(part, positions))
        return replace(new, read=part.read, rejected=part.rejected, keys=part.keys)

    def _rows(self, part: Part, dropped: pa.Array) -> Iterator[pa.Table]:
        start = 0
        for rows in rows_in(self.io, part.file or "", rows=part.rows):
            places = pa.array(range(start, start + len(rows)), pa.int64())
            yield rows.filter(pc.invert(pc.is_in(places, value_set=dropped))).cast(self.sink.schema)
            start += len(rows)

    def _keys(self, part: Part) -> Iterator[pa.Table]:
        return keys_in(self.io, part.file, rows=part.rows) if part.file else iter(())


def clusters(parts: Sequence[Part]) -> list[list[Part]]:
    """Pages whose ranges of ids overlap, together."""
    found: list[list[Part]] = []
    highest = ""
    ranged = [(p.ids, p) for p in parts if p.ids is not None]
    for ids, part in sorted(ranged, key=lambda pair: pair[0].low):
        if found and ids.low <= highest:
            found[-1].append(part)
        else:
            found.append([part])
        highest = max(highest, ids.high)
    return found


def _gathered(shares: Iterator[pa.Array]) -> Iterator[pa.Array]:
    """Some shares together, as every one of them costs a pass over the pages."""
    waiting: list[pa.Array] = []
    for share in chain(shares, (None,)):
        if waiting and (share is None or sum(map(len, waiting)) + len(share) > _AT_ONCE):
            yield pa.concat_arrays(waiting)
            waiting = []
        if share is not None:
            waiting.append(share)
