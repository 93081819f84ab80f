"""Typed reading of JSON objects in which an unknown key or a wrong type is an error."""

import json
from collections.abc import Callable, Mapping
from math import inf
from pathlib import Path
from typing import Any, Self, TypeVar

from lakehouse_jobs.contract.errors import ConfigError

T = TypeVar("T")


class Section:
    """One JSON object of a configuration file. Take each key once, then :meth:`done`."""

    def __init__(self, values: object, *, where: str, path: str = "") -> None:
        self.where = where
        self.path = path
        if not isinstance(values, Mapping):
            raise ConfigError(
                where=where, key=path or "the file", value=values, allowed="a JSON object"
            )
        self._left = {str(k): v for k, v in values.items() if not str(k).startswith("//")}
        self._known: list[str] = []

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read a JSON file; a missing or broken file is a :class:`ConfigError`."""
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise ConfigError(
                where=str(path), key="the file", value="nothing", allowed="a JSON file"
            ) from None
        return cls.from_text(text, where=str(path))

    @classmethod
    def from_text(cls, text: str, *, where: str) -> Self:
        """Read JSON text; ``where`` names its origin in messages."""
        try:
            return cls(json.loads(text), where=where)
        except json.JSONDecodeError as error:
            raise ConfigError(
                where=f"{where}, line {error.lineno}, column {error.colno}",
                key="JSON",
                value=text.splitlines()[error.lineno - 1].strip()[:60] if text else "",
                allowed=f"valid JSON ({error.msg})",
            ) from None

    def key(self, name: str) -> str:
        """The full path of a key, for messages."""
        return f"{self.path}.{name}" if self.path else name

    def error(self, name: str, value: object, allowed: str) -> ConfigError:
        """The error for one key of this section."""
        return ConfigError(where=self.where, key=self.key(name), value=value, allowed=allowed)

    def names(self) -> list[str]:
        """The keys not taken yet, in the file's order."""
        return list(self._left)

    def _take(self, name: str, default: Any) -> Any:
        self._known.append(name)
        return self._left.pop(name, default)

    def text(self, name: str, default: T = None, *, one_of: tuple[str, ...] = ()) -> str | T:  # type: ignore[assignment]
        """A string, optionally one of a few."""
        value = self._take(name, default)
        if value is default:
            return value
        allowed = ", ".join(one_of) if one_of else "a string that is not empty"
        if not isinstance(value, str) or not value or (one_of and value not in one_of):
            raise self.error(name, value, allowed)
        return value

    def whole(self, name: str, default: T, *, low: int, high: int) -> int | T:
        """A whole number between two bounds, both included."""
        value = self._take(name, default)
        if value is default:
            return value
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.error(name, value, f"a whole number from {low} to {high}")
        return value

    def share(self, name: str, default: T) -> float | T:
        """A part of a whole, from 0 to 1, both included."""
        value = self._take(name, default)
        if value is default:
            return value
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise self.error(name, value, "a share from 0 to 1, such as 0.01")
        return float(value)

    def number(self, name: str, default: T, *, low: float) -> float | T:
        """A number that is not below a bound."""
        value = self._take(name, default)
        if value is default:
            return value
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value < inf:
            raise self.error(name, value, f"a number from {low:g} on")
        return float(value)

    def flag(self, name: str, default: bool) -> bool:
        """True or false."""
        value = self._take(name, default)
        if not isinstance(value, bool):
            raise self.error(name, value, "true or false")
        return value

    def texts(self, name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """A list of strings without repetition."""
        value = self._take(name, list(default))
        if not isinstance(value, list) or not all(isinstance(v, str) and v for v in value):
            raise self.error(name, value, "a list of strings")
        repeated = sorted({v for v in value if value.count(v) > 1})
        if repeated:
            raise self.error(name, repeated[0], "each entry once")
        return tuple(value)

    def section(self, name: str) -> "Section":
        """A nested object; absent is the same as empty."""
        return Section(self._take(name, {}), where=self.where, path=self.key(name))

    def optional_section(self, name: str) -> "Section | None":
        """A nested object; None where it is absent or null."""
        value = self._take(name, None)
        return None if value is None else Section(value, where=self.where, path=self.key(name))

    def sections(self, name: str) -> list["Section"]:
        """A list of objects."""
        value = self._take(name, [])
        if not isinstance(value, list):
            raise self.error(name, value, "a list of JSON objects")
        return [
            Section(v, where=self.where, path=f"{self.key(name)}[{i}]") for i, v in enumerate(value)
        ]

    def done(self) -> None:
        """Refuse what nobody took."""
        for name, value in self._left.items():
            raise self.error(name, value, f"one of the keys {', '.join(sorted(self._known))}")

    def read(self, reader: Callable[["Section"], T]) -> T:
        """Apply a reader, then refuse leftovers."""
        result = reader(self)
        self.done()
        return result
