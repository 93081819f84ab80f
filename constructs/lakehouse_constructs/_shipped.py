"""Where the jobs, the lock files and the dbt project lie on this machine.

The same from a wheel and from a checkout: the jobs are an installed package, the lock
files are data of this one, and the dbt project lies beside this module in a wheel and
two folders up in a checkout.
"""

from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from lakehouse_constructs._errors import ShippedFilesError

_JOBS_PACKAGE: Final = "lakehouse_jobs"
_TOOLS_PACKAGE: Final = "lakehouse_tools"
# What running dbt or Python leaves behind; it must not move the hash of an asset.
_LEFT_OVER_FOLDERS: Final = frozenset({"__pycache__", "target", "logs", "dbt_packages"})
_BUILDSPEC: Final = "buildspec.yml"
_STAND_INS: Final = (_BUILDSPEC, "profiles.yml")
_LEFT_OVER_FILES: Final = frozenset({".user.yml", ".DS_Store"})


def jobs_entries() -> dict[str, Path]:
    """The jobs package as archive entries, under its own name: ``lakehouse_jobs/…``."""
    root = _jobs_root()
    return {f"{_JOBS_PACKAGE}/{name}": path for name, path in _tree(root).items()}


def tools_entries() -> dict[str, Path]:
    """The package of the comparison as archive entries: ``lakehouse_tools/…``.

    Found without importing it: it needs packages that a synthesis does without.
    """
    spec = find_spec(_TOOLS_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ShippedFilesError(
            f"the package {_TOOLS_PACKAGE} is missing, which compares with an old system;"
            " reinstall lakehouse-constructs"
        )
    root = Path(spec.submodule_search_locations[0])
    return {f"{_TOOLS_PACKAGE}/{name}": path for name, path in _tree(root).items()}


def jobs_script(name: str) -> Path:
    """One of the scripts in ``lakehouse_jobs/entry`` by its file name."""
    return _existing(_jobs_root() / "entry" / name, what=f"the job script {name}")


def dbt_project_entries(project: Path | None = None) -> dict[str, Path]:
    """The dbt project as archive entries, its root at the root of the archive.

    Where it lacks the buildspec or the profile, those of this package's project stand in.
    """
    own = dbt_project()
    return {name: own / name for name in _STAND_INS} | _tree(project or own)


def dbt_project(package: Path | None = None) -> Path:
    """The folder of the dbt project. Raises :class:`ShippedFilesError`.

    ``package`` is the folder of this package (default: where this module lies).
    """
    here = package or Path(__file__).resolve().parent
    places = (here / "_dbt_project", here.parents[1] / "dbt_project")
    for place in places:
        if (place / "dbt_project.yml").is_file():
            return place
    raise ShippedFilesError(
        f"the dbt project is missing: neither {places[0]} nor {places[1]} holds a "
        "dbt_project.yml; reinstall lakehouse-constructs or restore the checkout"
    )


def buildspec(project: Path) -> str:
    """The text of the dbt project's buildspec, or of this package's where it has none."""
    own = project / _BUILDSPEC
    path = own if own.is_file() else dbt_project() / _BUILDSPEC
    path = _existing(path, what="the buildspec of the dbt build")
    return path.read_text(encoding="utf-8")


def lock_file(name: str) -> Path:
    """A lock file that travels with this package, for example ``dbt.lock``."""
    return _existing(Path(__file__).resolve().parent / "locks" / name, what=f"the lock {name}")


def _jobs_root() -> Path:
    return Path(str(files(_JOBS_PACKAGE)))


def _tree(root: Path) -> dict[str, Path]:
    found = {
        path.relative_to(root).as_posix(): path
        for path in root.rglob("*")
        if path.is_file() and path.name not in _LEFT_OVER_FILES
    }
    return {
        name: path
        for name, path in found.items()
        if not _LEFT_OVER_FOLDERS.intersection(name.split("/")[:-1])
    }


def _existing(path: Path, *, what: str) -> Path:
    if not path.is_file():
        raise ShippedFilesError(
            f"{what} is missing: {path} does not exist; reinstall lakehouse-constructs "
            "or restore the checkout"
        )
    return path
