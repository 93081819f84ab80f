"""What the dbt project has: hand-made readers of raw, declared sources, generated models."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from lakehouse_tools.dbt_models.model import Model, read_model
from lakehouse_tools.dbt_models.names import BASE_PREFIX, PREFIX
from lakehouse_tools.dbt_models.text import untouched
from lakehouse_tools.errors import ModelsError, RequestError

FOLDER: Final = Path("models") / "staging" / "salesforce_generated"
SOURCES: Final = "_salesforce_generated__sources.yml"
_SOURCE: Final = re.compile(r"source\(\s*['\"]salesforce['\"]\s*,\s*['\"](\w+)['\"]\s*\)")
_REF: Final = re.compile(r"ref\(\s*['\"](\w+)['\"]\s*\)")
_KEY: Final = re.compile(r"unique_key\s*=\s*['\"](\w+)['\"]")


@dataclass(frozen=True, kw_only=True)
class Reader:
    """A hand-made staging model, by the raw table that it reads."""

    model: str
    key: str | None  # its id column, where it says so


@dataclass(frozen=True, kw_only=True)
class Generated:
    """A generated model that is there."""

    model: Model
    edited: bool  # by a person, since it was generated
    complete: bool  # both of its files are there


@dataclass(frozen=True, kw_only=True)
class Project:
    """A dbt project, as far as generation needs it."""

    folder: Path
    readers: Mapping[str, Reader] = field(default_factory=dict)  # by raw table
    declared: frozenset[str] = frozenset()  # raw tables in hand-made sources
    generated: Mapping[str, Generated] = field(default_factory=dict)  # by raw table
    names: frozenset[str] = frozenset()  # of hand-made models
    bases: frozenset[str] = frozenset()  # models of all versions that are there or are asked for
    texts: Mapping[str, str] = field(default_factory=dict)  # files of the generated folder
    sources: frozenset[str] = frozenset()  # raw tables in the generated sources
    converts: bool = False  # reports add up amounts in one currency: `multi_currency` is set


def read_project(folder: Path) -> Project:
    """Read a project. Raises RequestError where none is, ModelsError for a file it cannot read."""
    if not (folder / "dbt_project.yml").is_file():
        raise RequestError(
            f"no dbt project in {folder}: it has no dbt_project.yml; give its folder with --project"
        )
    own = folder / FOLDER
    texts = {path.name: _text(path) for path in sorted(own.glob("*")) if path.is_file()}
    by_hand = [p for p in sorted((folder / "models").rglob("*")) if own not in p.parents]
    sql = {p.stem: _text(p) for p in by_hand if p.suffix == ".sql"}
    yml = [p for p in by_hand if p.suffix in (".yml", ".yaml")]
    return Project(
        folder=folder,
        readers=dict(_readers(sql)),
        declared=frozenset(t for p in yml for t in _tables(_parsed(p, _text(p)))),
        generated=dict(_generated(own, texts)),
        names=frozenset(sql),
        bases=frozenset(
            name
            for name in (*(r for t in sql.values() for r in _REF.findall(t)), *_stems(texts))
            if name.startswith(BASE_PREFIX) and name not in sql
        ),
        texts=texts,
        sources=frozenset(_tables(_parsed(own / SOURCES, texts.get(SOURCES, "")))),
        converts=_converts(folder / "dbt_project.yml"),
    )


def _converts(path: Path) -> bool:
    content = _parsed(path, _text(path))
    given = content.get("vars") or {}
    own = given.get(content.get("name")) or {}  # of this project alone, before those of all
    return bool(own.get("multi_currency", given.get("multi_currency")))


def _readers(sql: Mapping[str, str]) -> Iterator[tuple[str, Reader]]:
    for name, text in sql.items():
        for table in sorted(set(_SOURCE.findall(text))):
            staging = name
            if not name.startswith(PREFIX):
                ends = (
                    n for n, t in sql.items() if n.startswith(PREFIX) and name in _REF.findall(t)
                )
                staging = next(ends, name)
            key = _KEY.search(sql[staging])
            yield table, Reader(model=staging, key=key[1] if key else None)


def _generated(folder: Path, texts: Mapping[str, str]) -> Iterator[tuple[str, Generated]]:
    for name, text in texts.items():
        if not name.startswith(PREFIX) or not name.endswith(".yml"):
            continue
        try:
            [entry] = _parsed(folder / name, text)["models"]
            model = read_model(entry)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise ModelsError(
                f"{folder / name} is not as it was generated: it has lost what names its object"
                " and fields (config: meta); move it to ../salesforce with its SQL, or delete both"
            ) from None
        stems = (model.name, model.base)
        own = [t for stem in stems for end in ("sql", "yml") if (t := texts.get(f"{stem}.{end}"))]
        yield (
            model.table,
            Generated(
                model=model,
                edited=not all(untouched(each) for each in own),
                complete=f"{model.name}.sql" in texts,
            ),
        )


def _stems(texts: Mapping[str, str]) -> Iterator[str]:
    return (name.removesuffix(".sql") for name in texts if name.endswith(".sql"))


def _tables(content: Any) -> Iterator[str]:
    for source in (content or {}).get("sources") or ():
        if source.get("name") == "salesforce":
            for table in source.get("tables") or ():
                yield str(table.get("identifier") or table["name"]).lower()


def _parsed(path: Path, text: str) -> Any:
    try:
        return yaml.load(text, Loader=_LOADER) or {}  # noqa: S506 - a safe one
    except yaml.YAMLError as error:
        where = " ".join(str(error).split())
        raise ModelsError(f"{path} is not YAML: {where}; correct it") from None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelsError(f"{path} cannot be read: {error}; correct or remove it") from None


# The fast one where PyYAML has it: a model of 300 columns is a long file.
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
