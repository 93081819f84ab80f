"""What this machine has: memory and disk."""

import os
import shutil
from pathlib import Path


def free_disk_megabytes(folder: Path) -> int:
    """Free space where ``folder`` lies or will lie."""
    place = folder.resolve()
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free // 1_000_000


def free_memory_megabytes() -> int | None:
    """Memory that programs can take now without swapping; None where it cannot be told."""
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) // 1_000
    except OSError:
        pass
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1_000_000
    except (ValueError, OSError):
        return None
