"""The folder of the CDK app."""

from pathlib import Path

from lakehouse_tools.errors import RequestError


def find_project(start: Path | None = None) -> Path:
    """The nearest folder upwards that holds ``cdk.json`` and ``app.py``."""
    first = (start or Path.cwd()).resolve()
    for folder in (first, *first.parents):
        if (folder / "cdk.json").is_file() and (folder / "app.py").is_file():
            return folder
    raise RequestError(
        f"no cdk.json with app.py in {first} or above it: go to the lakehouse's folder"
    )
