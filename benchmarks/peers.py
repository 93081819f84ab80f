"""Programs that benchmarks compare with: each in an environment of its own, from its lock."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCKS = Path(__file__).parent / "locks"


def environment_of(peer: str) -> Path:
    """The Python of a program's own environment, made from its lock where it is missing."""
    folder = ROOT / ".lakehouse" / "peers" / peer
    python, stamp = folder / "bin" / "python", folder / ".synced"
    if not stamp.exists():
        uv = Path(sys.executable).parent / "uv"
        lock = LOCKS / f"{peer}.lock"
        subprocess.run(
            [uv, "venv", "--quiet", "--clear", "--python", sys.executable, folder], check=True
        )
        sync = [uv, "pip", "sync", "--quiet", "--python", python, "--require-hashes", lock]
        subprocess.run(sync, check=True)
        stamp.touch()
    return python
