"""Python environments that see another one's packages behind their own.

A Glue run or a build may install packages. On AWS that ends with it; here the run time is
shared, so an installation goes into an environment of its own in front.
"""

import os
import subprocess
import sysconfig
from pathlib import Path
from typing import Final

from lakehouse_local.local_aws.processes import own_environment

_LIMIT: Final = 3600.0  # seconds; an installation takes some, on a slow network minutes


class OverlayError(RuntimeError):
    """The environment could not be made; one line."""


def make_overlay(base: Path, folder: Path) -> Path:
    """An environment in ``folder`` over the one in ``base``; its interpreter.

    Packages of the base count as installed: pip, which is the base's, leaves them be.
    """
    run_quietly([base / "bin" / "python", "-m", "venv", "--without-pip", folder])
    site = Path("lib", f"python{sysconfig.get_python_version()}", "site-packages")
    (folder / site / "base.pth").write_text(f"{base / site}\n")
    python = folder / "bin" / "python"
    for name in ("pip", "pip3"):
        script = folder / "bin" / name
        script.write_text(f'#!/bin/sh\nexec "{python}" -m pip "$@"\n')
        script.chmod(0o755)
    return python


def run_quietly(argv: list[str | Path]) -> None:
    """Run a tool without the user's settings; `OverlayError` with its errors if it fails."""
    try:
        done = subprocess.run(
            [str(word) for word in argv],
            env={**own_environment(), "PIP_CONFIG_FILE": os.devnull},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise OverlayError(f"{argv[0]} had not ended after {_LIMIT:g} s and was stopped") from None
    if done.returncode != 0:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        lines = errors or done.stderr.splitlines()
        raise OverlayError(" ".join(lines)[:1000] or f"{argv[0]} ended with {done.returncode}")
