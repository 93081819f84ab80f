"""What a local lakehouse needs beside its own Python environment, made from lock files.

Four items under ``home.runtimes``: Glue's Python, the build image's Python with dbt, the
Iceberg jars, Node's packages. All ports share them.
"""

import fcntl
from collections.abc import Callable

from lakehouse_local.home import Home
from lakehouse_local.runtimes.item import Item, Missing, RuntimesError
from lakehouse_local.runtimes.jars import IcebergJars
from lakehouse_local.runtimes.node import NodePackages
from lakehouse_local.runtimes.python_env import build_environment, glue_environment

__all__ = ["Missing", "RuntimesError", "ensure", "missing"]


def missing(home: Home, *, dev: bool = False) -> list[Missing]:
    """What `ensure` would make now, with the disk space it takes."""
    return [
        Missing(name=item.name, megabytes=item.megabytes, what=item.what)
        for item in _items(home, dev)
        if not item.is_complete()
    ]


def ensure(home: Home, report: Callable[[str], None], *, dev: bool = False) -> None:
    """Make what is missing, out of date or half made; nothing when all is there.

    ``dev`` adds what only developers need.
    Raises `RuntimesError` with one line that names the item and the cause.
    """
    if not missing(home, dev=dev):
        return
    home.runtimes.mkdir(parents=True, exist_ok=True)
    with (home.runtimes / ".lock").open("w") as lock:
        # Two lakehouses on two ports share the run times: one makes, the other waits.
        fcntl.flock(lock, fcntl.LOCK_EX)
        for item in _items(home, dev):
            if not item.is_complete():
                report(f"{item.name}: {item.what} ({item.megabytes} MB on disk)")
                item.make()


def _items(home: Home, dev: bool) -> list[Item]:
    return [
        glue_environment(home),
        build_environment(home),
        IcebergJars(home),
        NodePackages(home, dev=dev),
    ]
