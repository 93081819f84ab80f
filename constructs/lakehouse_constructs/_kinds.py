"""Each value is of the kind that its annotation says, whoever passes it.

CDK's own classes check theirs too, but not against interfaces: a name in place of a bucket
would end far from here, and a text in place of a list would be taken for its letters.
"""

import inspect
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import fields
from enum import StrEnum
from functools import wraps
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final, ParamSpec, TypeVar, Union, get_args, get_origin

from aws_cdk import Token
from constructs import Construct

from lakehouse_constructs._checks import refused

P = ParamSpec("P")
R = TypeVar("R")

_IN_WORDS: Final[Mapping[object, str]] = {
    bool: "True or False",
    int: "a whole number",
    str: "a text",
    Path: "a pathlib.Path",
}


def check_kinds(method: Callable[P, R]) -> Callable[P, R]:
    """Check what a construct's method is given before it runs, so that it raises SynthesisError.

    ``scope``, ``id`` and what goes on to CDK by ``**kwargs`` are CDK's to check.
    """
    parameters = inspect.signature(method).parameters
    kinds = {
        name: parameter.annotation
        for name, parameter in parameters.items()
        if parameter.kind != inspect.Parameter.VAR_KEYWORD and name not in ("self", "scope", "id")
    }
    making = method.__name__ == "__init__"

    @wraps(method)
    def checking(*args: P.args, **kwargs: P.kwargs) -> R:
        for prop, value in (*zip(parameters, args, strict=False), *kwargs.items()):
            if prop in kinds and not _fits(value, kinds[prop]):
                raise refused(
                    _where(making, args, kwargs), prop, _shown(value), _allowed(kinds[prop])
                )
        return method(*args, **kwargs)

    return checking


def check_fields(instance: Any, where: str) -> None:
    """The same for the fields of a dataclass. Raises SynthesisError."""
    for each in fields(instance):
        value = getattr(instance, each.name)
        if not _fits(value, each.type):
            raise refused(where, each.name, _shown(value), _allowed(each.type))


def _where(making: bool, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
    """The construct's path, also of one that is not made yet."""
    if not making:
        return args[0].node.path
    given = (*args[1:], *(kwargs[name] for name in ("scope", "id") if name in kwargs))
    if len(given) < 2 or not isinstance(given[0], Construct):
        return type(args[0]).__name__
    return "/".join(filter(None, (given[0].node.path, str(given[1]))))


def _fits(value: Any, kind: Any) -> bool:
    origin, inside = get_origin(kind), get_args(kind)
    if kind is Any or isinstance(kind, TypeVar):
        return True
    if origin in (Union, UnionType):
        return any(_fits(value, each) for each in inside)
    if origin is not None:
        return _holds(value, origin, inside)
    if kind in (None, NoneType):
        return value is None
    if _is_interface(kind):
        return _stands_for(value, kind)
    if issubclass(kind, StrEnum):
        return value in tuple(kind)
    if kind is int:
        return (isinstance(value, int) and not isinstance(value, bool)) or _is_number_to_come(value)
    return isinstance(value, kind)


def _holds(value: Any, origin: Any, inside: tuple[Any, ...]) -> bool:
    if issubclass(origin, Mapping):
        return isinstance(value, Mapping) and all(
            _fits(key, inside[0]) and _fits(item, inside[1]) for key, item in value.items()
        )
    if isinstance(value, str | Mapping) or not isinstance(value, Iterable):
        return False
    # A list does for a tuple. What can be read only once is not read here.
    return not isinstance(value, Collection) or all(_fits(each, inside[0]) for each in value)


def _stands_for(value: Any, interface: type) -> bool:
    """Whether it has all that the interface has; references of CDK answer by ``__getattr__``."""
    kind = type(value)
    return hasattr(kind, "__getattr__") or all(
        hasattr(kind, name) for name in dir(interface) if not name.startswith("_")
    )


def _is_interface(kind: Any) -> bool:
    """Whether it is one of CDK's, a Protocol in Python (``typing.is_protocol`` from 3.13 on)."""
    return getattr(kind, "_is_protocol", False)


def _is_number_to_come(value: Any) -> bool:
    """A number known at deployment is a float of a certain form."""
    return isinstance(value, float) and Token.is_unresolved(value)


def _allowed(kind: Any) -> str:
    named = _named(kind)
    if any(_is_interface(each) for each in _parts(kind)):
        return f"{named}, not its name or ARN (CDK's from_… methods import what exists)"
    return named


def _parts(kind: Any) -> Iterator[Any]:
    """The kinds of which a kind is made."""
    yield kind
    for each in get_args(kind):
        yield from _parts(each)


def _named(kind: Any) -> str:
    origin, inside = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return " or ".join(_named(each) for each in inside if each is not NoneType)
    if origin is not None and issubclass(origin, Mapping):
        return f"a mapping from {_named(inside[0])} to {_named(inside[1])}"
    if origin is not None:
        return f"a list, each {_named(inside[0])}"
    if kind in _IN_WORDS:
        return _IN_WORDS[kind]
    if issubclass(kind, StrEnum):
        return ", ".join(kind)
    package = kind.__module__.partition(".")[0]
    return f"{kind.__module__ if package == 'aws_cdk' else package}.{kind.__name__}"


def _shown(value: Any) -> Any:
    """Constructs by their paths, also inside of a list or mapping."""
    if isinstance(value, Construct):
        return f"{type(value).__name__} {value.node.path}"
    if isinstance(value, list | tuple):
        return [_shown(each) for each in value]
    if isinstance(value, dict):
        return {str(key): _shown(each) for key, each in value.items()}
    return value
