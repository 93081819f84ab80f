"""Writes docs/reference/constructs.md: every public name of the package, from its docstrings.

Types come from the signatures, meaning and defaults from ``:param x:`` (the part after
"Default: "), attributes, and a dataclass's fields, from ``:ivar x:``. Griffe reads the
sources; nothing is imported.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import griffe

ROOT: Final = Path(__file__).resolve().parents[1]
PAGE: Final = ROOT / "docs" / "reference" / "constructs.md"
PACKAGE: Final = "lakehouse_constructs"
# What every construct takes and no page has to explain.
_COMMON: Final = frozenset({"self", "scope", "id", "kwargs"})
_DEFAULT: Final = re.compile(r"\s*Default: (?P<words>.+?)(?:\.(?=\s)|\.?$)")
HEAD: Final = """\
# The constructs

Every public name of `lakehouse_constructs`, made from its docstrings by `make reference`.
[Use the constructs](../guide/use-the-constructs.md) begins with a small app. A construct takes
`scope` and `id` first, as all of CDK's do; its props are keywords.
"""


@dataclass(frozen=True, kw_only=True)
class Prop:
    """A keyword of a construct, a parameter of a method or a field of a value."""

    name: str
    type: str
    meaning: str  # empty where the docstring does not have it
    default: str  # in words; empty where the docstring does not say it
    value: str  # the signature's default; empty where it is required


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A public class, or one of its methods."""

    name: str
    signature: str = ""  # of a method
    about: str
    props: list[Prop]
    attributes: list[tuple[str, str, str]] = field(default_factory=list)  # name, type, meaning
    members: list[tuple[str, str]] = field(default_factory=list)  # of an enumeration, meaning
    methods: list["Entry"] = field(default_factory=list)


def entries() -> Iterator[Entry]:
    """Every public name, in the order of ``__all__``."""
    package = griffe.load(
        PACKAGE,
        search_paths=[ROOT / "constructs", ROOT / "glue_jobs"],
        docstring_parser="sphinx",
        allow_inspection=False,
        resolve_aliases=True,
        resolve_external=True,
    )
    for name in package.exports or ():
        found = package[str(name)]
        yield _class(found.final_target if found.is_alias else found)


def _class(found: griffe.Object) -> Entry:
    init = found.members.get("__init__")
    made = init if isinstance(init, griffe.Function) else None
    # A dataclass has its fields in its own docstring.
    documented = made if made is not None and made.docstring else found
    about = [_about(found)]
    if documented is not found:
        # What follows "Make the bucket.", such as what it raises.
        about.append(_about(documented).partition(".")[2].strip())
    props = _props(made, documented) if made else []
    attributes = {a.name: a.description for a in _section(found, "attributes")}
    if documented is found:
        attributes = {k: v for k, v in attributes.items() if k not in {p.name for p in props}}
    for member in found.attributes.values():
        if "property" in member.labels and not member.is_private:
            attributes[member.name] = _about(member)
    functions = [m for m in found.members.values() if isinstance(m, griffe.Function)]
    return Entry(
        name=found.name,
        about="\n\n".join(filter(None, about)),
        props=props,
        attributes=[(name, _type(found, name, props), m) for name, m in attributes.items()],
        members=[(m.name, _about(m)) for m in found.attributes.values()]
        if _is_enumeration(found)
        else [],
        methods=[_method(f) for f in functions if not f.name.startswith("_")],
    )


def _method(function: griffe.Function) -> Entry:
    shown = [p for p in function.parameters if p.name not in ("self", "cls")]
    parts: list[str] = []
    for parameter in shown:
        if parameter.kind is griffe.ParameterKind.keyword_only and "*" not in parts:
            parts.append("*")
        if parameter.kind is griffe.ParameterKind.var_keyword:
            parts.append(f"**{parameter.name}: {parameter.annotation}")
            continue
        default = "" if parameter.default is None else f" = {parameter.default}"
        parts.append(f"{parameter.name}: {parameter.annotation}{default}")
    return Entry(
        name=function.name,
        signature=f"{function.name}({', '.join(parts)}) -> {function.returns}",
        about=_about(function),
        props=_props(function, function),
    )


