"""The resources of one system: of several old templates, or of one synthesized stack."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lakehouse_tools.comparison.errors import ComparisonFailedError
from lakehouse_tools.comparison.infrastructure.resolving import conditions_in, resolve
from lakehouse_tools.review.assembly import Template


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource. ``variants``: its properties, for the ways its conditions may fall."""

    id: str  # the logical id; with the template's name where several templates are read
    logical_id: str
    name: str  # that people know it by
    type: str
    variants: tuple[Mapping[str, Any], ...]
    kept: bool  # DeletionPolicy other than Delete
    template: Template
    source: str  # the template's file

    @property
    def properties(self) -> Mapping[str, Any]:
        """The properties with every condition true."""
        return self.variants[0]

    def value(self, path: str) -> Any:
        """A property by its path, ``DatabaseInput.Name``; None where it is not set."""
        return at(self.properties, path)

    def literal(self, path: str) -> str | None:
        """A property that is a text known from the template alone."""
        found = self.value(path)
        return found if isinstance(found, str) and "${" not in found else None

    def words(self) -> str:
        """Everything that tells what it is for, in lower case."""
        named = ("Name", "FunctionName", "Description", "Handler")
        told = [str(self.properties.get(key, "")) for key in named]
        return " ".join([self.logical_id, *told]).lower()


@dataclass(frozen=True, kw_only=True)
class System:
    """All resources of one side, and what other stacks import from it."""

    resources: tuple[Resource, ...]
    parameters: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    exports: tuple[str, ...] = ()

    def of(self, *types: str) -> list[Resource]:
        """The resources of some types."""
        return [one for one in self.resources if one.type in types]


def at(value: Any, path: str) -> Any:
    """What lies at a path of keys, or None."""
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def read_old(paths: list[Path]) -> System:
    """The old system. Raises :class:`ComparisonFailedError` for what cannot be compared."""
    templates = [(path, _content(path)) for path in paths]
    names = [path.stem for path in paths]
    for name in names:
        if names.count(name) > 1:
            raise ComparisonFailedError(
                f"two of the old templates are called {name}, and so would be what is in them:"
                " rename one of the files"
            )
    several = len(templates) > 1
    found: list[System] = []
    for path, content in templates:
        with formed(str(path)):
            prefix = f"{path.stem}." if several else ""
            found.append(system(content, prefix=prefix, source=str(path)))
    return System(
        resources=tuple(r for one in found for r in one.resources),
        parameters=tuple(p for one in found for p in one.parameters),
        exports=tuple(e for one in found for e in one.exports),
    )


@contextmanager
def formed(what: str) -> Iterator[None]:
    """Look at a part of a template; raises :class:`ComparisonFailedError` where it has no form."""
    try:
        yield
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise ComparisonFailedError(
            f"{what}: a part of it is not formed as CloudFormation wants it"
            f" ({type(error).__name__}: {error}): `aws cloudformation validate-template` says where"
        ) from None


def system(
    content: Mapping[str, Any], *, prefix: str = "", source: str = "the new template"
) -> System:
    """The resources of one template. ``source``: what errors call it."""
    template = Template(content)
    resources = tuple(
        Resource(
            id=prefix + logical_id,
            logical_id=logical_id,
            name=prefix + template.name_of(logical_id),
            type=str(resource.get("Type")),
            variants=tuple(_variants(resource.get("Properties") or {}, content)),
            kept=resource.get("DeletionPolicy", "Delete") != "Delete",
            template=template,
            source=source,
        )
        for logical_id, resource in template.resources.items()
    )
    outputs = (content.get("Outputs") or {}).values()
    exports = [resolve(o["Export"].get("Name"), content, {}) for o in outputs if "Export" in o]
    return System(
        resources=resources,
        parameters=tuple(  # dict: what is no object is refused here
            (prefix + n, dict(p)) for n, p in (content.get("Parameters") or {}).items()
        ),
        exports=tuple(template.text(name) for name in exports),
    )


def _variants(properties: Any, content: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """With all conditions true, all false, and each of them apart from the others.

    So any two fall in every way, and every branch of a chain of conditions is looked at; all
    ways of n conditions would be 2ⁿ.
    """
    names = sorted(conditions_in(properties))
    falls = [
        tuple(every is (name != apart) for name in names)
        for every in (True, False)
        for apart in (None, *names)
    ]
    for fall in dict.fromkeys(falls):
        yield resolve(properties, content, dict(zip(names, fall, strict=True)))


def _content(path: Path) -> Mapping[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ComparisonFailedError(f"{path}: it cannot be read: {error}") from None
    try:
        content = json.loads(text)
    except ValueError as error:
        raise ComparisonFailedError(
            f"{path}: it is no JSON ({error}): of a YAML template, and of any that is deployed,"
            " `aws cloudformation get-template --stack-name … --template-stage Processed"
            " --query TemplateBody` gives one that CloudFormation has read"
        ) from None
    if isinstance(content, str):  # as get-template prints a YAML template's body
        raise ComparisonFailedError(
            f"{path}: it holds one text and no template: convert the YAML in it to JSON first"
        )
    resources = content.get("Resources") if isinstance(content, Mapping) else None
    if not isinstance(resources, Mapping) or not resources:
        raise ComparisonFailedError(f"{path}: it has no Resources: name a CloudFormation template")
    for logical_id, resource in resources.items():
        if not isinstance(resource, Mapping) or not isinstance(resource.get("Type"), str):
            raise ComparisonFailedError(
                f"{path}: the resource {logical_id} has no Type: mend the template"
            )
    transform = content.get("Transform")
    if transform:
        raise ComparisonFailedError(
            f"{path}: it has the Transform {Template(content).text(transform)}, which makes"
            " resources that are not in the file: `aws cloudformation get-template --stack-name …"
            " --template-stage Processed --query TemplateBody` gives it with them"
        )
    return content
