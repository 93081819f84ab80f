"""A synthesized cloud assembly: its templates, and the files of its assets."""

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from lakehouse_tools.errors import RequestError

_TEMPLATE: Final = ".template.json"
_PATH: Final = "aws:cdk:path"


@dataclass(frozen=True)
class Assembly:
    """The folder that ``cdk synth`` leaves."""

    folder: Path

    @classmethod
    def at(cls, folder: Path) -> "Assembly":
        """The assembly in a folder. Raises RequestError where there is none."""
        if not (folder / "manifest.json").is_file():
            raise RequestError(
                f"{folder} is no cloud assembly (no manifest.json): run `make synth`, or name a "
                "git ref"
            )
        return cls(folder)

    @cached_property
    def stacks(self) -> dict[str, "Template"]:
        """Stack name -> template."""
        return {
            path.name.removesuffix(_TEMPLATE): Template(json.loads(path.read_text("utf-8")))
            for path in sorted(self.folder.glob(f"*{_TEMPLATE}"))
        }

    def settings(self, stack: str) -> dict[str, str]:
        """What belongs to the stack itself and stands in no template: setting -> value."""
        manifest = json.loads((self.folder / "manifest.json").read_text("utf-8"))
        found = manifest.get("artifacts", {}).get(stack, {}).get("properties", {})
        protected = "on" if found.get("terminationProtection") else "off"
        tags = {f"stack tag {key}": str(value) for key, value in found.get("tags", {}).items()}
        return {"termination protection": protected, **tags}

    def knows_assets(self, stack: str) -> bool:
        """Whether the files of its assets are here; of a deployed template they are not."""
        return (self.folder / f"{stack}.assets.json").is_file()

    def assets(self, stack: str) -> dict[str, Path]:
        """Construct path -> file, without the template itself.

        Assets without a name stand under their place among those, as ``asset 1``.
        """
        if not self.knows_assets(stack):
            return {}
        path = self.folder / f"{stack}.assets.json"
        found: dict[str, Path] = {}
        unnamed = 0
        for entry in json.loads(path.read_text("utf-8"))["files"].values():
            source = entry["source"].get("path", "")
            if source.endswith(_TEMPLATE):
                continue
            name = entry.get("displayName")
            if not name:
                unnamed += 1
                name = f"asset {unnamed}"
            found[name] = self.folder / source
        return found


@dataclass(frozen=True)
class Template:
    """One stack's template."""

    content: Mapping[str, Any]

    @property
    def resources(self) -> Mapping[str, Any]:
        """Logical id -> resource."""
        return self.content.get("Resources", {})

    def name_of(self, logical_id: str) -> str:
        """The construct's path without the stack, or the logical id."""
        path = self.resources.get(logical_id, {}).get("Metadata", {}).get(_PATH, "")
        parts = path.split("/")[1:]
        if parts and parts[-1] in ("Resource", "Default"):
            parts.pop()
        return "/".join(parts) or logical_id

    def text(self, value: Any) -> str:
        """A value with references by the names of their constructs: ``${Lake/Bucket.Arn}``."""
        if isinstance(value, Mapping) and len(value) == 1:
            ((function, argument),) = value.items()
            if function == "Ref":
                return f"${{{self.name_of(argument)}}}"
            if function == "Fn::GetAtt":
                name, attribute = argument if isinstance(argument, list) else argument.split(".", 1)
                return f"${{{self.name_of(name)}.{attribute}}}"
            if function == "Fn::Join":
                return argument[0].join(self.text(part) for part in argument[1])
            if function == "Fn::Sub" and isinstance(argument, str):
                return argument
        return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def members(path: Path) -> dict[str, object]:
    """The files of an asset: name -> something that changes when the file does."""
    if path.is_dir():
        return {
            str(file.relative_to(path)): file.read_bytes()
            for file in path.rglob("*")
            if file.is_file()
        }
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return {i.filename: (i.CRC, i.file_size) for i in archive.infolist()}
    return {"": path.read_bytes()} if path.is_file() else {}
