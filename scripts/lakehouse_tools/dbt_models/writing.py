"""All files of a generation or none: the folder is made beside and takes the old one's place."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from lakehouse_tools.errors import ModelsError

# In dbt's own folder for what it leaves behind: neither dbt nor an asset reads it.
_SCRATCH: Final = Path("target")
_NEW: Final = "salesforce_generated.new"
_OLD: Final = "salesforce_generated.old"


def put_back(project: Path, folder: Path) -> None:
    """Undo what a process left that was killed between the two renames of :func:`write`."""
    old = project / _SCRATCH / _OLD
    if old.is_dir() and not (project / folder).exists():
        old.rename(project / folder)


def write(project: Path, folder: Path, files: Mapping[str, str]) -> None:
    """Give the folder these files; others in it stay. Raises ModelsError, then all is as it was."""
    target, scratch = project / folder, project / _SCRATCH
    new, old = scratch / _NEW, scratch / _OLD
    try:
        scratch.mkdir(exist_ok=True)
        for left in (new, old):
            shutil.rmtree(left, ignore_errors=True)
        if target.is_dir():
            shutil.copytree(target, new)
        else:
            new.mkdir()
        for name, text in files.items():
            (new / name).write_text(text, encoding="utf-8", newline="\n")
        if target.is_dir():
            target.rename(old)
        try:
            new.rename(target)
        except OSError:
            put_back(project, folder)
            raise
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise ModelsError(
            f"{target} cannot be written: {error.strerror or error}; nothing was changed: make"
            " room, or allow writing there"
        ) from error
