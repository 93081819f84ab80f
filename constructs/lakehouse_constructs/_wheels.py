"""Sets of wheels for Glue and CodeBuild, fetched without Docker from a hash-locked list.

pip downloads exactly the files whose hashes the lock file holds, for the platform of
the run time and not for that of this machine. What it fetched is kept in a cache under
the hash of the lock file and of this builder, so that an unchanged lock costs nothing.
"""

import hashlib
import importlib.util
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lakehouse_constructs._archive import write_archive
from lakehouse_constructs._errors import WheelSetError

# Part of every set's hash: raise it when the layout of an archive or the target changes.
BUILDER_VERSION: Final = "1"

# Amazon Linux 2023 (Glue 5.1) has glibc 2.34. pyarrow's wheels carry manylinux_2_28
# alone, others manylinux2014 alone, and pip takes only the tags it is given.
_TARGET: Final = (
    "--platform=manylinux_2_28_x86_64",
    "--platform=manylinux2014_x86_64",
    "--python-version=311",
    "--implementation=cp",
    "--only-binary=:all:",
)


# pip gives up a connection by itself; this is for one that trickles.
_SECONDS: Final = 1800


@dataclass(frozen=True, kw_only=True)
class WheelSet:
    """The wheels of one lock file."""

    lock: Path
    cache: Path  # folder that outlives a synthesis

    @property
    def hash(self) -> str:
        """SHA-256 of the lock file, the target and the builder's version."""
        digest = hashlib.sha256(self.lock.read_bytes())
        digest.update("\0".join((BUILDER_VERSION, *_TARGET)).encode())
        return digest.hexdigest()

    def archive(self, *, folder: str) -> Path:
        """A zip with the wheels and the lock as ``requirements.txt``, both in ``folder``.

        ``folder`` may be empty, then they lie at the root. Raises :class:`WheelSetError`.
        """
        target = self.cache / self.hash / f"{folder or 'root'}.zip"
        if target.is_file():
            return target
        target.parent.mkdir(parents=True, exist_ok=True)
        # Two syntheses may run at once: each builds on its own and the last rename wins.
        with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
            wheels = Path(scratch) / "wheels"
            _download(self.lock, wheels)
            prefix = f"{folder}/" if folder else ""
            entries = {f"{prefix}{wheel.name}": wheel for wheel in wheels.iterdir()}
            entries[f"{prefix}requirements.txt"] = self.lock
            write_archive(Path(scratch) / "archive.zip", entries).replace(target)
        return target


def default_cache() -> Path:
    """``~/.cache/lakehouse-constructs/wheels``."""
    return Path.home() / ".cache" / "lakehouse-constructs" / "wheels"


def _download(lock: Path, target: Path) -> None:
    argv = [
        sys.executable,
        *_pip(),
        "download",
        "--disable-pip-version-check",
        "--no-input",
        "--quiet",
        "--no-deps",
        "--require-hashes",
        *_TARGET,
        f"--dest={target}",
        f"--requirement={lock}",
    ]
    try:
        result = subprocess.run(argv, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise WheelSetError(
            f"pip did not fetch the wheels of {lock.name} within {_SECONDS} seconds; check the "
            f"network and pip's settings, then try again (the list is {lock})"
        ) from None
    if result.returncode != 0:
        raise WheelSetError(
            f"cannot fetch the wheels of {lock.name}: {_reason(result.stderr)}; "
            "the first synthesis of a lock file needs the package index: check the network "
            f"and pip's settings, then try again (the list is {lock})"
        )


def _reason(output: str) -> str:
    """Pip's first error line; the ones after it repeat it in other words."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return (errors or lines or ["pip said nothing"])[0]


def _pip() -> tuple[str, ...]:
    """Arguments with which this interpreter runs pip.

    Environments that uv made have no pip; the standard library carries one as a wheel,
    which runs without being installed.
    """
    if importlib.util.find_spec("pip"):
        return ("-m", "pip")
    ensurepip = importlib.util.find_spec("ensurepip")
    bundled = Path(ensurepip.origin).parent / "_bundled" if ensurepip and ensurepip.origin else None
    wheels = sorted(bundled.glob("pip-*.whl")) if bundled else []
    if not wheels:
        raise WheelSetError(
            f"pip is missing in {sys.executable}, and its standard library carries none; "
            "install pip into this environment (it fetches the wheels of the jobs)"
        )
    return (str(wheels[-1] / "pip"),)
