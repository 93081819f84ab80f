"""The proposed files, which overwrite nothing unless that is wanted."""

from pathlib import Path
from typing import Final

from lakehouse_tools.discover import permission_set, proposal
from lakehouse_tools.discover.findings import Census
from lakehouse_tools.errors import RequestError

CONFIG: Final = "salesforce_objects.json"
PACKAGE: Final = "salesforce"  # the folder that is deployed to the org


def paths(folder: Path, *, force: bool) -> list[Path]:
    """Where the files go. Raises :class:`RequestError` where one is there, unless ``force``."""
    found = [folder / CONFIG, folder / PACKAGE / "package.xml", _permission_set(folder)]
    for path in found:
        if path.exists() and not force:
            raise RequestError(
                f"{path} is there already: --force overwrites it, --out names another folder"
            )
    return found


def write(census: Census, folder: Path, *, api_version: str, force: bool) -> list[Path]:
    """Write the files; their paths, the configuration first."""
    written = paths(folder, force=force)
    texts = {folder / CONFIG: proposal.text(census, api_version=api_version)}
    for place, content in permission_set.files(census, api_version=api_version).items():
        texts[folder / PACKAGE / place] = content
    for path in written:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(texts[path], encoding="utf-8")
    return written


def _permission_set(folder: Path) -> Path:
    return folder / PACKAGE / "permissionsets" / f"{permission_set.NAME}.permissionset"
