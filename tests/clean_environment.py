"""Environments of a test's own, made without network from what is installed here."""

import subprocess
import sys
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement


def link_packages(folder: Path, names: list[str]) -> None:
    """Link packages of this environment, and what they require, into a folder."""
    wanted, seen = list(names), set()
    while wanted:
        name = wanted.pop()
        if name in seen:
            continue
        seen.add(name)
        found = metadata.distribution(name)
        for entry in {file.parts[0] for file in found.files or () if ".." not in file.parts}:
            link = folder / entry
            if not link.exists():
                link.symlink_to(Path(str(found.locate_file(entry))))
        requirements = [Requirement(text) for text in found.requires or ()]
        wanted += [r.name for r in requirements if not r.marker or r.marker.evaluate({"extra": ""})]


def uv(*arguments: str, python: Path = Path(sys.executable)) -> None:
    """Call uv on an interpreter; by default on this one."""
    done = subprocess.run(
        [sys.executable, "-m", "uv", *arguments, "--python", str(python)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
