"""Zip archives that depend on their content alone.

Names are sorted, times and modes fixed, entries stored without compression: the
output of zlib differs between its versions, and then two machines would upload
different bytes for one commit.
"""

import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

# The earliest time a zip entry can carry.
_TIME: Final = (1980, 1, 1, 0, 0, 0)
_REGULAR_FILE_0644: Final = 0o100644 << 16


def write_archive(target: Path, entries: Mapping[str, Path]) -> Path:
    """Write a zip of ``entries`` (name in the archive → file) and return ``target``."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(entries):
            entry = zipfile.ZipInfo(name, date_time=_TIME)
            entry.external_attr = _REGULAR_FILE_0644
            archive.writestr(entry, entries[name].read_bytes())
    return target


def content_hash(entries: Mapping[str, Path]) -> str:
    """SHA-256 over the names and contents of ``entries``, in hexadecimal."""
    digest = hashlib.sha256()
    for name in sorted(entries):
        content = entries[name].read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()
