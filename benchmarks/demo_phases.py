"""Seconds by phase of `make demo`, cold and warm, and the memory it takes.

Cold is a fresh clone of HEAD with empty caches; warm is the same clone again with
`--fresh`, so that only what was downloaded is kept. Needs the network and about ten
minutes; removes all it made.

    make bench-demo
"""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
# Whatever else is in the environment, a cold run must not find warm caches by it.
PASSED = ("PATH", "LANG", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "HTTPS_PROXY", "NO_PROXY")


def main() -> None:
    """Measure and print the table."""
    folder = Path(tempfile.mkdtemp(prefix="lakehouse-bench-"))
    clone = folder / "lakehouse"
    env = {k: os.environ[k] for k in PASSED if k in os.environ}
    env |= {k: v for k, v in os.environ.items() if k.startswith("PIP_") and "CACHE" not in k}
    env |= {"HOME": str(folder), "LAKEHOUSE_LOCAL_PORT": str(free_port())}
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    try:
        idle = used_megabytes()
        columns = {
            "cold": demo(clone, env, idle, "--plain"),
            "warm": demo(clone, env, idle, "--plain --fresh"),
        }
        print(table(columns))
    finally:
        subprocess.run([clone / ".venv/bin/lakehouse", "down", "--delete"], cwd=clone, env=env)
        shutil.rmtree(folder)


def demo(clone: Path, env: dict[str, str], idle: float, arguments: str) -> dict[str, float]:
    """One demo: seconds by phase, the whole, and the peak of memory above idle in MB."""
    peak = [idle]
    done = threading.Event()
    sampler = threading.Thread(target=sample, args=(peak, done))
    sampler.start()
    began = time.monotonic()
    subprocess.run(
        ["make", "demo", f"ARGS={arguments}"],
        cwd=clone,
        env=env,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    whole = time.monotonic() - began
    done.set()
    sampler.join()
    (report,) = (clone / ".lakehouse").glob("[0-9]*/demo.json")
    found: dict[str, Any] = json.loads(report.read_text())
    return {
        "make: `.venv`": whole - found["total_seconds"],
        **found["seconds"],
        "**whole**": whole,
        "memory above idle, peak, MB": peak[0] - idle,
    }


def sample(peak: list[float], done: threading.Event) -> None:
    """Keep the highest use of memory of the whole machine."""
    while not done.wait(0.5):
        peak[0] = max(peak[0], used_megabytes())


def used_megabytes() -> float:
    """Memory in use on this machine, caches apart (Linux)."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    return (kilobytes["MemTotal"] - kilobytes["MemAvailable"]) / 1024


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def table(columns: dict[str, dict[str, float]]) -> str:
    """Markdown."""
    names = list(dict.fromkeys(name for column in columns.values() for name in column))
    rows = [f"| phase | {' | '.join(columns)} |", "|---" + "|---:" * len(columns) + "|"]
    for name in names:
        cells = [column.get(name) for column in columns.values()]
        shown = ["" if c is None else f"{c:,.0f}" if c >= 10 else f"{c:.1f}" for c in cells]
        rows.append(f"| {name} | {' | '.join(shown)} |")
    return "\n".join(rows)


if __name__ == "__main__":
    main()