def _props(function: griffe.Function, documented: griffe.Object) -> list[Prop]:
    described = {
        p.name: p.description
        for kind in ("parameters", "attributes")
        for p in _section(documented, kind)
    }
    props = []
    for parameter in function.parameters:
        if parameter.name in _COMMON or parameter.kind is griffe.ParameterKind.var_keyword:
            continue
        meaning, default = _split(described.get(parameter.name, ""))
        props.append(
            Prop(
                name=parameter.name,
                type=str(parameter.annotation),
                meaning=meaning,
                default=default,
                value="" if parameter.default is None else str(parameter.default),
            )
        )
    return props


def _split(description: str) -> tuple[str, str]:
    """Meaning and default of a parameter's description."""
    text = " ".join(description.split())
    found = _DEFAULT.search(text)
    if found is None:
        return text, ""
    return (text[: found.start()] + text[found.end() :]).strip(), found["words"]


def _about(found: griffe.Object) -> str:
    """The docstring without its fields."""
    sections = found.docstring.parsed if found.docstring else []
    return _words("\n\n".join(s.value for s in sections if s.kind.value == "text"))


def _section(found: griffe.Object, kind: str) -> list[griffe.DocstringParameter]:
    sections = found.docstring.parsed if found.docstring else []
    return [entry for s in sections if s.kind.value == kind for entry in s.value]


def _type(found: griffe.Object, name: str, props: Iterable[Prop]) -> str:
    """The annotation of an attribute, what makes it returns, or the prop that it comes from."""
    member = found.members.get(name)
    if not isinstance(member, griffe.Attribute):
        return ""
    if member.annotation is not None:
        return str(member.annotation)
    if isinstance(member.value, griffe.ExprCall):
        return _made_by(found, str(member.value.function))
    if isinstance(member.value, griffe.ExprName | griffe.ExprIfExp):
        return "".join(p.type.removesuffix(" | None") for p in props if p.name == name)
    return ""


def _made_by(found: griffe.Object, called: str) -> str:
    """What a call returns: a method's or a function's result, else an instance of the class."""
    owner = found if called.startswith("self.") else found.module
    made = owner.members.get(called.removeprefix("self."))
    if isinstance(made, griffe.Alias):
        made = made.final_target
    if isinstance(made, griffe.Function):
        return str(made.returns)
    return re.sub(r"\.from_\w+$", "", called)  # a class's own factory


def _is_enumeration(found: griffe.Object) -> bool:
    return isinstance(found, griffe.Class) and any("Enum" in str(b) for b in found.bases)


def _words(text: str) -> str:
    """Sphinx's markup as Markdown."""
    text = re.sub(r":\w+:`[~.]*([^`]+)`", r"`\1`", text)
    return text.replace("``", "`").strip()


def page(found: Iterable[Entry]) -> str:
    """The whole page."""
    parts = [HEAD]
    for entry in found:
        parts.append(f"## {entry.name}\n\n{entry.about}\n")
        if entry.members:
            parts.append("\n".join(_member(*member) for member in entry.members) + "\n")
        parts += _table(entry.props, "prop")
        if entry.attributes:
            rows = [f"| `{n}` | {_code(t)} | {_cell(_words(m))} |" for n, t, m in entry.attributes]
            parts.append("\n".join(["| attribute | type | meaning |", "|---|---|---|", *rows, ""]))
        for method in entry.methods:
            parts.append(f"### {entry.name}.{method.name}\n")
            parts.append(f"    {method.signature}\n\n{method.about}\n")
            parts += _table((p for p in method.props if p.meaning), "parameter")
    return "\n".join(parts).rstrip() + "\n"


def _member(name: str, meaning: str) -> str:
    return f"- `{name}`: {' '.join(meaning.split())}" if meaning else f"- `{name}`"


def _table(props: Iterable[Prop], heading: str) -> list[str]:
    rows = [
        f"| `{p.name}` | {_code(p.type)} | {_default(p)} | {_cell(_words(p.meaning))} |"
        for p in props
    ]
    head = [f"| {heading} | type | default | meaning |", "|---|---|---|---|"]
    return ["\n".join([*head, *rows, ""])] if rows else []


def _default(prop: Prop) -> str:
    return _cell(_words(prop.default)) or _code(prop.value) or "required"


def _code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|") if text else ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(entries()), encoding="utf-8")
